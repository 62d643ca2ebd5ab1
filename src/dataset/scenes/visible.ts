/** @file Which painted figures are worth a label: large enough, not too hidden, and to be told from what is around. */
import type { BoxXyxy } from '../../base/geometry.ts';
import { cropMask } from '../../masks/crop.ts';
import type { Mask } from '../../masks/mask.ts';
import { maskArea, maskBox } from '../../masks/mask.ts';
import type { Painted } from './compose.ts';

/** Smallest longer side of an object's box, px. */
export const SMALLEST_SIDE = 12;
const SMALLEST_AREA = 40;
/** Largest share of the image that one object takes. */
export const LARGEST_SHARE = 0.6;
/** Least share of a figure that is in the image and not hidden. */
const LEAST_VISIBLE = 0.3;
/** Least share of an outline that is to be seen; the rest may be lost in what lies over or under it. */
const LEAST_OUTLINE = 0.4;

/** `grey` is the picture without noise; `contrast` the least step of grey at an outline that is to be seen. */
export function isVisible(painted: Painted, grey: Float32Array, contrast: number): boolean {
  const { mask, window, whole } = painted;
  const part = cropMask(mask, window);
  const box = maskBox(part);
  if (box === undefined || Math.max(box[2] - box[0], box[3] - box[1]) + 1 < SMALLEST_SIDE) return false;
  const area = maskArea(part);
  if (area < SMALLEST_AREA || area > LARGEST_SHARE * mask.height * mask.width) return false;
  if (area < LEAST_VISIBLE * whole) return false;
  return visibleOutline(mask, window, grey, contrast) >= LEAST_OUTLINE;
}

/** The share of the outline at which values 2 px inside and 2 px outside, along rows and columns, differ enough. */
function visibleOutline(mask: Mask, box: BoxXyxy, grey: Float32Array, contrast: number): number {
  const { height, width, data } = mask;
  let [seen, count] = [0, 0];
  const [x0, y0, x1, y1] = box;
  for (let y = Math.max(y0, 3); y <= Math.min(y1, height - 4); y++) {
    for (let x = Math.max(x0, 3); x <= Math.min(x1, width - 4); x++) {
      const at = y * width + x;
      if (data[at] === 0) continue;
      for (const step of [1, -1, width, -width]) {
        if (data[at + step] === 1) continue;
        if (Math.abs(grey[at - step]! - grey[at + 2 * step]!) >= contrast) seen++;
        count++;
      }
    }
  }
  return count === 0 ? 0 : seen / count;
}
