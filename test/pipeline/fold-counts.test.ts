/** How many labelled images a run holds out. */
import { describe, expect, it } from 'vitest';
import type { Case } from '../../src/dataset/types.ts';
import { encodeRle } from '../../src/masks/rle.ts';
import { type FoldCounts, foldCounts } from '../../src/pipeline/stages/folds.ts';

const rle = encodeRle({ height: 1, width: 1, data: Uint8Array.of(1) });

/** Labelled images that each show as many structures. */
const labelled = (images: number, structures: number): Case[] =>
  Array.from({ length: images }, (_, i) => ({
    id: `${i}`,
    name: `${i}`,
    imagePath: '',
    split: 'labelled',
    size: { height: 1, width: 1 },
    structures: Array.from({ length: structures }, (_, classIndex) => ({ classIndex, rle })),
  }));

const counts = (images: number, structures: number, networks?: number): FoldCounts =>
  foldCounts({ folds: 3, networks }, labelled(images, structures));

describe('folds', () => {
  it('are held out until there are ten images', () => {
    expect([45, 20, 12, 3].map((images) => counts(images, 32).networks)).toEqual([1, 2, 3, 3]);
  });

  it('are held out until there are forty structures too: trust is calibrated on no fewer than thirty', () => {
    expect([1, 2, 4].map((structures) => counts(45, structures).networks)).toEqual([3, 2, 1]);
  });

  it('are as many as is said, and no more than there are', () => {
    expect(counts(45, 32, 2)).toEqual({ count: 3, networks: 2 });
    expect(counts(45, 32, 9)).toEqual({ count: 3, networks: 3 });
    expect(counts(2, 32)).toEqual({ count: 2, networks: 2 });
    expect(counts(3, 0)).toEqual({ count: 3, networks: 3 });
  });
});
