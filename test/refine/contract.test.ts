/** @file What every refiner must do, run against each of them. */
import { afterAll, describe, expect, it } from 'vitest';
import { RefineError } from '../../src/base/errors.ts';
import { emptyMask } from '../../src/masks/mask.ts';
import { maskAgreement } from '../../src/masks/overlap.ts';
import { createRefiner } from '../../src/refine/index.ts';
import type { RefinedMask } from '../../src/refine/refiner.ts';
import { askedModel, REFINERS, type RefinerName, refineSettingsSchema } from '../../src/refine/settings.ts';
import { SamPredictor } from '../../src/sam/predictor.ts';
import { tinyFoalCheckpoint } from '../foal/tiny.ts';
import { fakeCloseUp } from './fake-close-up.ts';
import { fakeModel } from './fake-model.ts';
import { contextOf, disk, imageOf, initialMask, SIZE } from './scenes.ts';

const foal = new SamPredictor(tinyFoalCheckpoint(), { threads: 1 });
afterAll(() => foal.close());
const make = (refiner: RefinerName) =>
  createRefiner(refineSettingsSchema.parse({ refiner, morphology: { radius: 1 } }), {
    model: askedModel({ refiner }) === 'foal' ? foal : fakeModel(),
    closeUp: fakeCloseUp(),
  });

describe.each(REFINERS)('refiner %s', (kind) => {
  const truth = [disk(24, 30, 14), disk(50, 30, 16)];
  const image = imageOf(truth);
  const initial = [initialMask(2, disk(23, 31, 12), 0.7), initialMask(0, disk(52, 30, 15), 0.9)];

  it('gives one mask per initial mask, in their order, at their size, with provenance', async () => {
    const refiner = make(kind);
    const refined = await refiner.refine(image, initial, contextOf(3));
    expect(refiner.name).toBe(kind);
    expect(refined.map(({ classIndex }) => classIndex)).toEqual([2, 0]);
    for (const [k, item] of refined.entries()) {
      expect(item.mask.height).toBe(SIZE.height);
      expect(item.mask.width).toBe(SIZE.width);
      expect(item.mask.data.length).toBe(SIZE.height * SIZE.width);
      expect(item.mask.data.every((value) => value === 0 || value === 1)).toBe(true);
      expect(item.score).toBeGreaterThanOrEqual(0);
      expect(item.score).toBeLessThanOrEqual(1);
      expect(item.provenance.refiner).toBe(kind);
      expect(item.provenance.agreement).toBeCloseTo(maskAgreement(initial[k]!.mask, item.mask), 12);
      expect(JSON.parse(JSON.stringify(item.provenance))).toEqual(item.provenance);
    }
    await refiner.close();
  });

  it('leaves its input as it was and gives the same twice', async () => {
    const before = initial.map(({ mask }) => mask.data.slice());
    const first = await make(kind).refine(image, initial, contextOf(3));
    const second = await make(kind).refine(image, initial, contextOf(3));
    expect(initial.map(({ mask }) => mask.data)).toEqual(before);
    expect(second).toEqual(first);
  });

  it('keeps empty masks and takes an image without masks', async () => {
    const empty = initialMask(1, emptyMask(SIZE), 0);
    const [kept] = (await make(kind).refine(image, [empty], contextOf(3))) as [RefinedMask];
    expect(kept.mask).toEqual(empty.mask);
    expect(kept.score).toBe(0);
    expect(await make(kind).refine(image, [], contextOf(3))).toEqual([]);
  });

  it('refuses masks of another size, unknown classes and two masks of one class', async () => {
    const refiner = make(kind);
    const other = initialMask(0, disk(5, 5, 3, { height: 10, width: 10 }));
    await expect(refiner.refine(image, [other], contextOf(1))).rejects.toThrow(RefineError);
    await expect(refiner.refine(image, [other], contextOf(1))).rejects.toThrow(
      /bone 0 is 10 x 10 px, its image 96 x 72/,
    );
    await expect(refiner.refine(image, initial, contextOf(2))).rejects.toThrow(/class index 2/);
    await expect(refiner.refine(image, [initial[0]!, initial[0]!], contextOf(3))).rejects.toThrow(
      /several initial masks/,
    );
  });

  it('stops when told to', async () => {
    const reason = new Error('enough');
    const context = contextOf(3, AbortSignal.abort(reason));
    await expect(make(kind).refine(image, initial, context)).rejects.toThrow(reason);
  });
});

describe('createRefiner', () => {
  it('asks for a network where close-up has none', () => {
    expect(() => createRefiner(refineSettingsSchema.parse({ refiner: 'close-up' }))).toThrow(
      /no network of close-ups.*random-walker/s,
    );
  });

  it('asks for a checkpoint where sam has none', () => {
    expect(() => createRefiner(refineSettingsSchema.parse({ refiner: 'sam' }))).toThrow(
      /no model.*random-walker/,
    );
  });
});
