import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DatasetError } from '../../src/base/errors.ts';
import type { Mask } from '../../src/masks/mask.ts';
import { dice, diceFromIou, iou, maskOverlap, rleOverlap } from '../../src/masks/overlap.ts';
import { encodeRle } from '../../src/masks/rle.ts';

const mask = (height: number, width: number, pixels: readonly number[]): Mask => ({
  height,
  width,
  data: Uint8Array.from(pixels),
});

/** Two masks of one size, from empty to full. */
const pairs = fc
  .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }), fc.constantFrom(0, 0.1, 0.5, 0.9, 1))
  .chain(([height, width, density]) => {
    const bits = fc.array(
      fc.double({ min: 0, max: 1, noNaN: true }).map((u) => (u < density ? 1 : 0)),
      { minLength: height * width, maxLength: height * width },
    );
    return fc.tuple(bits, bits).map(([a, b]) => [mask(height, width, a), mask(height, width, b)] as const);
  });

describe('overlap of two masks', () => {
  const truth = mask(2, 3, [1, 1, 0, 1, 1, 0]);
  const predicted = mask(2, 3, [0, 1, 1, 0, 0, 1]);

  it('counts pixels', () => {
    expect(maskOverlap(truth, predicted)).toEqual({ truth: 4, predicted: 3, intersection: 1 });
    expect(rleOverlap(encodeRle(truth), encodeRle(predicted))).toEqual({
      truth: 4,
      predicted: 3,
      intersection: 1,
    });
  });

  it('gives Dice 2/7 and IoU 1/6 by hand', () => {
    const overlap = maskOverlap(truth, predicted);
    expect(dice(overlap)).toBeCloseTo(2 / 7, 12);
    expect(iou(overlap)).toBeCloseTo(1 / 6, 12);
  });

  it('has no score for two empty masks and 0 for one', () => {
    expect(dice(rleOverlap(undefined, undefined))).toBeUndefined();
    expect(iou(rleOverlap(undefined, undefined))).toBeUndefined();
    expect(dice(rleOverlap(encodeRle(truth), undefined))).toBe(0);
    expect(iou(rleOverlap(undefined, encodeRle(truth)))).toBe(0);
  });

  it('refuses masks of different sizes', () => {
    const other = mask(3, 2, [1, 1, 0, 1, 1, 0]);
    expect(() => maskOverlap(truth, other)).toThrow(DatasetError);
    expect(() => rleOverlap(encodeRle(truth), encodeRle(other))).toThrow(/3 x 2 px.*2 x 3 px/);
  });

  it('is the same on runs and on pixels', () => {
    fc.assert(
      fc.property(pairs, ([a, b]) => {
        expect(rleOverlap(encodeRle(a), encodeRle(b))).toEqual(maskOverlap(a, b));
      }),
      { numRuns: 500 },
    );
  });

  it('is symmetric, in [0, 1], 1 only for equal masks, and Dice = 2 IoU / (1 + IoU)', () => {
    fc.assert(
      fc.property(pairs, ([a, b]) => {
        const d = dice(maskOverlap(a, b));
        const j = iou(maskOverlap(a, b));
        expect(dice(maskOverlap(b, a))).toBe(d);
        expect(iou(maskOverlap(b, a))).toBe(j);
        if (d === undefined || j === undefined) return;
        expect(d).toBeGreaterThanOrEqual(0);
        expect(d).toBeLessThanOrEqual(1);
        expect(diceFromIou(j)).toBeCloseTo(d, 12);
        expect(d === 1).toBe(a.data.every((value, i) => value === b.data[i]));
      }),
      { numRuns: 500 },
    );
  });
});
