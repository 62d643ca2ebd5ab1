/**
 * @file Percentile bootstrap over images (Efron 1979): how much a mean would change with other images of the
 * same kind.
 *
 * The values of one image (one per class) belong together, so whole images are drawn with replacement and the
 * mean is taken over all their values, as in a cluster bootstrap.
 */
import { createRng, type Rng } from '../base/rng.ts';

export interface BootstrapOptions {
  /** Number of resamples. Default 2000. */
  readonly resamples?: number;
  /** Coverage of the interval, in (0, 1). Default 0.95. */
  readonly level?: number;
  /** Seed of the draws; the same seed and values give the same interval. Default 1. */
  readonly seed?: number;
}

export interface Interval {
  readonly low: number;
  readonly high: number;
}

export interface PairedDifference {
  /** Mean of the second method minus mean of the first. */
  readonly difference: number;
  /** Percentile interval of the difference. */
  readonly interval: Interval;
  /**
   * Two-sided p value: twice the smaller share of resamples in which the difference is at most, or at least,
   * zero; (count + 1) / (resamples + 1) each, so never 0, and at most 1.
   */
  readonly p: number;
}

/** Values of one image, one per scored class; an image without any counts for nothing but is drawn like the others. */
export type ValuesPerImage = readonly (readonly number[])[];

/** Interval of the mean over all values; undefined where there is no value or only one image. */
export function bootstrapMean(images: ValuesPerImage, options: BootstrapOptions = {}): Interval | undefined {
  const groups = images.map(sumAndCount);
  if (groups.length < 2 || groups.every((group) => group.count === 0)) return undefined;
  const rng = createRng(options.seed ?? 1);
  const means: number[] = [];
  for (let i = 0; i < (options.resamples ?? 2000); i++) {
    const mean = meanOf(drawn(groups, rng));
    if (mean !== undefined) means.push(mean);
  }
  return percentileInterval(means, options.level ?? 0.95);
}

/**
 * Compares two methods scored on the same images, in the same order: both are resampled with the same draws.
 * Undefined where one of them has no value or there is only one image.
 */
export function pairedBootstrap(
  first: ValuesPerImage,
  second: ValuesPerImage,
  options: BootstrapOptions = {},
): PairedDifference | undefined {
  if (first.length !== second.length) throw new RangeError('pairedBootstrap: the methods differ in images');
  const pairs = first.map((values, i) => [sumAndCount(values), sumAndCount(second[i]!)] as const);
  const before = meanOf(pairs.map((pair) => pair[0]));
  const after = meanOf(pairs.map((pair) => pair[1]));
  if (pairs.length < 2 || before === undefined || after === undefined) return undefined;

  const rng = createRng(options.seed ?? 1);
  const differences: number[] = [];
  for (let i = 0; i < (options.resamples ?? 2000); i++) {
    const sample = drawn(pairs, rng);
    const a = meanOf(sample.map((pair) => pair[0]));
    const b = meanOf(sample.map((pair) => pair[1]));
    if (a !== undefined && b !== undefined) differences.push(b - a);
  }
  const share = (count: number): number => (count + 1) / (differences.length + 1);
  const atMost = share(differences.filter((d) => d <= 0).length);
  const atLeast = share(differences.filter((d) => d >= 0).length);
  return {
    difference: after - before,
    interval: percentileInterval(differences, options.level ?? 0.95),
    p: Math.min(1, 2 * Math.min(atMost, atLeast)),
  };
}

/** The value below which the share `q` of the values lies, linear between neighbours; NaN for no values. */
export function quantile(values: readonly number[] | Float64Array, q: number): number {
  if (values.length === 0) return Number.NaN;
  const sorted = Float64Array.from(values).sort();
  const at = q * (sorted.length - 1);
  const below = Math.floor(at);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return low + (high - low) * (at - below);
}

interface SumAndCount {
  readonly sum: number;
  readonly count: number;
}

function sumAndCount(values: readonly number[]): SumAndCount {
  return { sum: values.reduce((sum, value) => sum + value, 0), count: values.length };
}

function meanOf(groups: readonly SumAndCount[]): number | undefined {
  let [sum, count] = [0, 0];
  for (const group of groups) {
    sum += group.sum;
    count += group.count;
  }
  return count === 0 ? undefined : sum / count;
}

function drawn<T>(items: readonly T[], rng: Rng): T[] {
  return items.map(() => items[rng.below(items.length)]!);
}

function percentileInterval(values: readonly number[], level: number): Interval {
  return { low: quantile(values, (1 - level) / 2), high: quantile(values, (1 + level) / 2) };
}
