/** Kills, Ctrl-C and "Stop" on the page: what is done is kept, and the end is the same. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { hashFile } from '../../src/base/hash.ts';
import { createChildren } from '../../src/server/children.ts';
import { killRuns } from '../../tools/kills/kill.ts';
import { writeTinyData } from '../pipeline/tiny.ts';
import { DIST, MAIN, runCli, startCli, useSharedFolder } from './program.ts';

const inFolder = useSharedFolder();

const RUN = [
  'run',
  'data',
  ...['base=4', 'levels=3', 'epochs=6', 'samplesPerEpoch=16', 'batch=4', 'inputSize=[64, 64]'].flatMap(
    (set) => ['--set', `training.${set}`],
  ),
  ...[
    '--refiner',
    'random-walker',
    '--set',
    'threads=1',
    '--set',
    'evaluation.resamples=100',
    '--device',
    'cpu',
  ],
];

const FILES = [
  'initial/weights.safetensors',
  'predicted/annotations.json',
  'selected/annotations.json',
  'refined/annotations.json',
  'refined/test.json',
  'folds/2/weights.safetensors',
  'trust/model.json',
  'final/weights.safetensors',
  'evaluation.json',
];

beforeAll(async () => {
  await writeTinyData(inFolder('data'), { labelled: 4, val: 2, test: 2, unlabelled: 60 });
  expect((await runCli(inFolder(), ...RUN, '--name', 'whole')).code).toBe(0);
}, 120_000);

/** Starts the run and ends it by a signal as soon as a file of the run is there. */
async function endedAt(name: string, file: string, signal: NodeJS.Signals): ReturnType<typeof runCli> {
  const { child, ended } = startCli(inFolder(), [...RUN, '--name', name]);
  const path = inFolder('runs', name, file);
  const timer = setInterval(() => {
    if (!existsSync(path)) return;
    clearInterval(timer);
    child.kill(signal);
  }, 2);
  const result = await ended;
  clearInterval(timer);
  return result;
}

async function expectSameBytes(name: string): Promise<void> {
  for (const file of FILES) {
    expect(await hashFile(inFolder('runs', name, file)), file).toBe(
      await hashFile(inFolder('runs', 'whole', file)),
    );
  }
}

describe('a run that is killed', () => {
  it('in each stage loses no more than the work of an interval, and ends with the same bytes', async () => {
    const once = { folder: inFolder('kills'), moments: 1, seed: 1, only: ['close-up'] };
    const figures = await killRuns({ dist: DIST, ...once });
    expect(figures.defects).toEqual([]);
    expect(figures.stages.length).toBe(12);
    for (const { stage, kills } of figures.stages) expect(kills, stage).toBeGreaterThan(0);
    expect(figures.compared.files).toBeGreaterThan(30);
  }, 600_000);
});

describe('Ctrl-C', () => {
  it('ends with exit code 130, says how to go on, and going on ends with the same bytes', async () => {
    const stopped = await endedAt('stopped', 'refined/journal.jsonl', 'SIGINT');
    expect(stopped).toMatchObject({
      code: 130,
      stdout: '',
      stderr: expect.stringMatching(
        /Stopping after the current step[\s\S]*Go on with: packmule run data --set/,
      ),
    });
    expect(existsSync(inFolder('runs', 'stopped', 'lock.json'))).toBe(false);
    const done = (await readFile(inFolder('runs', 'stopped', 'refined', 'journal.jsonl'), 'utf8'))
      .trim()
      .split('\n');
    expect(done.length).toBeLessThan(64);
    expect((await runCli(inFolder(), ...RUN, '--name', 'stopped')).code).toBe(0);
    await expectSameBytes('stopped');
  }, 120_000);
});

describe('a run of the start page', () => {
  const PATIENT = { timeout: 100_000 };
  const isThere = (name: string, file: string) => (): boolean => existsSync(inFolder('runs', name, file));

  it('saves its work and ends when it is asked to, once or twice, and going on ends with the same bytes', async () => {
    const children = createChildren({ main: MAIN });
    children.start('asked', [...RUN, '--name', 'asked'], inFolder());
    await expect.poll(isThere('asked', 'refined/journal.jsonl'), PATIENT).toBe(true);
    children.stop('asked');
    await children.close();
    expect([children.failure('asked'), isThere('asked', 'lock.json')()]).toEqual([undefined, false]);
    expect(isThere('asked', 'evaluation.json')()).toBe(false);
    expect((await runCli(inFolder(), ...RUN, '--name', 'asked')).code).toBe(0);
    await expectSameBytes('asked');
  }, 120_000);

  it('goes on to its end where the page itself is killed', async () => {
    const asked = JSON.stringify([...RUN, '--name', 'orphan']);
    const page = spawn(
      process.execPath,
      [
        '--input-type=module',
        '--eval',
        `import { createChildren } from '${pathToFileURL(join(DIST, 'src/server/children.js'))}';
        createChildren({ main: ${JSON.stringify(MAIN)} }).start('orphan', ${asked}, process.cwd());`,
      ],
      { cwd: inFolder(), stdio: 'ignore' },
    );
    const ended = new Promise((done) => page.on('close', (_code, signal) => done(signal)));
    await expect.poll(isThere('orphan', 'stages/initial.json'), PATIENT).toBe(true);
    page.kill('SIGKILL');
    expect(await ended).toBe('SIGKILL');
    expect(isThere('orphan', 'evaluation.json')()).toBe(false);
    await expect.poll(isThere('orphan', 'evaluation.json'), PATIENT).toBe(true);
    await expect.poll(isThere('orphan', 'lock.json'), PATIENT).toBe(false);
    await expectSameBytes('orphan');
  }, 240_000);
});
