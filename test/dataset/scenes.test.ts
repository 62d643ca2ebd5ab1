import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { DatasetError } from '../../src/base/errors.ts';
import { createRng } from '../../src/base/rng.ts';
import { addBlocking } from '../../src/dataset/scenes/blocking.ts';
import { FAMILIES, type Figure } from '../../src/dataset/scenes/figure.ts';
import {
  FEWEST_OBJECTS,
  generateScene,
  MOST_OBJECTS,
  type SceneOptions,
} from '../../src/dataset/scenes/generate.ts';
import { rasterise } from '../../src/dataset/scenes/raster.ts';
import { drawTextures } from '../../src/dataset/scenes/texture.ts';
import { LARGEST_SHARE, SMALLEST_SIDE } from '../../src/dataset/scenes/visible.ts';
import { maskArea, maskBox } from '../../src/masks/mask.ts';

const options: SceneOptions = { seed: 11, index: 0, size: { height: 160, width: 192 } };
const many = Array.from({ length: 60 }, (_, index) => generateScene({ ...options, index }));

describe('generateScene', () => {
  it('gives the same bytes for the same options', () => {
    expect(generateScene({ ...options, index: 7 })).toEqual(many[7]);
  });

  it('gives the same bytes on every machine', () => {
    const hash = createHash('sha256');
    for (let index = 0; index < 6; index++) {
      const { image, objects } = generateScene({ seed: 1, index, size: { height: 96, width: 96 } });
      hash.update(image.data);
      for (const { data } of objects) hash.update(data);
    }
    // Changes with every change of what is drawn; what is drawn is part of how a model was trained.
    expect(hash.digest('hex')).toBe('96074f44cb60ae4903090fdd263d6002861906573de22ca137822d343a22ffc2');
  });

  it('gives another picture for another index or seed', () => {
    const hashes = many.map(({ image }) => createHash('sha256').update(image.data).digest('hex'));
    expect(new Set(hashes).size).toBe(many.length);
    expect(generateScene({ ...options, seed: 12 }).image.data).not.toEqual(many[0]!.image.data);
  });

  it('has 8 bits, the size asked for, and greys that differ', () => {
    for (const { image } of many) {
      expect([image.height, image.width, image.bits]).toEqual([160, 192, 8]);
      expect(image.data.length).toBe(160 * 192);
      expect(new Set(image.data).size).toBeGreaterThan(20);
    }
  });

  it('keeps numbers and sizes of objects in their ranges', () => {
    for (const { objects, families } of many) {
      expect(objects.length).toBeGreaterThanOrEqual(FEWEST_OBJECTS);
      expect(objects.length).toBeLessThanOrEqual(MOST_OBJECTS);
      expect(families.length).toBe(objects.length);
      for (const mask of objects) {
        expect([mask.height, mask.width, mask.data.length]).toEqual([160, 192, 160 * 192]);
        expect(mask.data.every((value) => value <= 1)).toBe(true);
        expect(maskArea(mask)).toBeLessThanOrEqual(LARGEST_SHARE * 160 * 192);
        const [x0, y0, x1, y1] = maskBox(mask)!;
        expect(Math.max(x1 - x0, y1 - y0) + 1).toBeGreaterThanOrEqual(SMALLEST_SIDE);
      }
    }
  });

  it('shows every family, and masks that overlap', () => {
    const seen = new Set(many.flatMap(({ families }) => families));
    for (let index = many.length; seen.size < FAMILIES.length && index < 200; index++) {
      for (const family of generateScene({ ...options, index }).families) seen.add(family);
    }
    expect([...seen].sort()).toEqual([...FAMILIES].sort());
    const overlapping = many.filter(({ objects }) => {
      const layers = new Uint8Array(160 * 192);
      for (const { data } of objects) for (let i = 0; i < data.length; i++) layers[i]! += data[i]!;
      return layers.some((count) => count > 1);
    });
    expect(overlapping.length).toBeGreaterThan(many.length / 4);
  });

  it('lets an edge be seen: greys change more across outlines than elsewhere', () => {
    let [across, anywhere, count] = [0, 0, 0];
    for (const { image, objects } of many) {
      const { data, width } = image;
      const steps = (at: number): number => Math.abs(data[at]! - data[at + 4]!);
      for (const mask of objects) {
        for (let at = 0; at + 4 < data.length; at += 3) {
          if (at % width > width - 5) continue;
          if (mask.data[at + 1] === mask.data[at + 3]) continue;
          across += steps(at);
          anywhere += steps((at + 61 * width) % (data.length - 4));
          count++;
        }
      }
    }
    expect(count).toBeGreaterThan(1000);
    expect(across).toBeGreaterThan(1.5 * anywhere);
  });

  it.each([
    [{ index: -1 }, 'index -1'],
    [{ index: 0.5 }, 'index 0.5'],
    [{ size: { height: 32, width: 200 } }, '32 x 200'],
  ])('refuses %o', (change, text) => {
    expect(() => generateScene({ ...options, ...change })).toThrow(DatasetError);
    expect(() => generateScene({ ...options, ...change })).toThrow(text);
  });
});

describe('rasterise', () => {
  const square: Figure = {
    family: 'polygon',
    outlines: [Float64Array.from([9.5, 4.5, 19.5, 4.5, 19.5, 24.5, 9.5, 24.5])],
    holes: [Float64Array.from([12.5, 9.5, 16.5, 9.5, 16.5, 19.5, 12.5, 19.5])],
    inlays: [],
    material: {
      density: 0.5,
      dome: 0,
      rim: { width: 0.1, gain: 0 },
      texture: { name: 'clouds', gain: 0, px: [1, 1] },
      tilt: [0, 0],
      softness: 0,
      halo: { width: 0, gain: 0 },
    },
    turn: 0,
  };
  const textures = drawTextures(createRng(1));
  const size = { height: 40, width: 40 };

  it('sets exactly the pixels inside: 10 x 20 less a hole of 4 x 10', () => {
    const patch = rasterise(square, size, textures)!;
    expect(patch.area).toBe(10 * 20 - 4 * 10);
    const at = (x: number, y: number): number => (y - patch.top) * patch.width + x - patch.left;
    expect([at(10, 5), at(19, 24), at(12, 10), at(17, 19)].map((i) => patch.mask[i])).toEqual([1, 1, 1, 1]);
    expect([at(9, 5), at(20, 24), at(13, 10), at(16, 19)].map((i) => patch.mask[i])).toEqual([0, 0, 0, 0]);
    expect(patch.absorbed[at(11, 7)]).toBeCloseTo(0.5, 5);
    expect(patch.absorbed[at(14, 12)]).toBe(0);
  });

  it('covers pixels by parts at the edge', () => {
    const quarter = {
      ...square,
      outlines: [Float64Array.from([9.75, 5, 19, 5, 19, 24, 9.75, 24])],
      holes: [],
    };
    const patch = rasterise(quarter, size, textures)!;
    const at = (x: number, y: number): number => (y - patch.top) * patch.width + x - patch.left;
    expect(patch.cover[at(10, 10)]).toBeCloseTo(0.75, 5);
    expect(patch.cover[at(19, 10)]).toBeCloseTo(0.5, 5);
    expect(patch.cover[at(15, 5)]).toBeCloseTo(0.5, 5);
  });

  it('leaves out what does not reach into the image', () => {
    const away = { ...square, outlines: [square.outlines[0]!.map((value) => value - 60)] };
    expect(rasterise(away, size, textures)).toBeUndefined();
  });
});

describe('addBlocking', () => {
  const size = { height: 16, width: 16 };
  const rng = createRng(5);
  const values = Float32Array.from({ length: 256 }, () => rng.uniform());

  it('keeps values for steps near 0, since the transform is its own way back', () => {
    const same = values.slice();
    addBlocking(same, size, 1e-6);
    for (const [i, value] of same.entries()) expect(value).toBeCloseTo(values[i]!, 4);
  });

  it('leaves one tone a block for large steps', () => {
    const flat = values.slice();
    addBlocking(flat, size, 3.7);
    expect(new Set(Array.from(flat, (value) => value.toFixed(4))).size).toBeLessThanOrEqual(4);
  });
});
