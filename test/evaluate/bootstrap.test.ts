import { describe, expect, it } from 'vitest';
import { createRng } from '../../src/base/rng.ts';
import { bootstrapMean, pairedBootstrap, quantile } from '../../src/evaluate/bootstrap.ts';

describe('quantile', () => {
  it('interpolates between neighbours as numpy does by default', () => {
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5);
    expect(quantile([4, 1, 3, 2], 0.95)).toBeCloseTo(3.85, 12);
    expect(quantile([7], 0.3)).toBe(7);
    expect(quantile([], 0.5)).toBeNaN();
  });
});

describe('bootstrapMean', () => {
  const rng = createRng(5);
  const images = Array.from({ length: 60 }, () => [0.5 + 0.1 * rng.normal()]);

  it('is about 1.96 standard errors to each side for many independent values', () => {
    const values = images.flat();
    const mean = values.reduce((a, b) => a + b) / values.length;
    const std = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length);
    const interval = bootstrapMean(images, { resamples: 4000 })!;
    const half = (1.96 * std) / Math.sqrt(values.length);
    expect(mean - interval.low).toBeGreaterThan(0.9 * half);
    expect(mean - interval.low).toBeLessThan(1.1 * half);
    expect(interval.high - mean).toBeGreaterThan(0.9 * half);
    expect(interval.high - mean).toBeLessThan(1.1 * half);
  });

  it('is the same for the same seed and another for another', () => {
    expect(bootstrapMean(images, { seed: 3 })).toEqual(bootstrapMean(images, { seed: 3 }));
    expect(bootstrapMean(images, { seed: 3 })).not.toEqual(bootstrapMean(images, { seed: 4 }));
  });

  it('draws whole images: copies of a value inside its image narrow nothing', () => {
    const copied = images.map((values) => values.flatMap((v) => [v, v, v, v, v, v, v, v]));
    const [once, eightfold] = [bootstrapMean(images)!, bootstrapMean(copied)!];
    expect(eightfold.high - eightfold.low).toBeCloseTo(once.high - once.low, 10);
  });

  it('is a point where all images agree, and undefined where it cannot be', () => {
    expect(bootstrapMean([[0.5], [0.5, 0.5]])).toEqual({ low: 0.5, high: 0.5 });
    expect(bootstrapMean([[0.7, 0.2]])).toBeUndefined();
    expect(bootstrapMean([[], []])).toBeUndefined();
  });
});

describe('pairedBootstrap', () => {
  const rng = createRng(8);
  const first = Array.from({ length: 40 }, () => [0.3 + 0.5 * rng.uniform()]);

  it('finds a small steady gain that hides in the spread of the images', () => {
    const second = first.map(([v]) => [v! + 0.01 + 0.002 * rng.normal()]);
    const result = pairedBootstrap(first, second)!;
    expect(result.difference).toBeCloseTo(0.01, 2);
    expect(result.interval.low).toBeGreaterThan(0);
    expect(result.p).toBeLessThan(0.01);
    const [a, b] = [bootstrapMean(first)!, bootstrapMean(second)!];
    expect(a.high).toBeGreaterThan(b.low);
  });

  it('finds nothing in noise', () => {
    const second = first.map(([v], i) => [v! + (i % 2 === 0 ? 0.05 : -0.05)]);
    expect(pairedBootstrap(first, second)!.p).toBeGreaterThan(0.2);
  });

  it('gives p = 1 for equal methods and changes sign with the order', () => {
    const second = first.map(([v]) => [v! * 0.9]);
    expect(pairedBootstrap(first, first)!.p).toBe(1);
    expect(pairedBootstrap(first, second)!.difference).toBeCloseTo(
      -pairedBootstrap(second, first)!.difference,
      12,
    );
  });

  it('is undefined without values', () => {
    expect(pairedBootstrap([[0.5]], [[0.6]])).toBeUndefined();
    expect(pairedBootstrap([[0.5], [0.4]], [[], []])).toBeUndefined();
  });
});
