/** @file The one image type of the product: grey, row-major, as many bits as the file had. */
import type { Size } from '../base/geometry.ts';

/** A grey image. `data[row * width + col]`, 0 is black, `2 ** bits - 1` is white. */
export interface Image extends Size {
  readonly bits: 8 | 16;
  readonly data: Uint8Array | Uint16Array;
  /** Distance of pixel centres in mm along rows and columns, [row, col], where the file tells it. */
  readonly spacingMm?: readonly [row: number, col: number];
}

/** The intensities in [0, 1], row-major, length height x width. */
export function toUnitIntensities(image: Image): Float32Array {
  const { data, bits } = image;
  const scale = 1 / (2 ** bits - 1);
  const intensities = new Float32Array(data.length);
  for (let i = 0; i < data.length; i++) intensities[i] = data[i]! * scale;
  return intensities;
}
