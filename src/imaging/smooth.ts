/** @file Gaussian smoothing of a map. */
import type { Size } from '../base/geometry.ts';

/**
 * `values` (row-major, length height x width) convolved with a Gaussian of the given standard deviation in px, cut
 * at three of them; beyond the border the nearest value goes on. Returns a copy for 0.
 */
export function smoothGaussian(values: Float32Array, size: Size, deviation: number): Float32Array {
  if (deviation === 0) return values.slice();
  const { height, width } = size;
  const kernel = gaussianKernel(deviation);
  const rows = new Float32Array(values.length);
  for (let y = 0; y < height; y++) smoothLine(values, rows, y * width, 1, width, kernel);
  const out = new Float32Array(values.length);
  for (let x = 0; x < width; x++) smoothLine(rows, out, x, width, height, kernel);
  return out;
}

/** Weights at distances 0, 1, 2, ...; the two-sided sum is 1. */
function gaussianKernel(deviation: number): Float64Array {
  const reach = Math.max(1, Math.ceil(3 * deviation));
  const kernel = new Float64Array(reach + 1);
  let sum = 0;
  for (let i = 0; i <= reach; i++) {
    kernel[i] = Math.exp((-i * i) / (2 * deviation * deviation));
    sum += (i === 0 ? 1 : 2) * kernel[i]!;
  }
  return kernel.map((weight) => weight / sum);
}

/** Smooths the `length` values at from, from + stride, ... */
function smoothLine(
  source: Float32Array,
  target: Float32Array,
  from: number,
  stride: number,
  length: number,
  kernel: Float64Array,
): void {
  const reach = kernel.length - 1;
  const last = length - 1;
  for (let i = 0; i < length; i++) {
    let sum = kernel[0]! * source[from + i * stride]!;
    for (let k = 1; k <= reach; k++) {
      const before = Math.max(0, i - k);
      const after = Math.min(last, i + k);
      sum += kernel[k]! * (source[from + before * stride]! + source[from + after * stride]!);
    }
    target[from + i * stride] = sum;
  }
}
