import { describe, expect, it } from 'vitest';
import { DatasetError } from '../../src/base/errors.ts';
import {
  generatePhantom,
  MAX_PHANTOM_CLASSES,
  type PhantomOptions,
  phantomClassNames,
} from '../../src/dataset/phantom/generate.ts';
import { maskArea } from '../../src/masks/mask.ts';

const small: PhantomOptions = { seed: 3, index: 0, classes: 12, size: { height: 192, width: 160 } };

describe('generatePhantom', () => {
  it('gives the same bytes for the same options', () => {
    const first = generatePhantom(small);
    const second = generatePhantom({ ...small });
    expect(second.image.data).toEqual(first.image.data);
    expect(second.structures).toEqual(first.structures);
  });

  it('gives another image for another index or seed', () => {
    const { data } = generatePhantom(small).image;
    const differs = (options: PhantomOptions) =>
      generatePhantom(options).image.data.filter((value, i) => value !== data[i]).length / data.length;
    expect(differs({ ...small, index: 1 })).toBeGreaterThan(0.5);
    expect(differs({ ...small, seed: 4 })).toBeGreaterThan(0.5);
  });

  it.each([1, 4, 12, 17, 31, 40])('shows nearly all of %i classes, in class order', (classes) => {
    let shown = 0;
    for (let index = 0; index < 4; index++) {
      const { structures, image } = generatePhantom({ ...small, classes, index });
      const order = structures.map((structure) => structure.classIndex);
      expect(order).toEqual([...new Set(order)].sort((a, b) => a - b));
      expect(order.every((classIndex) => classIndex < classes)).toBe(true);
      for (const { mask } of structures) {
        expect([mask.height, mask.width]).toEqual([image.height, image.width]);
        expect(mask.data.length).toBe(image.data.length);
        expect(maskArea(mask)).toBeGreaterThan(0);
      }
      shown += structures.length;
    }
    expect(shown).toBeGreaterThanOrEqual(4 * classes * 0.95);
  });

  it('has overlapping masks, and brighter bone where it projects onto more bone', () => {
    const counts = new Map<number, number[]>();
    for (let index = 0; index < 6; index++) {
      const { image, structures } = generatePhantom({ ...small, index });
      const depth = new Uint8Array(image.data.length);
      for (const { mask } of structures) for (const [i, value] of mask.data.entries()) depth[i]! += value;
      depth.forEach((layers, i) => {
        const seen = counts.get(layers) ?? [0, 0];
        counts.set(layers, [seen[0]! + 1, seen[1]! + image.data[i]!]);
      });
    }
    const [none, one, two] = [0, 1, 2].map((layers) => counts.get(layers)!);
    expect(two![0]!).toBeGreaterThan(0.005 * one![0]!);
    const mean = ([count, sum]: number[]) => sum! / count!;
    expect(mean(one!)).toBeGreaterThan(mean(none!) + 20);
    expect(mean(two!)).toBeGreaterThan(mean(one!) + 20);
  });

  it('keeps a class at its place', () => {
    const centres = new Map<number, [number, number][]>();
    for (let index = 0; index < 8; index++) {
      const { structures } = generatePhantom({ ...small, index, side: 'left' });
      for (const { classIndex, mask } of structures) {
        const area = maskArea(mask);
        let [x, y] = [0, 0];
        mask.data.forEach((value, i) => {
          x += value * (i % mask.width);
          y += value * Math.floor(i / mask.width);
        });
        centres.set(classIndex, [...(centres.get(classIndex) ?? []), [x / area, y / area]]);
      }
    }
    const scaphoid = centres.get(4)!;
    const triquetrum = centres.get(6)!;
    // On a left hand, palm down, the thumb's side is on the right.
    for (const [i, [x]] of scaphoid.entries()) expect(x).toBeGreaterThan(triquetrum[i]![0] + 10);
  });

  it('mirrors the right side', () => {
    const meanX = (side: 'left' | 'right', classIndex: number) => {
      const { mask } = generatePhantom({ ...small, side }).structures.find(
        (s) => s.classIndex === classIndex,
      )!;
      let sum = 0;
      for (const [i, value] of mask.data.entries()) sum += value * (i % mask.width);
      return sum / maskArea(mask);
    };
    expect(meanX('left', 0)).toBeGreaterThan(meanX('left', 1));
    expect(meanX('right', 0)).toBeLessThan(meanX('right', 1));
    const sides = Array.from(
      { length: 20 },
      (_, index) => generatePhantom({ ...small, classes: 1, index, size: { height: 32, width: 32 } }).side,
    );
    expect(new Set(sides)).toEqual(new Set(['left', 'right']));
  });

  it('writes 16 bits when asked: more grey values, the same picture', () => {
    const eight = generatePhantom(small).image;
    const sixteen = generatePhantom({ ...small, bits: 16 }).image;
    expect(sixteen.bits).toBe(16);
    expect(sixteen.data).toBeInstanceOf(Uint16Array);
    expect(new Set(sixteen.data).size).toBeGreaterThan(1000);
    const gaps = Array.from(sixteen.data, (value, i) => Math.abs(value / 257 - eight.data[i]!));
    expect(Math.max(...gaps)).toBeLessThanOrEqual(0.51);
  });

  it('names each class once', () => {
    const names = phantomClassNames(MAX_PHANTOM_CLASSES);
    expect(names.length).toBeGreaterThanOrEqual(40);
    expect(new Set(names).size).toBe(names.length);
  });

  it.each([
    [{ classes: 0 }, 'classes is 0'],
    [{ classes: 400 }, 'classes is 400'],
    [{ size: { height: 16, width: 200 } }, 'size is 16 x 200'],
    [{ index: -1 }, 'index is -1'],
  ])('refuses %o', (change, text) => {
    expect(() => generatePhantom({ ...small, ...change })).toThrow(DatasetError);
    expect(() => generatePhantom({ ...small, ...change })).toThrow(text);
  });
});
