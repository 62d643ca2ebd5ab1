/** @file Intensity windows: which values of a picture become black and which white. */
import type { Image } from './image.ts';

/**
 * Values at and below `low` become black, at and above `high` white. In percentiles of the picture's own values where
 * these are given.
 */
export type IntensityWindow =
  | { readonly low: number; readonly high: number }
  | { readonly percentiles: readonly [low: number, high: number] };

/** Where nothing else says what is black and what is white: all but one value in a hundred lies between. */
export const USUAL_PERCENTILES: IntensityWindow = { percentiles: [0.5, 99.5] };

/** A value of a picture and how many pixels have it. */
export type CountedValue = readonly [value: number, count: number];

/** Low and high of a window for a picture whose values are counted in ascending order. */
export function windowRange(
  window: IntensityWindow,
  ascending: readonly CountedValue[],
): readonly [low: number, high: number] {
  if ('low' in window) return [window.low, window.high];
  const [p, q] = window.percentiles;
  return [percentile(ascending, p), percentile(ascending, q)];
}

/** The place of a value in the range, in [0, 1]. Where low and high are one value, what is above it is white. */
export function shareOf(value: number, [low, high]: readonly [number, number]): number {
  if (high <= low) return value > low ? 1 : 0;
  return Math.min(1, Math.max(0, (value - low) / (high - low)));
}

/** The smallest value that `percent` of all pixels do not exceed; 0 for no pixels. */
function percentile(ascending: readonly CountedValue[], percent: number): number {
  const total = ascending.reduce((sum, [, count]) => sum + count, 0);
  let below = 0;
  for (const [value, count] of ascending) {
    below += count;
    if (below >= (percent / 100) * total) return value;
  }
  return ascending.at(-1)?.[0] ?? 0;
}

/** The image with a window stretched over all greys that its bits have. */
export function applyWindow(image: Image, window: IntensityWindow): Image {
  const counts = new Uint32Array(2 ** image.bits);
  for (const value of image.data) counts[value]! += 1;
  const present = [...counts.entries()].filter(([, count]) => count > 0);
  const range = windowRange(window, present);
  const white = 2 ** image.bits - 1;
  const table = Uint16Array.from(counts, (_, value) => Math.round(white * shareOf(value, range)));
  return { ...image, data: image.data.map((value) => table[value]!) };
}

/** Any numbers as greys of so many bits; what is no number is black. */
export function windowValues(
  values: Float64Array,
  bits: 8 | 16,
  window: IntensityWindow,
): Uint8Array | Uint16Array {
  const sorted = values.filter(Number.isFinite).sort();
  const range = windowRange(
    window,
    Array.from(sorted, (value): CountedValue => [value, 1]),
  );
  const white = 2 ** bits - 1;
  const greys = bits === 8 ? new Uint8Array(values.length) : new Uint16Array(values.length);
  values.forEach((value, i) => {
    greys[i] = Number.isNaN(value) ? 0 : Math.round(white * shareOf(value, range));
  });
  return greys;
}
