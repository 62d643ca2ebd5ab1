/**
 * @file Resizing. Pixel centres sit at halves of the sampling grid: output i lies at (i + 0.5) * scale of the input.
 *
 * With antialias (images): a triangle filter, widened by the scale when shrinking, along rows and then columns, as
 * Pillow's BILINEAR. Bytes use Pillow's fixed point of 22 bits with rounding after each pass, and are equal to its
 * output bit by bit. Without antialias (probability maps): plain linear interpolation, edges repeated. Masks: the
 * nearest pixel.
 */
import type { Size } from '../base/geometry.ts';
import type { ByteGrid } from './byte-grid.ts';
import type { Image } from './image.ts';

/** Bits after the point in Pillow's 8-bit resampling: 32 less 8 for the value and 2 for head room. */
const FIXED_POINT_BITS = 22;

/** An image at another size with its bits kept: antialiased bilinear; bytes exactly as Pillow's. */
export function resizeImage(image: Image, size: Size): Image {
  const { height, width } = size;
  if (image.bits === 8) {
    const bytes = image.data instanceof Uint8Array ? image.data : Uint8Array.from(image.data);
    return { height, width, bits: 8, data: resizeBytes(bytes, image, size) };
  }
  const values = resizeValues(image.data, image, size);
  return { height, width, bits: 16, data: Uint16Array.from(values, Math.round) };
}

/** Row-major bytes of size `from` at size `to`: antialiased bilinear in Pillow's fixed point. */
export function resizeBytes(data: Uint8Array, from: Size, to: Size): Uint8Array {
  const half = 1 << (FIXED_POINT_BITS - 1);
  const one = 1 << FIXED_POINT_BITS;
  let rows = data;
  if (from.width !== to.width) {
    const { starts, counts, weights, stride } = triangleWeights(from.width, to.width);
    const fixed = Int32Array.from(weights, (weight) => Math.floor(weight * one + 0.5));
    rows = new Uint8Array(from.height * to.width);
    for (let y = 0, out = 0; y < from.height; y++) {
      for (let x = 0; x < to.width; x++, out++) {
        let sum = half;
        const first = y * from.width + starts[x]!;
        for (let k = 0, w = x * stride; k < counts[x]!; k++, w++) sum += data[first + k]! * fixed[w]!;
        rows[out] = sum >> FIXED_POINT_BITS;
      }
    }
  }
  if (from.height === to.height) return rows === data ? data.slice() : rows;
  const { starts, counts, weights, stride } = triangleWeights(from.height, to.height);
  const fixed = Int32Array.from(weights, (weight) => Math.floor(weight * one + 0.5));
  const result = new Uint8Array(to.height * to.width);
  const sums = new Int32Array(to.width);
  for (let y = 0; y < to.height; y++) {
    sums.fill(half);
    for (let k = 0; k < counts[y]!; k++) {
      const weight = fixed[y * stride + k]!;
      const row = (starts[y]! + k) * to.width;
      for (let x = 0; x < to.width; x++) sums[x]! += rows[row + x]! * weight;
    }
    for (let x = 0; x < to.width; x++) result[y * to.width + x] = sums[x]! >> FIXED_POINT_BITS;
  }
  return result;
}

/** Row-major values of any range of size `from` at size `to`: antialiased bilinear without rounding. */
export function resizeValues(
  data: Float32Array | Uint16Array | Uint8Array,
  from: Size,
  to: Size,
): Float32Array {
  return resizeRows((y) => data.subarray(y * from.width, (y + 1) * from.width), from, to);
}

/** The same of rows that are made one after the other, so that not all need be there; undefined stands for zeros. */
export function resizeRows(
  rowAt: (y: number) => Float32Array | Uint16Array | Uint8Array | undefined,
  from: Size,
  to: Size,
): Float32Array {
  const rows = narrowed(rowAt, from, to.width);
  if (from.height === to.height) return rows;
  const { starts, counts, weights, stride } = triangleWeights(from.height, to.height);
  const result = new Float32Array(to.height * to.width);
  const sums = new Float64Array(to.width);
  for (let y = 0; y < to.height; y++) {
    sums.fill(0);
    for (let k = 0; k < counts[y]!; k++) {
      const weight = weights[y * stride + k]!;
      const row = (starts[y]! + k) * to.width;
      for (let x = 0; x < to.width; x++) sums[x]! += rows[row + x]! * weight;
    }
    result.set(sums, y * to.width);
  }
  return result;
}

/** The rows at another width. */
function narrowed(rowAt: Parameters<typeof resizeRows>[0], from: Size, width: number): Float32Array {
  const rows = new Float32Array(from.height * width);
  const { starts, counts, weights, stride } = triangleWeights(from.width, width);
  for (let y = 0; y < from.height; y++) {
    const row = rowAt(y);
    if (row === undefined) continue;
    if (from.width === width) {
      rows.set(row, y * width);
      continue;
    }
    for (let x = 0, out = y * width; x < width; x++, out++) {
      let sum = 0;
      for (let k = 0, at = starts[x]!, w = x * stride; k < counts[x]!; k++, at++, w++)
        sum += row[at]! * weights[w]!;
      rows[out] = sum;
    }
  }
  return rows;
}

/**
 * Maps [channels, height, width] at another size by linear interpolation without antialias: quick, and right for
 * enlarging. Half-pixel centres, edges repeated (PyTorch's interpolate with align_corners=False).
 */
export function resizeMaps(maps: Float32Array, channels: number, from: Size, to: Size): Float32Array {
  const columns = linearWeights(from.width, to.width);
  const lines = linearWeights(from.height, to.height);
  const result = new Float32Array(channels * to.height * to.width);
  const wide = new Float32Array(from.height * to.width);
  for (let c = 0; c < channels; c++) {
    const plane = c * from.height * from.width;
    for (let y = 0, out = 0; y < from.height; y++) {
      const row = plane + y * from.width;
      for (let x = 0; x < to.width; x++, out++) {
        const a = maps[row + columns.low[x]!]!;
        wide[out] = a + (maps[row + columns.high[x]!]! - a) * columns.fraction[x]!;
      }
    }
    for (let y = 0, out = c * to.height * to.width; y < to.height; y++) {
      const low = lines.low[y]! * to.width;
      const high = lines.high[y]! * to.width;
      const fraction = lines.fraction[y]!;
      for (let x = 0; x < to.width; x++, out++) {
        const a = wide[low + x]!;
        result[out] = a + (wide[high + x]! - a) * fraction;
      }
    }
  }
  return result;
}

/** A mask at another size: the pixel in which the centre of the new one falls, as Pillow's NEAREST. */
export function resizeMaskNearest(mask: ByteGrid, size: Size): ByteGrid {
  const { height, width } = size;
  const data = new Uint8Array(height * width);
  const columns = nearestIndices(mask.width, width);
  const lines = nearestIndices(mask.height, height);
  for (let y = 0, out = 0; y < height; y++) {
    const row = lines[y]! * mask.width;
    for (let x = 0; x < width; x++, out++) data[out] = mask.data[row + columns[x]!]!;
  }
  return { height, width, data };
}

function nearestIndices(from: number, to: number): Int32Array {
  return Int32Array.from({ length: to }, (_, i) => Math.min(from - 1, Math.floor(((i + 0.5) * from) / to)));
}

/** For each output: the inputs that it is a mean of, and their weights, which add up to 1. */
interface FilterWeights {
  readonly starts: Int32Array;
  readonly counts: Int32Array;
  /** `weights[output * stride + k]` belongs to input `starts[output] + k`. */
  readonly weights: Float64Array;
  readonly stride: number;
}

function triangleWeights(from: number, to: number): FilterWeights {
  const scale = from / to;
  const support = Math.max(1, scale);
  const stride = Math.ceil(support) * 2 + 1;
  const starts = new Int32Array(to);
  const counts = new Int32Array(to);
  const weights = new Float64Array(to * stride);
  for (let i = 0; i < to; i++) {
    const centre = (i + 0.5) * scale;
    const start = Math.max(0, Math.trunc(centre - support + 0.5));
    const end = Math.min(from, Math.trunc(centre + support + 0.5));
    let sum = 0;
    for (let k = 0; k < end - start; k++) {
      const weight = Math.max(0, 1 - Math.abs((k + start - centre + 0.5) * (1 / support)));
      weights[i * stride + k] = weight;
      sum += weight;
    }
    for (let k = 0; k < end - start; k++) weights[i * stride + k]! /= sum;
    starts[i] = start;
    counts[i] = end - start;
  }
  return { starts, counts, weights, stride };
}

/** For each output its two neighbours in the input and how far it lies from the lower to the higher one. */
function linearWeights(
  from: number,
  to: number,
): { low: Int32Array; high: Int32Array; fraction: Float32Array } {
  const low = new Int32Array(to);
  const high = new Int32Array(to);
  const fraction = new Float32Array(to);
  for (let i = 0; i < to; i++) {
    const at = Math.max(0, ((i + 0.5) * from) / to - 0.5);
    low[i] = Math.min(from - 1, Math.floor(at));
    high[i] = Math.min(from - 1, low[i]! + 1);
    fraction[i] = at - low[i]!;
  }
  return { low, high, fraction };
}
