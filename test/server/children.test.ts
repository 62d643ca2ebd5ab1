/** Runs as processes: what they are given, what they say when they fail, that they are asked to end. */
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createChildren, STOP } from '../../src/server/children.ts';
import { temporaryFolder } from '../temporary.ts';

const PATIENT = { timeout: 50_000 };

it('keeps what a process said last where it failed, and nothing where it did not', async () => {
  const folder = await temporaryFolder();
  const main = join(folder, 'main.mjs');
  await writeFile(
    main,
    "console.error('first\\nlast: ' + process.argv[2]); process.exit(Number(process.argv[2]));",
  );
  const children = createChildren({ main });
  children.start('good', ['0'], folder);
  children.start('bad', ['2'], folder);
  children.start('interrupted', ['130'], folder);
  await expect.poll(() => ['good', 'bad', 'interrupted'].some(children.works), PATIENT).toBe(false);
  expect([children.failure('good'), children.failure('bad'), children.failure('interrupted')]).toEqual([
    undefined,
    'first\nlast: 2',
    undefined,
  ]);
  await children.close();
});

it('asks those that work to save and end, and waits for them', async () => {
  const folder = await temporaryFolder();
  const main = join(folder, 'main.mjs');
  await writeFile(
    main,
    "import { writeFileSync } from 'node:fs'; process.on('message', (text) => { writeFileSync('said', text); process.exit(130); }); writeFileSync('up', '');",
  );
  const children = createChildren({ main });
  children.start('one', [], folder);
  await expect.poll(() => existsSync(join(folder, 'up')), PATIENT).toBe(true);
  expect(children.works('one')).toBe(true);
  await children.close();
  expect(await readFile(join(folder, 'said'), 'utf8')).toBe(STOP);
  expect([children.works('one'), children.failure('one')]).toEqual([false, undefined]);
});

it('keeps what it asks of a process that is still starting until that listens', async () => {
  const folder = await temporaryFolder();
  const main = join(folder, 'main.mjs');
  await writeFile(main, "process.on('message', () => process.exit(130));");
  const children = createChildren({ main });
  children.start('one', [], folder);
  children.stop('one');
  await expect.poll(() => children.works('one'), PATIENT).toBe(false);
  expect(children.failure('one')).toBe(undefined);
});

it('says what ended a process that said nothing', async () => {
  const folder = await temporaryFolder();
  const main = join(folder, 'main.mjs');
  await writeFile(main, "process.kill(process.pid, 'SIGKILL'); setInterval(() => 0, 1000);");
  const children = createChildren({ main });
  children.start('killed', [], folder);
  await expect.poll(() => children.works('killed'), PATIENT).toBe(false);
  expect(children.failure('killed')).toBe('The process was ended by SIGKILL.');
  await children.close();
});
