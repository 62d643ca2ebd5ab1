/** @file A part of a mask on a coarser or finer grid, as the share of each cell that it covers. */
import type { Size } from '../base/geometry.ts';
import type { Mask } from './mask.ts';

/** A part of an image, px. */
export interface Window extends Size {
  /** Its first column and row. */
  readonly x: number;
  readonly y: number;
}

/**
 * The shares [cells.height, cells.width], in [0, 1], that a mask covers of the cells into which a window of it is cut;
 * exact, whatever the sizes. The window lies in the mask.
 */
export function coverage(mask: Mask, window: Window, cells: Size): Float32Array {
  const { x, y, height, width } = window;
  const perRow = new Float64Array(height * cells.width);
  const line = new Float64Array(Math.max(height, width) + 1);
  for (let row = 0; row < height; row++) {
    const from = (y + row) * mask.width + x;
    let total = 0;
    for (let i = 0; i < width; i++) line[i + 1] = total += mask.data[from + i]!;
    if (total > 0) meansBetween(line, width, cells.width, perRow, row * cells.width, 1);
  }
  const shares = new Float64Array(cells.height * cells.width);
  for (let column = 0; column < cells.width; column++) {
    let total = 0;
    for (let i = 0; i < height; i++) line[i + 1] = total += perRow[i * cells.width + column]!;
    if (total > 0) meansBetween(line, height, cells.height, shares, column, cells.width);
  }
  return Float32Array.from(shares);
}

/** Means over `parts` equal parts of a line of `length` values, of which `sums` holds the sums up to each. */
function meansBetween(
  sums: Float64Array,
  length: number,
  parts: number,
  out: Float64Array,
  start: number,
  stride: number,
): void {
  const size = length / parts;
  let before = 0;
  for (let part = 0; part < parts; part++) {
    const end = (part + 1) * size;
    const whole = Math.min(Math.floor(end), length - 1);
    const upTo = sums[whole]! + (sums[whole + 1]! - sums[whole]!) * (end - whole);
    out[start + part * stride] = (upTo - before) / size;
    before = upTo;
  }
}
