import { describe, expect, it } from 'vitest';
import { createRng } from '../../src/base/rng.ts';
import { emptyMask } from '../../src/masks/mask.ts';
import { encodeRle } from '../../src/masks/rle.ts';
import { batchFeeds, drawSamples } from '../../src/training/batches.ts';
import { rasterTarget } from '../../src/training/labels.ts';
import { probabilitiesToMasks } from '../../src/training/predictor.ts';
import { learningRate } from '../../src/training/schedule.ts';
import { syntheticPlan } from './synthetic.ts';

/** Structures of 8 x 8 px: class 0 covers columns 0-4, class 1 columns 3-7. */
function overlapping() {
  return [
    [0, 5],
    [3, 8],
  ].map(([from, to], classIndex) => {
    const mask = emptyMask({ height: 8, width: 8 });
    for (let y = 0; y < 8; y++) mask.data.fill(1, y * 8 + from!, y * 8 + to!);
    return { classIndex, rle: encodeRle(mask) };
  });
}

describe('rasterTarget', () => {
  const [from, to] = [
    { height: 8, width: 8 },
    { height: 2, width: 4 },
  ];
  it('keeps overlapping masks apart for the overlapping head', () => {
    const target = rasterTarget(overlapping(), 2, from, to, 'overlapping');
    // Cells are 2 px wide: class 0 covers cells 0 and 1 wholly and half of 2, class 1 half of 1 and cells 2 and 3.
    expect([...target]).toEqual([1, 1, 1, 0, 1, 1, 1, 0, 0, 1, 1, 1, 0, 1, 1, 1]);
  });
  it('gives each pixel to the class that covers most of it for the exclusive head', () => {
    const target = rasterTarget(overlapping(), 2, from, to, 'exclusive');
    expect([...target]).toEqual([1, 1, 2, 2, 1, 1, 2, 2]);
  });
  it.each(['overlapping', 'exclusive'] as const)(
    'leaves no hole where the network sees finer than the image, %s head',
    (head) => {
      const finer = { height: 12, width: 8 };
      const rows = rasterTarget(overlapping().slice(0, 1), 1, from, finer, head);
      expect([...rows]).toEqual(new Array(12).fill([1, 1, 1, 1, 1, 0, 0, 0]).flat());
    },
  );
  it('leaves background where no class covers half of the pixel', () => {
    const mask = emptyMask(from);
    mask.data[0] = 1;
    const structures = [{ classIndex: 1, rle: encodeRle(mask) }];
    expect([...rasterTarget(structures, 2, from, to, 'exclusive')]).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
  });
});

describe('batches', () => {
  const plan = syntheticPlan('exclusive', 4);
  const sample = {
    id: 'a',
    image: new Float32Array(16).fill(0.5),
    target: Uint8Array.from({ length: 16 }, (_, i) => i % 3),
  };
  it('renames the classes of flipped images and of no others', () => {
    const draws = [
      { sample, flipped: false },
      { sample, flipped: true },
    ];
    const target = [...batchFeeds(draws, plan, [1, 0]).target!.data] as number[];
    expect(target.slice(0, 16)).toEqual([...sample.target]);
    expect(target.slice(16)).toEqual([...sample.target].map((label) => [0, 2, 1][label]));
  });
  it('exchanges the maps of flipped images for the overlapping head', () => {
    const maps = { ...sample, target: Uint8Array.from({ length: 32 }, (_, i) => (i < 16 ? 1 : 0)) };
    const feeds = batchFeeds([{ sample: maps, flipped: true }], syntheticPlan('overlapping', 4), [1, 0]);
    expect([...feeds.target!.data]).toEqual([...new Array(16).fill(0), ...new Array(16).fill(1)]);
  });
  it('flips only where it may, and about half of the time', () => {
    expect(drawSamples(createRng(1), [sample], 100, false).some(({ flipped }) => flipped)).toBe(false);
    const flips = drawSamples(createRng(1), [sample], 1000, true).filter(({ flipped }) => flipped).length;
    expect(Math.abs(flips - 500)).toBeLessThan(80);
  });
});

describe('learningRate', () => {
  it('rises to the peak and falls to zero in one cycle', () => {
    expect(learningRate('one-cycle', 1, 0)).toBeCloseTo(0.05);
    expect(learningRate('one-cycle', 1, 0.15)).toBeCloseTo(1);
    expect(learningRate('one-cycle', 1, 1)).toBeCloseTo(0);
  });
  it('falls to a hundredth with cosine', () => {
    expect(learningRate('cosine', 1, 0)).toBe(1);
    expect(learningRate('cosine', 1, 0.5)).toBeCloseTo(0.505);
    expect(learningRate('cosine', 1, 1)).toBeCloseTo(0.01);
  });
});

describe('probabilitiesToMasks', () => {
  const maps = {
    classes: 2,
    height: 1,
    width: 4,
    data: Float32Array.of(0.6, 0.3, 0.2, 0.7, 0.1, 0.4, 0.2, 0.9),
  };
  it('gives a pixel to the likeliest class unless background is likelier', () => {
    const masks = probabilitiesToMasks(
      { ...maps, data: Float32Array.of(0.6, 0.3, 0.2, 0.1, 0.1, 0.4, 0.2, 0.9) },
      'exclusive',
    );
    expect(masks.map(({ mask }) => [...mask.data])).toEqual([
      [1, 0, 0, 0],
      [0, 1, 0, 1],
    ]);
  });
  it('lets classes overlap, and leaves empty classes out', () => {
    expect(probabilitiesToMasks(maps, 'overlapping').map(({ mask }) => [...mask.data])).toEqual([
      [1, 0, 0, 1],
      [0, 0, 0, 1],
    ]);
    const none = { ...maps, data: maps.data.map((value) => value / 4) };
    expect(probabilitiesToMasks(none, 'overlapping')).toEqual([]);
  });
});
