/** @file Masks and boxes, points on the other side: left becomes right. */
import type { BoxXyxy, PointXy } from '../base/geometry.ts';
import type { Mask } from './mask.ts';
import { decodeRle, encodeRle, type Rle } from './rle.ts';

function mirrorMask(mask: Mask): Mask {
  const data = mask.data.slice();
  for (let start = 0; start < data.length; start += mask.width) {
    data.subarray(start, start + mask.width).reverse();
  }
  return { ...mask, data };
}

export function mirrorRle(rle: Rle): Rle {
  return encodeRle(mirrorMask(decodeRle(rle)));
}

/** In an image of this width, px. */
export function mirrorPoint([x, y]: PointXy, width: number): PointXy {
  return [width - 1 - x, y];
}

/** In an image of this width, px; both corners are inside of the box. */
export function mirrorBox([x0, y0, x1, y1]: BoxXyxy, width: number): BoxXyxy {
  return [width - 1 - x1, y0, width - 1 - x0, y1];
}
