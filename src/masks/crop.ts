/** @file The part of a mask within a box, and back. */
import type { BoxXyxy, Size } from '../base/geometry.ts';
import { emptyMask, type Mask } from './mask.ts';

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

/** A mask of `size` that is empty but for the part, whose top left corner lies at (x0, y0); the part lies within it. */
export function pasteMask(
  part: Mask,
  { x0, y0 }: { readonly x0: number; readonly y0: number },
  size: Size,
): Mask {
  const mask = emptyMask(size);
  for (let y = 0; y < part.height; y++) {
    const row = part.data.subarray(y * part.width, (y + 1) * part.width);
    mask.data.set(row, (y + y0) * size.width + x0);
  }
  return mask;
}
