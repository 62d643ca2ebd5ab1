/**
 * @file Binary morphology with the structuring elements of scikit-image.
 *
 * Every element here is symmetric and each of its rows is one centred interval, so a dilation is: stretch each run
 * of set pixels by the row's half-width and paint it, once per row of the element. Work is proportional to the
 * painted pixels, so it stays within the bounding box of the mask.
 *
 * Border: outside the image counts as 0 for dilation and as 1 for erosion, as in scikit-image's binary_dilation
 * and binary_erosion, so that the border alone neither grows nor eats a mask.
 */
import { ConfigError } from '../base/errors.ts';
import type { BoxXyxy } from '../base/geometry.ts';
import { emptyMask, type Mask, maskBox } from './mask.ts';

/**
 * Structuring elements of radius r, centred at the origin:
 * - square: |x|, |y| <= r (skimage.morphology.square(2 r + 1));
 * - disk: x^2 + y^2 <= r^2 (disk(r));
 * - diamond: |x| + |y| <= r (diamond(r));
 * - star: the square of radius r and the diamond of radius r + floor(r / 2), joined (star(r)).
 * Radius 0 is the single pixel for all four.
 */
export const ELEMENTS = ['square', 'disk', 'diamond', 'star'] as const;
export type Element = (typeof ELEMENTS)[number];

/** The element as a mask of odd size, its origin in the middle. */
export function elementMask(element: Element, radius: number): Mask {
  const halfWidths = elementHalfWidths(element, radius);
  const reach = (halfWidths.length - 1) / 2;
  const mask = emptyMask({ height: halfWidths.length, width: halfWidths.length });
  for (const [y, half] of halfWidths.entries()) {
    const centre = y * mask.width + reach;
    mask.data.fill(1, centre - half, centre + half + 1);
  }
  return mask;
}

/** Sets every pixel that the element, centred on some set pixel, covers. */
export function dilate(mask: Mask, element: Element, radius: number): Mask {
  const out = emptyMask(mask);
  const box = maskBox(mask);
  if (box !== undefined) paint(mask, box, 1, elementHalfWidths(element, radius), out);
  return out;
}

/** Keeps the set pixels around which the element, as far as it lies in the image, covers set pixels only. */
export function erode(mask: Mask, element: Element, radius: number): Mask {
  const halfWidths = elementHalfWidths(element, radius);
  const out: Mask = { height: mask.height, width: mask.width, data: mask.data.slice() };
  const box = maskBox(mask);
  if (box === undefined) return out;
  // Unset pixels farther from the box than the element reaches cannot touch a set pixel.
  const reach = (halfWidths.length - 1) / 2;
  const window: BoxXyxy = [
    Math.max(0, box[0] - reach),
    Math.max(0, box[1] - reach),
    Math.min(mask.width - 1, box[2] + reach),
    Math.min(mask.height - 1, box[3] + reach),
  ];
  paint(mask, window, 0, halfWidths, out);
  return out;
}

/** Erosion, then dilation: removes what the element does not fit into. */
export function open(mask: Mask, element: Element, radius: number): Mask {
  return dilate(erode(mask, element, radius), element, radius);
}

/** Dilation, then erosion: fills the gaps into which the element does not fit. */
export function close(mask: Mask, element: Element, radius: number): Mask {
  return erode(dilate(mask, element, radius), element, radius);
}

/** Half-width of each row of the element, from top to bottom; the middle one is row 0. */
function elementHalfWidths(element: Element, radius: number): number[] {
  if (!Number.isInteger(radius) || radius < 0) {
    throw new ConfigError({
      seen: `The morphology radius is ${radius}`,
      need: 'A radius is a whole number of pixels, 0 or more',
      fix: 'Set it to a value from 0 to 8',
    });
  }
  const diamondRadius = radius + Math.floor(radius / 2);
  const reach = element === 'star' ? diamondRadius : radius;
  const halfWidths: number[] = [];
  for (let y = -reach; y <= reach; y++) {
    const rise = Math.abs(y);
    if (element === 'square') halfWidths.push(radius);
    else if (element === 'disk') halfWidths.push(Math.floor(Math.sqrt(radius * radius - y * y)));
    else if (element === 'diamond') halfWidths.push(radius - rise);
    else halfWidths.push(Math.max(rise <= radius ? radius : 0, diamondRadius - rise));
  }
  return halfWidths;
}

/**
 * Paints `value` over `out` wherever the element, centred on a pixel of that value in `mask`, lies; only pixels
 * within the box (inclusive) are looked at.
 */
function paint(
  mask: Mask,
  [x0, y0, x1, y1]: BoxXyxy,
  value: 0 | 1,
  halfWidths: readonly number[],
  out: Mask,
): void {
  const { width, height, data } = mask;
  const reach = (halfWidths.length - 1) / 2;
  for (let y = y0; y <= y1; y++) {
    const row = y * width;
    let x = x0;
    while (x <= x1) {
      if (data[row + x] !== value) {
        x++;
        continue;
      }
      const start = x;
      while (x <= x1 && data[row + x] === value) x++;
      const top = Math.max(0, y - reach);
      const bottom = Math.min(height - 1, y + reach);
      for (let target = top; target <= bottom; target++) {
        const half = halfWidths[target - y + reach]!;
        const from = Math.max(0, start - half);
        const to = Math.min(width, x + half);
        out.data.fill(value, target * width + from, target * width + to);
      }
    }
  }
}
