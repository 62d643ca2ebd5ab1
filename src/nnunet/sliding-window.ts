/**
 * @file Prediction patch by patch: patches overlap by a half, and what they say counts by a Gaussian, because networks
 * know less at the border of a patch than in its middle (Isensee et al. 2021).
 */
import type { Size } from '../base/geometry.ts';
import { cutPlanes } from './patches.ts';
import type { PreparedImage } from './prepare.ts';

/** Deviation of the weights as a part of the patch's side. */
const DEVIATION = 1 / 8;
/** Part of its side by which one patch is at most away from the next. */
const STEP = 1 / 2;

/** First pixels of patches along a side that is at least as long, evenly spread from its begin to its end. */
export function windowStarts(length: number, patch: number): number[] {
  const count = Math.ceil((length - patch) / (STEP * patch)) + 1;
  if (count === 1) return [0];
  return Array.from({ length: count }, (_, i) => Math.round((i * (length - patch)) / (count - 1)));
}

/** Weights of a patch's pixels, 1 in its middle and never 0. */
export function gaussianWeights({ height, width }: Size): Float32Array {
  const along = (length: number): number[] =>
    Array.from({ length }, (_, i) => Math.exp(-(((i - (length - 1) / 2) / (DEVIATION * length)) ** 2) / 2));
  const columns = along(width);
  return Float32Array.from(
    along(height).flatMap((row) => columns.map((column) => Math.max(row * column, 1e-6))),
  );
}

/**
 * The weighted mean of what overlapping patches say: maps [channels, image.height, image.width]. An image that is
 * smaller than a patch lies in its middle.
 *
 * @param run from a patch [patch.height, patch.width] to its maps [channels, patch.height, patch.width]
 */
export async function slide(
  image: PreparedImage,
  patch: Size,
  channels: number,
  run: (patch: Float32Array) => Promise<Float32Array>,
): Promise<Float32Array> {
  const padded = { height: Math.max(image.height, patch.height), width: Math.max(image.width, patch.width) };
  const [above, before] = [
    Math.floor((padded.height - image.height) / 2),
    Math.floor((padded.width - image.width) / 2),
  ];
  const weights = gaussianWeights(patch);
  const { height, width } = image;
  const sums = new Float32Array(channels * height * width);
  const totals = new Float32Array(height * width);
  for (const windowTop of windowStarts(padded.height, patch.height)) {
    for (const windowLeft of windowStarts(padded.width, patch.width)) {
      const [top, left] = [windowTop - above, windowLeft - before];
      const part = new Float32Array(patch.height * patch.width);
      cutPlanes(image.data, image, { top, left }, part, patch);
      const said = await run(part);
      for (let row = Math.max(0, -top); row < Math.min(patch.height, height - top); row++) {
        for (let column = Math.max(0, -left); column < Math.min(patch.width, width - left); column++) {
          const [from, to] = [row * patch.width + column, (top + row) * width + left + column];
          const weight = weights[from]!;
          totals[to]! += weight;
          for (let c = 0; c < channels; c++) {
            sums[c * height * width + to]! += weight * said[c * patch.height * patch.width + from]!;
          }
        }
      }
    }
  }
  return sums.map((sum, at) => sum / totals[at % totals.length]!);
}
