/** A tiny run whose masks are redrawn close up. */
import { cp, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { coco } from '../../src/annotations/coco.ts';
import { openDataset } from '../../src/dataset/dataset.ts';
import type { Case } from '../../src/dataset/types.ts';
import { structuresByName } from '../../src/pipeline/mask-sets.ts';
import { silentObserver } from '../../src/pipeline/observer.ts';
import { predictImages } from '../../src/pipeline/predict-images.ts';
import { type RunOutcome, runPipeline } from '../../src/pipeline/run.ts';
import { runDirectory } from '../../src/pipeline/run-directory.ts';
import { readCloseUps } from '../../src/pipeline/stages/close-up.ts';
import { foldsOf } from '../../src/pipeline/stages/folds.ts';
import { readTrust } from '../../src/pipeline/stages/trust.ts';
import type { Evidence } from '../../src/refine/evidence.ts';
import { trueDice } from '../../src/trust/judge.ts';
import { trustOf } from '../../src/trust/model.ts';
import { temporaryFolder } from '../temporary.ts';
import { tinyConfig, writeTinyData } from './tiny.ts';

let folder = '';
const at = (...parts: string[]): string => join(folder, ...parts);
const config = (...set: string[]) =>
  tinyConfig(at('data'), [
    'refine.refiner=close-up',
    'refine.closeUpMinutes=0.001',
    'refine.atlas=false',
    'trust.folds=2',
    'trust.networks=1',
    ...set,
  ]);
let taught: RunOutcome;
let first: RunOutcome;

beforeAll(async () => {
  folder = await temporaryFolder();
  await writeTinyData(at('data'));
  taught = await runPipeline(config(), { folder: at('first'), until: 'closeUp' });
  first = await runPipeline(config(), { folder: at('first') });
}, 300_000);

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

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
    const folds = ['fold-1', 'network'];
    expect((await readdir(at('first', 'close-up'))).sort()).toEqual([...folds, 'result.json']);
    const models = await Promise.all(
      folds.map((one) => readFile(at('first', 'close-up', one, 'model.onnx'))),
    );
    expect(models[0]!.equals(models[1]!)).toBe(false);
    const stages = first.evaluation!.results.filter(({ split }) => split === 'test');
    expect(stages.map(({ stage }) => stage)).toEqual(['initial', 'refined', 'final', 'finalRefined']);
    // The gallery shows the masks by which it chooses its images.
    const report = await readFile(at('first', 'report.html'), 'utf8');
    expect(report).toContain('with the lowest Dice (final, refined), worst first');
    expect(report).toContain('<figcaption><b>Final, refined</b>');
  });

  it('leaves masks as they are where what it learnt makes held-out ones no better', async () => {
    const { heldOut, kept } = await readCloseUps(first.run);
    expect(heldOut!.after).toBeLessThanOrEqual(heldOut!.before);
    expect(kept).toBe(false);
    const masks = async (folder: string) => {
      const { images } = await coco.read(at('first', folder, 'annotations.json'));
      return images.map(({ structures }) => structures.map(({ classIndex, rle }) => [classIndex, rle]));
    };
    expect(await masks('refined')).toEqual(await masks('selected'));
    expect(await readFile(at('first', 'report.html'), 'utf8')).toContain('Outlines are not redrawn close up');
  });

  it('measures what it learnt by the mean over images, however many of them a fold has', async () => {
    const uneven = config('trust.folds=3', 'trust.networks=3');
    const { run } = await runPipeline(uneven, { folder: at('uneven'), until: 'closeUp' });
    const drawn = structuresByName(await coco.read(run.masks('folds', 'labelled')));
    const dataset = await openDataset({ root: at('data') });
    const scores = (cases: readonly Case[]): number[] =>
      cases.map(({ name, structures }) => mean(drawn.get(name)!.map((mask) => trueDice(mask, structures!))));
    const folds = foldsOf(dataset, { count: 3, networks: 3 }, uneven.seed).map(({ held }) => scores(held));
    expect(folds.map(({ length }) => length).sort()).toEqual([1, 1, 2]);
    const { before } = (await readCloseUps(run)).heldOut!;
    expect(before).toBeCloseTo(mean(folds.flat()), 10);
    expect(before).not.toBeCloseTo(mean(folds.map(mean)), 4);
  });

  it('redraws masks where networks found nothing in what was held out', async () => {
    const unlearnt = config('training.head=overlapping', 'training.learningRate=1e-9');
    const { run } = await runPipeline(unlearnt, { folder: at('nothing-found'), until: 'closeUp' });
    expect(await readCloseUps(run)).toEqual({ kept: true });
  });

  it('holds nothing out where too few labelled images show a structure', async () => {
    await cp(at('data'), at('mostly-empty'), { recursive: true });
    const path = at('mostly-empty', 'labelled', 'annotations.json');
    const set = await coco.read(path);
    const images = set.images.map((image, i) => (i < 2 ? image : { ...image, structures: [] }));
    await coco.write(path, { ...set, images });
    const sparse = { ...config(), data: { ...config().data, root: at('mostly-empty') } };
    const { stages, run } = await runPipeline(sparse, { folder: at('sparse'), until: 'trust' });
    expect(stages.map(({ name }) => name)).not.toContain('folds');
    expect((await readTrust(run)).model).toMatchObject({
      reason: 'there are 2 labelled images with structures, and calibration takes 3',
    });
  });

  it('redraws masks where no image is held out that could tell, and trains no other network anew', async () => {
    await cp(at('first'), at('untold'), { recursive: true });
    const untold = await runPipeline(config('trust.folds=0'), { folder: at('untold') });
    const done = (name: string) => untold.stages.find((stage) => stage.name === name)!.skipped;
    expect(['initial', 'predict'].every(done)).toBe(true);
    expect(['closeUp', 'refine', 'final'].some(done)).toBe(false);
    expect(await readCloseUps(untold.run)).toEqual({ kept: true });
    expect(await refined('untold')).toContain('"refiner":"close-up"');
  });

  it('redraws and judges the masks of other images as its own', async () => {
    const context = { run: runDirectory(at('untold')), observer: silentObserver, signal: undefined };
    const paths = [at('data', 'test', 'images')];
    const options = { paths, out: at('predicted'), compute: { threads: 1 }, embeddings: at('embeddings') };
    const structuresIn = async (path: string) =>
      (await coco.read(path)).images.flatMap(({ fileName, structures }) =>
        structures.map(({ provenance, ...structure }) => {
          const { calibrated, evidence, ...others } = provenance!;
          return { fileName, ...structure, calibrated, evidence: evidence as Evidence, others };
        }),
      );
    const { annotations } = await predictImages(context, { ...options, refine: true });
    const found = await structuresIn(annotations);
    const told = await structuresIn(at('untold', 'final-refined', 'test.json'));
    expect(found.map((mask) => ({ ...mask, trust: undefined, calibrated: undefined }))).toEqual(told);
    const { model } = await readTrust(context.run);
    expect(found.length).toBeGreaterThan(0);
    for (const { trust, evidence } of found) expect(trust).toBe(trustOf(model, evidence));

    // A run of before what is usual was kept.
    await rm(at('untold', 'trust', 'usual.json'));
    const again = await predictImages(context, { ...options, out: at('unjudged'), refine: true });
    const unjudged = await structuresIn(again.annotations);
    expect(unjudged.map(({ rle, trust }) => ({ rle, trust }))).toEqual(
      found.map(({ rle }) => ({ rle, trust: undefined })),
    );
  });
});
