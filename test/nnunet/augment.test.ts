/** @file Augmentation: each effect by itself, and that labels go where pixels go. */
import { describe, expect, it } from 'vitest';
import { createRng } from '../../src/base/rng.ts';
import { buildModel } from '../../src/graph/build.ts';
import { input } from '../../src/graph/tensor.ts';
import {
  augmentPatches,
  drawAugmentation,
  patchToCrop,
  smearing,
  warpMargin,
} from '../../src/nnunet/augment.ts';
import { type Feeds, openSession } from '../../src/runtime/session.ts';
import { float32 } from '../../src/tensor/array.ts';

const PATCH = { height: 8, width: 8 };
const CROP = { height: 12, width: 16 };
const [TOP, LEFT] = [2, 4];
const rng = createRng(6);
const crop = Float32Array.from({ length: CROP.height * CROP.width }, () => rng.uniform());
const labels = Float32Array.from(crop, (value) => (value > 0.5 ? 1 : 0));
/** The middle of the crop. */
const middle = (of: Float32Array): number[] =>
  Array.from({ length: 64 }, (_, i) => of[(TOP + Math.floor(i / 8)) * CROP.width + LEFT + (i % 8)]!);

const NEUTRAL = {
  affine: float32([1, 2, 3], patchToCrop(0, 1, false, PATCH, CROP)),
  rows: float32([1, 1, 8, 8], smearing(8, 0, 1)),
  columns: float32([1, 1, 8, 8], smearing(8, 0, 1)),
  noise: float32([1, 1, 8, 8], new Float32Array(64).fill(1)),
  noiseLevel: float32([1, 1, 1, 1], [0]),
  brightness: float32([1, 1, 1, 1], [1]),
  contrast: float32([1, 1, 1, 1], [1]),
  invertedGamma: float32([1, 1, 1, 1], [1]),
  gamma: float32([1, 1, 1, 1], [1]),
};

async function augmented(changes: Feeds = {}): Promise<{ image: number[]; target: number[] }> {
  const shape = [1, 1, CROP.height, CROP.width];
  const { image, target } = augmentPatches(input('image', shape), input('labels', shape), PATCH);
  const session = await openSession(buildModel({ patch: image, labelled: target }), { threads: 1 });
  const feeds = { ...NEUTRAL, ...changes, image: float32(shape, crop), labels: float32(shape, labels) };
  const results = await session.run(feeds);
  await session.close();
  const list = (name: string): number[] => [...(results[name]!.data as Float32Array)];
  return { image: list('patch'), target: list('labelled') };
}
const one = (value: number) => float32([1, 1, 1, 1], [value]);
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
const deviation = (values: readonly number[]): number =>
  Math.sqrt(mean(values.map((value) => (value - mean(values)) ** 2)));
function expectClose(seen: readonly number[], expected: readonly number[]): void {
  expect(seen).toHaveLength(expected.length);
  for (const [i, value] of seen.entries()) expect(value, `${i}`).toBeCloseTo(expected[i]!, 4);
}

describe('a patch', () => {
  it('is the middle of the crop where nothing is drawn', async () => {
    const { image, target } = await augmented();
    expectClose(image, middle(crop));
    expect(target).toEqual(middle(labels));
  });

  it('is mirrored where it is flipped, its labels with it', async () => {
    const { image, target } = await augmented({
      affine: float32([1, 2, 3], patchToCrop(0, 1, true, PATCH, CROP)),
    });
    const turned = (of: number[]): number[] => of.map((_, i) => of[i - 2 * (i % 8) + 7]!);
    expectClose(image, turned(middle(crop)));
    expect(target).toEqual(turned(middle(labels)));
  });

  it('is turned by its angle, in px and not in parts of its sides', async () => {
    const { image } = await augmented({
      affine: float32([1, 2, 3], patchToCrop(Math.PI / 2, 1, false, PATCH, CROP)),
    });
    const straight = middle(crop);
    expectClose(
      image,
      straight.map((_, i) => straight[(i % 8) * 8 + 7 - Math.floor(i / 8)]!),
    );
  });

  it('shows what lies around it where it is shrunk', () => {
    expect(warpMargin({ height: 100, width: 100 })).toEqual({ height: 49, width: 49 });
    const long = warpMargin({ height: 100, width: 200 });
    // Turned by 15 degrees at most: (100 cos + 200 sin) 1.4 rows.
    expect(long.height).toBe(Math.ceil((148.357 * 1.4 - 100) / 2));
  });

  it('gets noise, brightness and contrast', async () => {
    const plain = middle(crop);
    const { image: noisy } = await augmented({ noiseLevel: one(0.25) });
    expectClose(
      noisy,
      plain.map((value) => value + 0.25),
    );
    const { image: bright } = await augmented({ brightness: one(1.25) });
    expectClose(
      bright,
      plain.map((value) => value * 1.25),
    );
    const { image: flat } = await augmented({ contrast: one(0.75) });
    expectClose(
      flat,
      plain.map((value) => mean(plain) + 0.75 * (value - mean(plain))),
    );
    const { image: steep } = await augmented({ contrast: one(1.25) });
    expect(Math.max(...steep)).toBeCloseTo(Math.max(...plain), 5);
    expect(deviation(steep)).toBeGreaterThan(deviation(plain));
  });

  it.each(['gamma', 'invertedGamma'] as const)('is bent by %s with mean and deviation kept', async (name) => {
    const plain = middle(crop);
    const { image, target } = await augmented({ [name]: one(1.5) });
    expect(mean(image)).toBeCloseTo(mean(plain), 4);
    expect(deviation(image)).toBeCloseTo(deviation(plain), 4);
    expect(target).toEqual(middle(labels));
    // An exponent above 1 pulls the middle greys to the dark end, of an inverted image to the bright one.
    const centre = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[32]!;
    const shift = centre(image) - centre(plain);
    expect(Math.sign(shift)).toBe(name === 'gamma' ? -1 : 1);
  });
});

describe('smearing', () => {
  it('keeps what is even, and an image whose resolution is kept', () => {
    for (const [sigma, resolution] of [
      [0, 1],
      [1, 1],
      [0, 0.5],
      [0.7, 0.6],
    ] as const) {
      const matrix = smearing(9, sigma, resolution);
      for (let row = 0; row < 9; row++)
        expect(mean([...matrix.subarray(row * 9, row * 9 + 9)]) * 9).toBeCloseTo(1, 5);
    }
    expect([...smearing(3, 0, 1)]).toEqual([1, 0, 0, 0, 1, 0, 0, 0, 1]);
  });

  it('blurs by the Gaussian, and shows a half of the pixels', () => {
    const blurred = smearing(21, 1, 1).subarray(10 * 21, 11 * 21);
    expect(blurred[11]! / blurred[10]!).toBeCloseTo(Math.exp(-0.5), 5);
    expect(blurred[12]! / blurred[10]!).toBeCloseTo(Math.exp(-2), 5);
    const halved = smearing(8, 0, 0.5);
    const used = new Set([...halved].flatMap((weight, at) => (weight > 0 ? [at % 8] : [])));
    expect([...used].sort()).toEqual([1, 3, 5, 7]);
  });
});

describe('what is drawn', () => {
  it('leaves most patches alone in each respect, and never all', () => {
    const own = createRng(3);
    const bank = new Float32Array(1000);
    const draws = Array.from({ length: 400 }, () => drawAugmentation(own, [false], PATCH, CROP, bank));
    const share = (name: string, neutral: number): number =>
      draws.filter((draw) => draw[name]!.data[0] !== neutral).length / draws.length;
    for (const [name, neutral, expected] of [
      ['noiseLevel', 0, 0.1],
      ['brightness', 1, 0.15],
      ['contrast', 1, 0.15],
      ['invertedGamma', 1, 0.1],
      ['gamma', 1, 0.3],
      ['affine', Math.fround(0.5), 0.36],
    ] as const) {
      expect(Math.abs(share(name, neutral) - expected), name).toBeLessThan(0.06);
    }
  });
});
