/** A tiny run that is begun anew with other settings or other images. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { silentObserver } from '../../src/pipeline/observer.ts';
import { type PredictedImages, predictImages } from '../../src/pipeline/predict-images.ts';
import { type LastStage, runPipeline } from '../../src/pipeline/run.ts';
import { runDirectory } from '../../src/pipeline/run-directory.ts';
import { readRunStatus } from '../../src/pipeline/run-status.ts';
import { temporaryFolder } from '../temporary.ts';
import { tinyConfig, writeTinyData } from './tiny.ts';

let folder = '';
const at = (...parts: string[]): string => join(folder, ...parts);
const run = () => runDirectory(at('run'));
const doRun = (until: LastStage, ...set: string[]) =>
  runPipeline(tinyConfig(at('data'), ['trust.folds=0', ...set]), { folder: run().root, until });

/** The names of the stages that are done, and of those that are to do. */
async function stages(): Promise<{ done: string[]; waiting: string[] }> {
  const { stages: all } = await readRunStatus(run());
  const names = (wanted: string): string[] =>
    all.flatMap(({ name, state }) => (state === wanted ? [name] : []));
  return { done: names('done'), waiting: names('waiting') };
}

const predict = (refine = false): Promise<PredictedImages> =>
  predictImages(
    { run: run(), observer: silentObserver, signal: undefined },
    {
      paths: [at('data', 'test', 'images')],
      out: at(`masks-${refine}`),
      refine,
      compute: { threads: 1 },
      embeddings: at('embeddings'),
    },
  );

beforeEach(async () => {
  folder = await temporaryFolder();
  await writeTinyData(at('data'));
  await doRun('report');
}, 300_000);

it('is not finished until all is done with the settings of today', { timeout: 300_000 }, async () => {
  const all = ['initial', 'predict', 'refine', 'trust', 'final', 'predictFinal', 'evaluate', 'report'];
  expect(await readRunStatus(run())).toMatchObject({ state: 'finished' });
  expect(await stages()).toEqual({ done: all, waiting: [] });
  expect((await predict()).network).toBe('final');

  await doRun('initial', 'training.epochs=4');
  expect(await readRunStatus(run())).toMatchObject({ state: 'stopped' });
  expect(await stages()).toEqual({ done: ['initial'], waiting: all.slice(1) });
  expect((await predict()).network).toBe('initial');
  await expect(predict(true)).rejects.toMatchObject({
    name: 'RunError',
    seen: expect.stringContaining('was begun anew'),
  });

  await doRun('report', 'training.epochs=4');
  expect(await stages()).toEqual({ done: all, waiting: [] });
  expect((await predict(true)).network).toBe('final');
});

it('has no final network where the unlabelled images are gone', { timeout: 300_000 }, async () => {
  await rm(at('data', 'unlabelled'), { recursive: true });
  await doRun('report');
  expect(await stages()).toEqual({
    done: ['initial', 'predict', 'refine', 'trust', 'evaluate', 'report'],
    waiting: [],
  });
  expect((await predict()).network).toBe('initial');
});
