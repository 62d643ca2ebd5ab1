/** @file Colour pictures that we draw ourselves. */
import type { Size } from '../base/geometry.ts';

/** Red, green and blue of 8 bits: `data[(row * width + col) * 3 + channel]`. */
export interface RgbImage extends Size {
  readonly data: Uint8Array;
}
