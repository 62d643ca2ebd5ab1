import { describe, expect, it } from 'vitest';
import { learnAtlas } from '../../src/atlas/atlas.ts';
import { settle } from '../../src/atlas/settle.ts';
import { dice, rleOverlap } from '../../src/masks/overlap.ts';
import { encodeRle } from '../../src/masks/rle.ts';
import { probabilitiesToMasks } from '../../src/training/predictor.ts';
import type { ProbabilityMaps } from '../../src/training/types.ts';
import { block, CLASSES, rowOf, SIZE } from './row.ts';

const ALL = [0, 1, 2, 3, 4];
const atlas = learnAtlas([rowOf(ALL)], CLASSES);
const PIXELS = SIZE.height * SIZE.width;

/** Blocks of a shifted row, each pixel with the probabilities that `says` gives the block at its place. */
function mapsOf(
  shown: readonly number[],
  shift: readonly [number, number],
  says: (block: number, x: number) => readonly number[],
): ProbabilityMaps {
  const data = new Float32Array(CLASSES * PIXELS);
  for (const k of shown) {
    block(k, shift).forEach((inside, i) => {
      if (inside === 0) return;
      const given = says(k, i % SIZE.width);
      given.forEach((p, c) => {
        data[c * PIXELS + i] = p;
      });
    });
  }
  return { classes: CLASSES, ...SIZE, data };
}

const certain = (k: number, p = 0.9): number[] =>
  Array.from({ length: CLASSES }, (_, c) => (c === k ? p : (0.98 - p) / (CLASSES - 1)));

/** The class of each block in a settled map, where all its pixels have one. */
function named(maps: ProbabilityMaps, shown: readonly number[], shift: readonly [number, number]) {
  const masks = probabilitiesToMasks(maps, 'exclusive');
  return shown.map((k) => {
    const inside = block(k, shift);
    const found = masks.filter(({ mask }) => mask.data.some((value, i) => value === 1 && inside[i] === 1));
    return found.map(({ classIndex }) => classIndex);
  });
}

describe('settling by an atlas', () => {
  it('names a block as its neighbours say, wherever the row lies', () => {
    const shift = [4, 3] as const;
    // The middle block is taken for the one before.
    const maps = mapsOf(ALL, shift, (k) => (k === 2 ? [0.02, 0.55, 0.37, 0.02, 0.02] : certain(k)));
    expect(named(maps, ALL, shift)[2]).toEqual([1]);
    expect(named(settle(maps, atlas), ALL, shift)).toEqual([[0], [1], [2], [3], [4]]);
  });

  it('sees from which side an image shows the row, where there may be two', () => {
    // A network that tells names but not sides gives each block some of its counterpart's.
    const says = (k: number, sure: number): number[] =>
      certain(k).map((_, c) => (c === k ? sure : c === 4 - k ? 0.9 - sure : 0.03));
    const fromBehind = mapsOf(ALL, [0, 0], (k) => says(4 - k, k === 1 || k === 2 ? 0.7 : 0.4));
    const turning = settle(fromBehind, { ...atlas, turns: true });
    expect(named(turning, ALL, [0, 0])).toEqual([[4], [3], [2], [1], [0]]);
    expect(named(settle(fromBehind, atlas), ALL, [0, 0])).not.toEqual([[4], [3], [2], [1], [0]]);
    const fromFront = mapsOf(ALL, [0, 0], (k) => says(k, k === 1 || k === 2 ? 0.7 : 0.4));
    expect(named(settle(fromFront, { ...atlas, turns: true }), ALL, [0, 0])).toEqual([
      [0],
      [1],
      [2],
      [3],
      [4],
    ]);
  });

  it('makes one of a block that is divided between two names', () => {
    const shift = [0, 0] as const;
    const maps = mapsOf(ALL, shift, (k, x) => (k === 3 && x >= 37 ? certain(4, 0.6) : certain(k)));
    expect(named(maps, ALL, shift)[3]).toEqual([3, 4]);
    expect(named(settle(maps, atlas), ALL, shift)).toEqual([[0], [1], [2], [3], [4]]);
  });

  it('names no block after a class that is not there', () => {
    const shown = [0, 1, 3, 4];
    const maps = mapsOf(shown, [0, 0], (k) => certain(k));
    expect(named(settle(maps, atlas), shown, [0, 0])).toEqual([[0], [1], [3], [4]]);
  });

  it('changes neither what is foreground nor how likely it is', () => {
    const maps = mapsOf(ALL, [2, 1], (k) => certain(k, 0.5));
    const settled = settle(maps, atlas);
    for (let i = 0; i < PIXELS; i++) {
      let [before, after] = [0, 0];
      for (let c = 0; c < CLASSES; c++) {
        before += maps.data[c * PIXELS + i]!;
        after += settled.data[c * PIXELS + i]!;
      }
      expect(after).toBeCloseTo(before, 5);
    }
  });

  it('leaves classes that it does not know, and images without foreground, as they are', () => {
    const partial = learnAtlas([rowOf([0, 1, 2])], CLASSES);
    const maps = mapsOf(ALL, [0, 0], (k) => certain(k));
    const settled = settle(maps, partial);
    expect(settled.data.slice(3 * PIXELS)).toEqual(maps.data.slice(3 * PIXELS));
    const nothing = mapsOf([], [0, 0], () => []);
    expect(settle(nothing, atlas)).toBe(nothing);
    expect(settle(maps, learnAtlas([], CLASSES))).toBe(maps);
  });

  it('keeps a structure that is small beside the others, in an image of many pixels', () => {
    const size = { height: 400, width: 600 };
    const inside = (x0: number, y0: number, x1: number, y1: number): Uint8Array =>
      Uint8Array.from({ length: size.height * size.width }, (_, i) => {
        const [x, y] = [i % size.width, Math.floor(i / size.width)];
        return Number(x >= x0 && x < x1 && y >= y0 && y < y1);
      });
    const large = [inside(20, 20, 290, 380), inside(310, 20, 580, 380)];
    const small = inside(296, 200, 303, 207);
    const masks = [...large, small];
    const structures = masks.map((data, classIndex) => ({ classIndex, rle: encodeRle({ ...size, data }) }));
    const data = new Float32Array(3 * small.length);
    masks.forEach((mask, k) => {
      for (let c = 0; c < 3; c++)
        mask.forEach((value, i) => {
          if (value === 1) data[c * small.length + i] = c === k ? 0.9 : 0.04;
        });
    });
    const settled = settle({ classes: 3, ...size, data }, learnAtlas([{ size, structures }], 3));
    const [, , found] = probabilitiesToMasks(settled, 'exclusive');
    const overlap = rleOverlap(encodeRle(found!.mask), encodeRle({ ...size, data: small }));
    expect(dice(overlap)).toBeGreaterThan(0.9);
  });

  it('is the same for the same image at twice the size', () => {
    const maps = mapsOf(ALL, [4, 3], (k) => (k === 2 ? [0.02, 0.55, 0.37, 0.02, 0.02] : certain(k)));
    const [height, width] = [2 * SIZE.height, 2 * SIZE.width];
    const data = new Float32Array(CLASSES * height * width);
    data.forEach((_, i) => {
      const [c, y, x] = [Math.floor(i / (height * width)), Math.floor(i / width) % height, i % width];
      data[i] = maps.data[c * PIXELS + Math.floor(y / 2) * SIZE.width + Math.floor(x / 2)]!;
    });
    const large = settle({ classes: CLASSES, height, width, data }, atlas);
    const small = settle(maps, atlas);
    const at = (y: number, x: number): [number, number] => [
      large.data[2 * height * width + 2 * y * width + 2 * x]!,
      small.data[2 * PIXELS + y * SIZE.width + x]!,
    ];
    for (const [y, x] of [
      [10, 30],
      [12, 33],
      [14, 36],
    ] as const) {
      const [a, b] = at(y, x);
      expect(Math.abs(a - b)).toBeLessThan(0.1);
    }
  });
});
