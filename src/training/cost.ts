/** @file What a training step of a U-Net costs on two cores, measured once (docs/benchmarks.md). */
import type { Size } from '../base/geometry.ts';

/** For a base of 16, per image and pixel. */
const SECONDS_PER_PIXEL = 2.9e-6;
/** Whatever the size of the images. */
export const SECONDS_PER_STEP = 0.03;

/** Seconds per image of a step; the cost of a U-Net grows a little slower than the square of its width. */
export function imageSeconds({ height, width }: Size, base: number): number {
  return SECONDS_PER_PIXEL * height * width * (base / 16) ** 1.7;
}
