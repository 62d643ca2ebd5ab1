/** What ONNX Runtime does besides running models: nothing. */
import { execFile } from 'node:child_process';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { PACKAGE_FOLDER } from '../../src/base/version.ts';
import { temporaryFolder } from '../temporary.ts';

const OPENED = `
  const { openSession } = await import(process.argv[2]);
  const { relu } = await import(process.argv[3]);
  const { input } = await import(process.argv[4]);
  const { buildModel } = await import(process.argv[5]);
  const session = await openSession(buildModel({ y: relu(input('x', [1])) }), { threads: 1 });
  await session.close();
`;

/** Does OPENED in a worker thread: after the main thread has imported the same, or with the environment of that. */
const IN_WORKER = `
  import { SHARE_ENV, Worker } from 'node:worker_threads';
  const [how, script, ...paths] = process.argv.slice(2);
  if (how === 'after') await import(paths[0]);
  new Worker(script, { argv: paths, ...(how === 'shared' && { env: SHARE_ENV }) });
`;

/** What a process leaves in its home and temporary folder that opens a model, in no CI: there the runtime is quiet. */
async function leftBy(
  variables: Readonly<Record<string, string>>,
  worker?: 'after' | 'shared',
): Promise<string[]> {
  const folder = await temporaryFolder();
  const { CI: _, ORT_DISABLE_TELEMETRY: __, ...others } = process.env;
  const script = join(await temporaryFolder(), 'open.mjs');
  await writeFile(script, OPENED);
  const main = join(await temporaryFolder(), 'main.mjs');
  await writeFile(main, IN_WORKER);
  const modules = ['runtime/session.js', 'graph/ops/unary.js', 'graph/tensor.js', 'graph/build.js'];
  const paths = modules.map((path) => join(PACKAGE_FOLDER, 'dist', 'src', path));
  const env = { ...others, HOME: folder, TMPDIR: folder, XDG_CACHE_HOME: folder, ...variables };
  const how = worker === undefined ? [] : [main, worker];
  await promisify(execFile)(process.execPath, [...how, script, ...paths], { env });
  return readdir(folder);
}

test('no id, log or store of events is left where a model was opened', async () => {
  expect(await leftBy({})).toEqual([]);
});

test('nor by a worker thread where the main thread has imported the same before, or shares its environment', async () => {
  expect(await leftBy({}, 'after')).toEqual([]);
  expect(await leftBy({}, 'shared')).toEqual([]);
});

// Shows that the test above sees what it looks for.
test.skipIf(process.platform === 'win32')('where the variable is set, it stays as it is', async () => {
  // What it would send goes nowhere.
  const proxy = 'http://127.0.0.1:9';
  const variables = { ORT_DISABLE_TELEMETRY: '0', https_proxy: proxy, HTTPS_PROXY: proxy };
  expect(await leftBy(variables)).not.toEqual([]);
});
