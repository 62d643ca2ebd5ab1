/** @file Reading a plane between its pixels. */
import type { Size } from '../base/geometry.ts';

/** The value at (x, y) of a row-major plane, 0 beyond it; x and y in px, centres on whole numbers. */
export function bilinear(plane: ArrayLike<number>, { height, width }: Size, x: number, y: number): number {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  if (left < -1 || top < -1 || left >= width || top >= height) return 0;
  const [toRight, toBottom] = [x - left, y - top];
  const at = top * width + left;
  const isLeft = left >= 0;
  const isRight = left + 1 < width;
  let sum = 0;
  if (top >= 0) {
    if (isLeft) sum += plane[at]! * (1 - toRight) * (1 - toBottom);
    if (isRight) sum += plane[at + 1]! * toRight * (1 - toBottom);
  }
  if (top + 1 < height) {
    if (isLeft) sum += plane[at + width]! * (1 - toRight) * toBottom;
    if (isRight) sum += plane[at + width + 1]! * toRight * toBottom;
  }
  return sum;
}
