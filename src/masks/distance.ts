/**
 * @file Exact Euclidean distance transform in linear time (Felzenszwalb & Huttenlocher, 'Distance Transforms of
 * Sampled Functions', 2012): a scan along columns, then per row the lower envelope of one parabola per pixel.
 */
import type { PointXy, Size } from '../base/geometry.ts';
import { cropMask } from './crop.ts';
import { type Mask, maskBox } from './mask.ts';

export interface DistanceOptions {
  /** Distance of pixel centres along rows and columns, [row, col]; [1, 1] gives px. */
  readonly spacing?: readonly [row: number, col: number];
}

/**
 * Squared distance of every pixel centre to the nearest set pixel of `features`: 0 on set pixels, Infinity
 * everywhere where none is set. Row-major, length height x width; px^2, or the square of the spacing's unit.
 */
export function squaredDistanceTo(features: Mask, options: DistanceOptions = {}): Float64Array {
  const { height, width, data } = features;
  const [rowSpacing, colSpacing] = options.spacing ?? [1, 1];
  const out = new Float64Array(height * width);
  scanColumns(data, out, { height, width }, rowSpacing);
  const envelope = createRowEnvelope(width, colSpacing);
  for (let y = 0; y < height; y++) envelope(out.subarray(y * width, (y + 1) * width));
  return out;
}

/**
 * Squared distance of every set pixel to the nearest unset one, 0 on unset pixels. What lies outside the image
 * counts as unset when `outsideIsUnset`, and is ignored otherwise (a full mask is then Infinity everywhere).
 */
export function squaredDistanceInside(
  mask: Mask,
  outsideIsUnset: boolean,
  options: DistanceOptions = {},
): Float64Array {
  const { height, width, data } = mask;
  if (!outsideIsUnset) {
    return squaredDistanceTo({ height, width, data: data.map((value) => 1 - value) }, options);
  }
  const padded = { height: height + 2, width: width + 2 };
  const complement = new Uint8Array(padded.height * padded.width).fill(1);
  for (let y = 0; y < height; y++) {
    const row = (y + 1) * padded.width + 1;
    for (let x = 0; x < width; x++) complement[row + x] = 1 - data[y * width + x]!;
  }
  const distance = squaredDistanceTo({ ...padded, data: complement }, options);
  const out = new Float64Array(height * width);
  for (let y = 0; y < height; y++) {
    const row = (y + 1) * padded.width + 1;
    out.set(distance.subarray(row, row + width), y * width);
  }
  return out;
}

/**
 * The set pixel that lies deepest inside the mask (the peak of its distance transform, the first in row-major
 * order on a tie), the outside of the image counting as background. undefined for an empty mask.
 */
export function deepestPixel(mask: Mask): PointXy | undefined {
  const box = maskBox(mask);
  if (box === undefined) return undefined;
  // Around its tight box a mask is unset, so the box is all that needs to be looked at.
  const cut = cropMask(mask, box);
  const distance = squaredDistanceInside(cut, true);
  let best = 0;
  for (let i = 1; i < distance.length; i++) if (distance[i]! > distance[best]!) best = i;
  return [box[0] + (best % cut.width), box[1] + Math.floor(best / cut.width)];
}

/** Squared distance along the column to the nearest feature, for every pixel. */
function scanColumns(data: Uint8Array, out: Float64Array, size: Size, spacing: number): void {
  const { height, width } = size;
  const steps = new Float64Array(width).fill(Number.POSITIVE_INFINITY);
  for (let y = 0; y < height; y++) {
    const row = y * width;
    for (let x = 0; x < width; x++) {
      steps[x] = data[row + x] === 1 ? 0 : steps[x]! + 1;
      out[row + x] = steps[x]!;
    }
  }
  steps.fill(Number.POSITIVE_INFINITY);
  for (let y = height - 1; y >= 0; y--) {
    const row = y * width;
    for (let x = 0; x < width; x++) {
      steps[x] = data[row + x] === 1 ? 0 : steps[x]! + 1;
      const along = Math.min(out[row + x]!, steps[x]!) * spacing;
      out[row + x] = along * along;
    }
  }
}

/** A function that replaces a row f by min over q of f(q) + (spacing (p - q))^2, with buffers of its own. */
function createRowEnvelope(width: number, spacing: number): (row: Float64Array) => void {
  const source = new Float64Array(width);
  /** Columns of the parabolas in the envelope, and the columns from which each is the lowest. */
  const vertex = new Int32Array(width);
  const from = new Float64Array(width + 1);
  const square = spacing * spacing;

  return (row) => {
    source.set(row);
    let count = 0;
    for (let q = 0; q < width; q++) {
      const height = source[q]!;
      if (height === Number.POSITIVE_INFINITY) continue;
      let start = Number.NEGATIVE_INFINITY;
      while (count > 0) {
        const p = vertex[count - 1]!;
        start = ((height - source[p]!) / square + q * q - p * p) / (2 * (q - p));
        if (start > from[count - 1]!) break;
        count--;
        start = Number.NEGATIVE_INFINITY;
      }
      vertex[count] = q;
      from[count] = start;
      count++;
    }
    if (count === 0) return;
    from[count] = Number.POSITIVE_INFINITY;
    let k = 0;
    for (let x = 0; x < width; x++) {
      while (from[k + 1]! < x) k++;
      const step = x - vertex[k]!;
      row[x] = source[vertex[k]!]! + square * step * step;
    }
  };
}
