import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maskArea } from '../../src/masks/mask.ts';
import {
  COMPONENT_SELECTIONS,
  type ProbabilityMap,
  selectComponents,
  selectFromProbabilities,
} from '../../src/refine/select.ts';
import { anyMask, drawn, picture } from '../masks/grids.ts';

/** Digits are tenths. */
function tenths(...rows: readonly string[]): ProbabilityMap {
  return {
    height: rows.length,
    width: rows[0]!.length,
    data: Float32Array.from(rows.join(''), (digit) => Number(digit) / 10),
  };
}

describe('selectFromProbabilities', () => {
  const map = tenths('6660009', '6660009', '0000000', '0780055');

  it('keeps the component of the highest mean, the largest, or all', () => {
    const highest = selectFromProbabilities(map, 'highest_probability');
    expect(picture(highest.mask)).toEqual(['......#', '......#', '.......', '.......']);
    expect(highest.score).toBeCloseTo(0.9);
    const largest = selectFromProbabilities(map, 'largest');
    expect(picture(largest.mask)).toEqual(['###....', '###....', '.......', '.......']);
    expect(largest.score).toBeCloseTo(0.6);
    const all = selectFromProbabilities(map, 'all');
    expect(picture(all.mask)).toEqual(['###...#', '###...#', '.......', '.##....']);
    expect(all.score).toBeCloseTo((6 * 0.6 + 2 * 0.9 + 0.7 + 0.8) / 10);
    expect(highest.share).toBeCloseTo(1.8 / 6.9);
    expect(largest.share).toBeCloseTo(3.6 / 6.9);
    expect(all.share).toBe(1);
  });

  it('takes pixels above the threshold, not on it', () => {
    expect(maskArea(selectFromProbabilities(map, 'all', 0.75).mask)).toBe(3);
    expect(maskArea(selectFromProbabilities(tenths('5'), 'all', 0.5).mask)).toBe(0);
  });

  it('gives an empty mask of score 0 where nothing passes', () => {
    expect(selectFromProbabilities(tenths('12', '34'), 'largest')).toEqual({
      mask: drawn('..', '..'),
      score: 0,
      share: 0,
    });
  });

  it('joins components by corners', () => {
    expect(maskArea(selectFromProbabilities(tenths('900', '090', '009'), 'largest').mask)).toBe(3);
  });
});

describe('selectComponents', () => {
  it('breaks a tie of means by area, then by order', () => {
    const mask = drawn('#.##.##');
    const picked = selectComponents(mask, new Float32Array(7).fill(0.75), 'highest_probability');
    expect(picture(picked.mask)).toEqual(['..##...']);
  });

  it('keeps a part of the mask, all of it with `all`', () => {
    fc.assert(
      fc.property(anyMask(), fc.constantFrom(...COMPONENT_SELECTIONS), (mask, selection) => {
        const kept = selectComponents(mask, new Float32Array(mask.data.length).fill(0.5), selection).mask;
        expect(kept.data.every((value, i) => value <= mask.data[i]!)).toBe(true);
        if (selection === 'all') expect(kept.data).toEqual(mask.data);
        expect(maskArea(kept) > 0).toBe(maskArea(mask) > 0);
      }),
    );
  });
});
