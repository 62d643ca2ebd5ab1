/**
 * @file A close-up: the square of an image about one structure, at one size for structures of all sizes, with the
 * structure's mask and what other masks cover beside it.
 */
import type { BoxXyxy, Size } from '../base/geometry.ts';
import { resizeRows } from '../imaging/resample.ts';
import { type Mask, maskBox } from '../masks/mask.ts';

/** Side of a close-up in cells. */
export const CROP_CELLS = 144;
export const CROP_SIZE: Size = { height: CROP_CELLS, width: CROP_CELLS };
/** Side of a close-up, in longest sides of the structure's box: room to turn and to move in. */
export const CROP_REACH = 2.1;

/** Where a close-up is: a square of the image that may reach beyond it, px. */
export interface Square {
  readonly x0: number;
  readonly y0: number;
  readonly side: number;
}

/** Three planes of CROP_CELLS x CROP_CELLS, row-major; beyond the image all are 0. */
export interface CloseUp {
  /** Intensities in [0, 1]. */
  readonly image: Float32Array;
  /** Share of each cell that the structure covers, 0 to 255. */
  readonly own: Uint8Array;
  /** Share that other structures cover and this one does not, 0 to 255. */
  readonly others: Uint8Array;
}

/** The square of a close-up of a mask; undefined for an empty one. */
export function squareAbout(mask: Mask): Square | undefined {
  const box = maskBox(mask);
  return box && squareOf(box);
}

function squareOf([x0, y0, x1, y1]: BoxXyxy): Square {
  const side = Math.ceil(CROP_REACH * (Math.max(x1 - x0, y1 - y0) + 1));
  return {
    x0: Math.round((x0 + x1 + 1 - side) / 2),
    y0: Math.round((y0 + y1 + 1 - side) / 2),
    side,
  };
}

/**
 * @param intensities of the image in [0, 1], row-major
 * @param coverage how many of all masks cover each pixel, that of the structure included
 */
export function cropCloseUp(
  intensities: Float32Array,
  own: Mask,
  coverage: Uint16Array,
  square: Square,
): CloseUp {
  const side: Size = { height: square.side, width: square.side };
  const shrunk = (valueAt: (at: number) => number): Float32Array =>
    resizeRows(rowsOf(valueAt, own, square), side, CROP_SIZE);
  return {
    image: shrunk((at) => intensities[at]!),
    own: shares(shrunk((at) => own.data[at]!)),
    others: shares(shrunk((at) => Number(own.data[at] === 0 && coverage[at]! > 0))),
  };
}

/** Shares of cells in bytes. */
function shares(values: Float32Array): Uint8Array {
  const bytes = new Uint8Array(values.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = 255 * values[i]! + 0.5;
  return bytes;
}

/** The rows of a square, one after the other in the same place; 0 beyond the image. */
function rowsOf(
  valueAt: (at: number) => number,
  { height, width }: Size,
  { x0, y0, side }: Square,
): (y: number) => Float32Array | undefined {
  const row = new Float32Array(side);
  const [left, right] = [Math.max(0, -x0), Math.min(side, width - x0)];
  return (y) => {
    if (y + y0 < 0 || y + y0 >= height) return undefined;
    const first = (y + y0) * width + x0;
    for (let x = left; x < right; x++) row[x] = valueAt(first + x);
    return row;
  };
}
