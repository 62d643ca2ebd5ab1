/** @file The part of a mask within a box. */
import type { BoxXyxy } from '../base/geometry.ts';
import type { Mask } from './mask.ts';

/** A copy of the pixels within the box, both corners inclusive; the box lies in the mask. */
export function cropMask(mask: Mask, [x0, y0, x1, y1]: BoxXyxy): Mask {
  const width = x1 - x0 + 1;
  const height = y1 - y0 + 1;
  const data = new Uint8Array(height * width);
  for (let y = 0; y < height; y++) {
    const row = (y + y0) * mask.width + x0;
    data.set(mask.data.subarray(row, row + width), y * width);
  }
  return { height, width, data };
}
