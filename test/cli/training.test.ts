/** @file Trainings that end badly: what the command line says, what is kept, and that going on ends the same. */
import { existsSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { hashFile } from '../../src/base/hash.ts';
import { openSafetensors } from '../../src/tensor/safetensors.ts';
import { writeTinyData } from '../pipeline/tiny.ts';
import { type Ended, runCli, startCli, useSharedFolder } from './program.ts';

const inFolder = useSharedFolder();

const STEPS_PER_EPOCH = 60;
const SETTINGS = [
  ...['base=4', 'levels=3', 'batch=2', 'inputSize=[64, 64]', 'epochs=2'].map((set) => `training.${set}`),
  `training.samplesPerEpoch=${2 * STEPS_PER_EPOCH}`,
  'threads=1',
  'device=cpu',
  'evaluation.resamples=100',
].flatMap((set) => ['--set', set]);
const train = (name: string): string[] => ['train', 'data', ...SETTINGS, '--name', name];

const ofRun = (name: string, ...parts: string[]): string => inFolder('runs', name, ...parts);

beforeAll(async () => {
  await writeTinyData(inFolder('data'));
  expect((await runCli(inFolder(), ...train('whole'))).code).toBe(0);
});

/** Starts a training and does something to its process as soon as a condition holds. */
async function disturbed(
  name: string,
  isTime: () => Promise<boolean>,
  disturb: (kill: (signal: NodeJS.Signals) => void) => void,
): Promise<Ended> {
  const { child, ended } = startCli(inFolder(), train(name));
  let over = false;
  void ended.then(() => {
    over = true;
  });
  while (!over && !(await isTime())) await new Promise((next) => setTimeout(next, 2));
  disturb((signal) => child.kill(signal));
  return ended;
}

/** A condition: the training has begun. */
const begun = (name: string) => async (): Promise<boolean> => existsSync(ofRun(name, 'initial', 'log.jsonl'));

async function expectSameNetwork(name: string): Promise<void> {
  const { code, stderr } = await runCli(inFolder(), ...train(name));
  expect({ code, stderr }).toMatchObject({ code: 0 });
  for (const file of ['model.onnx', 'weights.safetensors']) {
    expect(await hashFile(ofRun(name, 'initial', file)), file).toBe(
      await hashFile(ofRun('whole', 'initial', file)),
    );
  }
}

describe('a training that is killed', () => {
  it('goes on from a checkpoint in the middle of an epoch and ends with the same bytes', async () => {
    const stopped = await disturbed('killed', begun('killed'), (kill) => kill('SIGINT'));
    expect(stopped.code).toBe(130);
    const checkpoint = ofRun('killed', 'initial', 'checkpoint', 'state.safetensors');
    const saved = await openSafetensors(checkpoint);
    const { step } = JSON.parse(saved.metadata.state!);
    await saved.close();
    expect(step % STEPS_PER_EPOCH).toBeGreaterThan(0);
    const before = await hashFile(checkpoint);

    // The kill comes when the training that went on has finished the epoch.
    const log = ofRun('killed', 'initial', 'log.jsonl');
    const killed = await disturbed(
      'killed',
      async () => (await stat(log)).size > 0,
      (kill) => kill('SIGKILL'),
    );
    expect(killed.code).toBeUndefined();
    expect(await hashFile(checkpoint)).toBe(before);
    expect(existsSync(ofRun('killed', 'initial', 'model.onnx'))).toBe(false);

    await expectSameNetwork('killed');
    expect(existsSync(checkpoint)).toBe(false);
  });
});

describe('Ctrl-C twice', () => {
  it('ends at once with exit code 130, and the training can go on', async () => {
    // Both signals wait for a process that stands still, so that the second comes before the first is dealt with.
    const stopped = await disturbed('twice', begun('twice'), (kill) => {
      for (const signal of ['SIGSTOP', 'SIGINT', 'SIGTERM', 'SIGCONT'] as const) kill(signal);
    });
    expect(stopped).toMatchObject({ code: 130, stdout: '' });
    expect(stopped.stderr).toContain('Ctrl-C again stops at once');
    expect(stopped.stderr, 'nothing was waited for').not.toContain('Go on with');
    expect(existsSync(ofRun('twice', 'initial', 'checkpoint'))).toBe(false);
    await expectSameNetwork('twice');
  });
});

describe('a loss that is no number', () => {
  it('ends with exit code 2 and its name; finished stages are kept, and nothing is half-written', async () => {
    const absurd = ['--set', 'final.learningRate=1e38'];
    const run = ['run', 'data', ...SETTINGS, '--set', 'training.epochs=1', '--name', 'absurd', '--json'];
    const failed = await runCli(inFolder(), ...run, ...absurd);
    expect(failed.code).toBe(2);
    expect(JSON.parse(failed.stdout).error).toMatchObject({
      name: 'TrainingError',
      seen: expect.stringMatching(/^The loss is (NaN|-?Infinity) at step \d+$/),
      fix: expect.stringContaining('Lower final.learningRate (it is 1e+38)'),
    });
    const files = await readdir(ofRun('absurd'), { recursive: true });
    expect(
      files.filter((file) => /\.tmp$|lock\.json$|journal|^final\/.*(onnx|safetensors)$/.test(file)),
    ).toEqual([]);
    const states = await Promise.all(
      ['initial', 'predict', 'refine', 'final'].map(async (stage) => {
        const record = await readFile(ofRun('absurd', 'stages', `${stage}.json`), 'utf8');
        return JSON.parse(record).state;
      }),
    );
    expect(states).toEqual(['finished', 'finished', 'finished', 'started']);

    const mended = await runCli(inFolder(), ...run);
    expect(mended.code).toBe(0);
    const { stages } = JSON.parse(mended.stdout) as { stages: { name: string; skipped: boolean }[] };
    const skipped = stages.filter((stage) => stage.skipped).map(({ name }) => name);
    expect(skipped).toEqual(expect.arrayContaining(['initial', 'predict', 'refine']));
    expect(skipped).not.toContain('final');
  }, 240_000);
});
