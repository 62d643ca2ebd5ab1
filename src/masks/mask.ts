/**
 * @file Masks. Several structures of one image may overlap, so an image has a list of masks, one per class,
 * and never one label map.
 */
import type { BoxXyxy, Size } from '../base/geometry.ts';

/** A binary mask: `data[row * width + col]` is 0 or 1. */
export interface Mask extends Size {
  readonly data: Uint8Array;
}

/** The mask of one structure in one image. */
export interface ClassMask {
  /** Index into the class list of the data set. */
  readonly classIndex: number;
  readonly mask: Mask;
}

export function emptyMask(size: Size): Mask {
  return { height: size.height, width: size.width, data: new Uint8Array(size.height * size.width) };
}

/** Number of set pixels. */
export function maskArea(mask: Mask): number {
  const { data } = mask;
  let area = 0;
  for (let i = 0; i < data.length; i++) area += data[i]!;
  return area;
}

/** The indices of the set pixels, in row-major order. */
export function setPixels(mask: Mask): Int32Array {
  const { data } = mask;
  const pixels = new Int32Array(maskArea(mask));
  let count = 0;
  for (let i = 0; count < pixels.length; i++) if (data[i] !== 0) pixels[count++] = i;
  return pixels;
}

/** The tight bounding box (pixel indices, inclusive), or undefined for an empty mask. */
export function maskBox(mask: Mask): BoxXyxy | undefined {
  const { width, height, data } = mask;
  let [x0, y0, x1, y1] = [width, height, -1, -1];
  for (let y = 0; y < height; y++) {
    const row = y * width;
    for (let x = 0; x < width; x++) {
      if (data[row + x] === 0) continue;
      if (x < x0) x0 = x;
      if (x > x1) x1 = x;
      if (y < y0) y0 = y;
      y1 = y;
    }
  }
  return x1 < 0 ? undefined : [x0, y0, x1, y1];
}
