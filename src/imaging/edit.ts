/** @file What is done to a whole image before anything looks at it. */
import type { BoxXyxy } from '../base/geometry.ts';
import type { Image } from './image.ts';

/** The image with every box, corners included, black; what of a box lies outside of the image does not count. */
export function blackened(image: Image, boxes: readonly BoxXyxy[]): Image {
  const data = image.data.slice();
  for (const [x0, y0, x1, y1] of boxes) {
    for (let y = Math.max(0, y0); y <= Math.min(y1, image.height - 1); y++) {
      data.fill(0, y * image.width + x0, y * image.width + Math.min(x1 + 1, image.width));
    }
  }
  return { ...image, data };
}

/** Left becomes right. */
export function mirrorImage(image: Image): Image {
  const data = image.data.slice();
  for (let start = 0; start < data.length; start += image.width) {
    data.subarray(start, start + image.width).reverse();
  }
  return { ...image, data };
}
