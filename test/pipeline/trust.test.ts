/** Trust in a run: calibrated on images that its networks have not seen, kept through kills, and written with the masks. */
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { coco } from '../../src/annotations/coco.ts';
import type { AnnotationSet, Structure } from '../../src/annotations/types.ts';
import { hashFile } from '../../src/base/hash.ts';
import { openDataset } from '../../src/dataset/dataset.ts';
import { decodeRle, encodeRle } from '../../src/masks/rle.ts';
import type { RunConfig } from '../../src/pipeline/config.ts';
import { type RunObserver, silentObserver } from '../../src/pipeline/observer.ts';
import { runPipeline } from '../../src/pipeline/run.ts';
import { runDirectory } from '../../src/pipeline/run-directory.ts';
import { foldsOf } from '../../src/pipeline/stages/folds.ts';
import { readTrust } from '../../src/pipeline/stages/trust.ts';
import type { Evidence } from '../../src/refine/evidence.ts';
import { type FittedTrust, type TrustPair, trustOf } from '../../src/trust/model.ts';
import { temporaryFolder } from '../temporary.ts';
import { tinyConfig, writeTinyData } from './tiny.ts';

let folder = '';
const at = (...parts: string[]): string => join(folder, ...parts);
const SETTINGS = ['training.epochs=12', 'trust.epochs=8', 'trust.networks=3'];
const config = (data = 'data', ...set: string[]): RunConfig => tinyConfig(at(data), [...SETTINGS, ...set]);

beforeAll(async () => {
  folder = await temporaryFolder();
  await writeTinyData(at('data'), { labelled: 15, val: 2, test: 2, unlabelled: 3 });
  await runPipeline(config(), { folder: at('whole'), until: 'evaluate' });
});

const readJson = async <T>(...parts: string[]): Promise<T> =>
  JSON.parse(await readFile(at(...parts), 'utf8')) as T;
const readPairs = async (run: string): Promise<TrustPair[]> =>
  (await readFile(at(run, 'trust', 'pairs.jsonl'), 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as TrustPair);

describe('trust', () => {
  it('is calibrated on one pair for each held-out mask', async () => {
    const fitted = await readJson<FittedTrust>('whole', 'trust', 'model.json');
    const pairs = await readPairs('whole');
    expect(fitted).toMatchObject({ model: { calibrated: true }, pairs: pairs.length, images: 15 });
    expect(fitted.heldOut!.masks).toBe(pairs.length);
    const folds = foldsOf(await openDataset(config().data), { count: 3, networks: 3 }, 1);
    for (const { image, fold, dice } of pairs) {
      expect(folds[fold]!.held.map(({ id }) => `${id}.png`)).toContain(image);
      expect(dice).toBeGreaterThanOrEqual(0);
      expect(dice).toBeLessThanOrEqual(1);
    }
    expect(new Set(folds.flatMap(({ held }) => held.map(({ id }) => id))).size).toBe(15);
    for (const { held, others } of folds) expect(held.length + others.length).toBe(15);
  });

  it.each(['annotations', 'val', 'test'])('stands with every mask of refined/%s.json', async (name) => {
    const { model } = await readJson<FittedTrust>('whole', 'trust', 'model.json');
    const set = await coco.read(at('whole', 'refined', `${name}.json`));
    const structures = set.images.flatMap((image) => image.structures);
    expect(structures.length).toBeGreaterThan(0);
    for (const { trust, provenance } of structures) {
      expect(provenance).toMatchObject({
        calibrated: true,
        evidence: { componentShare: expect.any(Number), margin: expect.any(Number) },
      });
      expect(trust).toBe(trustOf(model, provenance!.evidence as Evidence));
    }
  });

  it('is an uncalibrated product where folds are off or the labelled images are few, and says so', async () => {
    await cp(at('whole'), at('off'), { recursive: true });
    const { warnings } = await runPipeline(config('data', 'trust.folds=0'), {
      folder: at('off'),
      until: 'trust',
    });
    expect(await readJson('off', 'trust', 'model.json')).toMatchObject({
      model: { calibrated: false, reason: 'trust.folds is 0' },
    });
    const [mask] = (await coco.read(at('off', 'refined', 'annotations.json'))).images.flatMap(
      (image) => image.structures,
    );
    const { confidence, componentShare, agreement, stability } = mask!.provenance!.evidence as Evidence;
    expect(mask!.provenance!.calibrated).toBe(false);
    expect(mask!.trust).toBeCloseTo(confidence * componentShare! * Math.min(agreement, stability!), 3);
    expect(warnings).toEqual([]);

    const few = await runPipeline(config('data', 'data.limit=2', 'training.epochs=1'), {
      folder: at('few'),
      until: 'trust',
    });
    expect(few.stages.map(({ name }) => name)).toEqual(['initial', 'predict', 'refine', 'trust']);
    expect(await readJson('few', 'trust', 'model.json')).toMatchObject({
      model: {
        calibrated: false,
        reason: 'there are 2 labelled images with structures, and calibration takes 3',
      },
    });
  });

  it('is given again where the refined masks are written again', async () => {
    await cp(at('whole'), at('rewritten'), { recursive: true });
    await rm(at('rewritten', 'refined', 'val.json'));
    const { stages } = await runPipeline(config(), { folder: at('rewritten'), until: 'trust' });
    expect(stages.filter(({ skipped }) => !skipped).map(({ name }) => name)).toEqual(['refine', 'trust']);
    for (const file of ['annotations.json', 'val.json'])
      expect(await hashFile(at('rewritten', 'refined', file))).toBe(
        await hashFile(at('whole', 'refined', file)),
      );
  });
});

describe('files that were changed by hand', () => {
  it('keep a mask without evidence, and name a calibration that cannot be read', async () => {
    await cp(at('whole'), at('edited'), { recursive: true });
    const path = at('edited', 'refined', 'annotations.json');
    const set = await coco.read(path);
    const [first, ...others] = set.images;
    const drawn = first!.structures.map(({ classIndex, rle }) => ({ classIndex, rle }));
    await coco.write(path, { ...set, images: [{ ...first!, structures: drawn }, ...others] });
    await rm(at('edited', 'trust', 'model.json'));
    await runPipeline(config(), { folder: at('edited'), until: 'trust' });
    const trusts = (await coco.read(path)).images.map(({ structures }) =>
      structures.map(({ trust }) => trust),
    );
    expect(trusts[0]!.every((trust) => trust === undefined)).toBe(true);
    expect(trusts[1]!.every((trust) => trust !== undefined)).toBe(true);

    await writeFile(at('edited', 'trust', 'model.json'), '{');
    await expect(runPipeline(config(), { folder: at('edited'), until: 'trust' })).rejects.toMatchObject({
      name: 'RunError',
      seen: expect.stringContaining('model.json is not the file that the run made'),
    });
    await expect(readTrust(runDirectory(at('edited')))).rejects.toMatchObject({
      name: 'RunError',
      seen: expect.stringContaining('model.json is missing or damaged'),
    });
  });
});

describe('the network of a fold', () => {
  it('has not seen the images that it masks: it stays the same whatever their masks are', async () => {
    const { classes, images } = await coco.read(at('data', 'labelled', 'annotations.json'));
    const folds = foldsOf(await openDataset(config().data), { count: 3, networks: 3 }, 1);
    const held = new Set(folds[1]!.held.map(({ id }) => `${id}.png`));
    const changed: AnnotationSet = {
      classes,
      images: images.map((image) =>
        held.has(image.fileName) ? { ...image, structures: image.structures.map(upsideDown) } : image,
      ),
    };
    await cp(at('data'), at('changed'), { recursive: true });
    await coco.write(at('changed', 'labelled', 'annotations.json'), changed);
    await runPipeline(config('changed'), { folder: at('other'), until: 'trust' });
    const same = await Promise.all(
      [1, 2, 3].map(async (fold) => {
        const file = ['folds', String(fold), 'weights.safetensors'];
        return (await hashFile(at('other', ...file))) === (await hashFile(at('whole', ...file)));
      }),
    );
    expect(same).toEqual([false, true, false]);
    // Nor do their masks reach the evidence, whose usual shapes are those of the other folds.
    const [before, after] = await Promise.all(
      ['whole', 'other'].map(async (run) => (await readPairs(run)).filter(({ fold }) => fold === 1)),
    );
    expect(after!.map(({ evidence }) => evidence)).toEqual(before!.map(({ evidence }) => evidence));
    expect(after!.map(({ dice }) => dice)).not.toEqual(before!.map(({ dice }) => dice));
  });
});

function upsideDown(structure: Structure): Structure {
  const mask = decodeRle(structure.rle);
  return { ...structure, rle: encodeRle({ ...mask, data: mask.data.toReversed() }) };
}

describe('a run that is stopped', () => {
  /** Stops the run after some reports of progress of a stage. */
  async function stopIn(run: string, stage: 'folds' | 'trust', reports: number): Promise<void> {
    const controller = new AbortController();
    let current = '';
    let left = reports;
    const observer: RunObserver = {
      ...silentObserver,
      stageStarted: (name) => {
        current = name;
      },
      progress: () => {
        if (current === stage && --left === 0) controller.abort(new Error('stop'));
      },
    };
    const running = runPipeline(config(), { folder: at(run), observer, signal: controller.signal });
    await expect(running).rejects.toThrow('stop');
  }

  it('in a training, among the predictions of a fold and among the masks to judge ends with the same bytes', async () => {
    await cp(at('whole'), at('stopped'), { recursive: true });
    for (const part of ['folds', 'trust', 'stages/folds.json', 'stages/trust.json'])
      await rm(at('stopped', part), { recursive: true });
    // 8 epochs, then 5 images, in each fold.
    await stopIn('stopped', 'folds', 3);
    await stopIn('stopped', 'folds', 8);
    await stopIn('stopped', 'folds', 9);
    await stopIn('stopped', 'trust', 4);
    await runPipeline(config(), { folder: at('stopped'), until: 'trust' });
    for (const file of [
      'folds/1/weights.safetensors',
      'folds/2/weights.safetensors',
      'folds/labelled.json',
      'trust/pairs.jsonl',
      'trust/model.json',
      'refined/annotations.json',
    ])
      expect(await hashFile(at('stopped', file)), file).toBe(await hashFile(at('whole', file)));
  });
});
