/** A tiny run whose masks are redrawn close up. */
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { coco } from '../../src/annotations/coco.ts';
import { silentObserver } from '../../src/pipeline/observer.ts';
import { predictImages } from '../../src/pipeline/predict-images.ts';
import { type RunOutcome, runPipeline } from '../../src/pipeline/run.ts';
import { tinyConfig, writeTinyData } from './tiny.ts';

let folder = '';
const at = (...parts: string[]): string => join(folder, ...parts);
const config = (...set: string[]) =>
  tinyConfig(at('data'), [
    'refine.refiner=close-up',
    'refine.closeUpMinutes=0.001',
    'trust.folds=2',
    'trust.networks=1',
    ...set,
  ]);
let taught: RunOutcome;
let first: RunOutcome;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'packmule-close-up-run-'));
  await writeTinyData(at('data'));
  taught = await runPipeline(config(), { folder: at('first'), until: 'closeUp' });
  first = await runPipeline(config(), { folder: at('first') });
}, 300_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

const refined = async (run: string): Promise<string> =>
  readFile(at(run, 'refined', 'annotations.json'), 'utf8');

describe('a run that looks close up', { timeout: 300_000 }, () => {
  it('learns outlines before it refines, a copy without each fold too, and refines what the final network finds', async () => {
    expect(taught.stages.at(-1)!.name).toBe('closeUp');
    const names = first.stages.map(({ name }) => name);
    expect(names.filter((name) => /folds|closeUp|refine|trust/.test(name))).toEqual([
      'folds',
      'closeUp',
      'refine',
      'trust',
      'refineFinal',
    ]);
    const folds = (await readdir(at('first', 'close-up'))).sort();
    expect(folds).toEqual(['fold-1', 'network']);
    const models = await Promise.all(
      folds.map((one) => readFile(at('first', 'close-up', one, 'model.onnx'))),
    );
    expect(models[0]!.equals(models[1]!)).toBe(false);
    const stages = first.evaluation!.results.filter(({ split }) => split === 'test');
    expect(stages.map(({ stage }) => stage)).toEqual(['initial', 'refined', 'final', 'finalRefined']);
    expect(await refined('first')).toContain('"refiner":"close-up"');
  });

  it('refines again when the network has learnt for longer, but trains no other anew', async () => {
    await cp(at('first'), at('longer'), { recursive: true });
    const longer = await runPipeline(config('refine.closeUpMinutes=0.08'), { folder: at('longer') });
    const done = (name: string) => longer.stages.find((stage) => stage.name === name)!.skipped;
    expect(['initial', 'predict', 'folds'].every(done)).toBe(true);
    expect(['closeUp', 'refine', 'final'].some(done)).toBe(false);
    expect(await refined('longer')).not.toBe(await refined('first'));
  });

  it('redraws the masks of other images as its own', async () => {
    const context = { run: first.run, observer: silentObserver, signal: undefined };
    const paths = [at('data', 'test', 'images')];
    const options = { paths, out: at('predicted'), compute: { threads: 1 }, embeddings: at('embeddings') };
    const { annotations } = await predictImages(context, { ...options, refine: true });
    const masks = async (path: string): Promise<unknown[]> => {
      const { images } = await coco.read(path);
      return images.map(({ fileName, structures }) => [
        fileName,
        structures.map(({ classIndex, rle }) => [classIndex, rle]),
      ]);
    };
    expect(await masks(annotations)).toEqual(await masks(at('first', 'final-refined', 'test.json')));
  });
});
