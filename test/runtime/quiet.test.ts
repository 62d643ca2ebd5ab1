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

/** What a process leaves in its home and temporary folder that opens a model, in no CI: there the runtime is quiet. */
async function leftBy(variables: Readonly<Record<string, string>>): Promise<string[]> {
  const folder = await temporaryFolder();
  const { CI: _, ORT_DISABLE_TELEMETRY: __, ...others } = process.env;
  const script = join(await temporaryFolder(), 'open.mjs');
  await writeFile(script, OPENED);
  const modules = ['runtime/session.js', 'graph/ops/unary.js', 'graph/tensor.js', 'graph/build.js'];
  const paths = modules.map((path) => join(PACKAGE_FOLDER, 'dist', 'src', path));
  const env = { ...others, HOME: folder, TMPDIR: folder, XDG_CACHE_HOME: folder, ...variables };
  await promisify(execFile)(process.execPath, [script, ...paths], { env });
  return readdir(folder);
}

test('no id, log or store of events is left where a model was opened', async () => {
  expect(await leftBy({})).toEqual([]);
});

// Shows that the test above sees what it looks for.
test.skipIf(process.platform === 'win32')('where the variable is set, it stays as it is', async () => {
  // What it would send goes nowhere.
  const proxy = 'http://127.0.0.1:9';
  const variables = { ORT_DISABLE_TELEMETRY: '0', https_proxy: proxy, HTTPS_PROXY: proxy };
  expect(await leftBy(variables)).not.toEqual([]);
});
