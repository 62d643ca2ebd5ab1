/** @file The grey image: its window of intensities, and half-size copies for looking at it from afar. */
import type { Size } from '../../../src/base/geometry.ts';

export interface GreyImage extends Size {
  readonly bits: 8 | 16;
  readonly data: Uint8Array | Uint16Array;
}

/** Intensities that are shown as black and as white; in a negative `low` is the larger one. */
export interface GreyWindow {
  readonly low: number;
  readonly high: number;
}

/** Share of pixels that the first window leaves out at each end. */
const TAIL = 0.005;

/** Bytes as they are; of 16 bits the part that nearly all pixels lie in. */
export function firstWindow({ bits, data }: GreyImage): GreyWindow {
  if (bits === 8) return { low: 0, high: 255 };
  const counts = new Uint32Array(65_536);
  for (let i = 0; i < data.length; i++) counts[data[i]!]!++;
  const tail = data.length * TAIL;
  const beyond = (from: number, step: number): number => {
    let at = from;
    for (
      let seen = counts[at]!;
      seen <= tail && at + step >= 0 && at + step < counts.length;
      seen += counts[at]!
    ) {
      at += step;
    }
    return at;
  };
  const low = beyond(0, 1);
  return { low, high: Math.max(low + 1, beyond(counts.length - 1, -1)) };
}

/**
 * The window after a drag over the screen: to the right wider (less contrast), downwards brighter. A negative stays one.
 * @param range of intensities over which a drag of `reach` px goes
 */
export function draggedWindow(
  { low, high }: GreyWindow,
  dx: number,
  dy: number,
  range: number,
  reach = 600,
): GreyWindow {
  if (high < low) {
    const turned = draggedWindow({ low: high, high: low }, dx, -dy, range, reach);
    return { low: turned.high, high: turned.low };
  }
  const width = Math.max(range / 256, high - low + (dx / reach) * range);
  const middle = Math.min(range, Math.max(0, (low + high) / 2 - (dy / reach) * range));
  return { low: middle - width / 2, high: middle + width / 2 };
}

/** The colour of every intensity, as canvases hold it: red in the lowest byte, opaque. */
export function windowColours({ low, high }: GreyWindow, bits: 8 | 16): Uint32Array {
  const width = Math.abs(high - low) < 1e-9 ? 1e-9 : high - low;
  const colours = new Uint32Array(2 ** bits);
  for (let value = 0; value < colours.length; value++) {
    const grey = Math.min(255, Math.max(0, Math.round(((value - low) * 255) / width)));
    colours[value] = (255 << 24) | (grey << 16) | (grey << 8) | grey;
  }
  return colours;
}

/** The image and copies of half the size of the one before, down to about a tile. */
export function pyramid(image: GreyImage, smallest = 256): GreyImage[] {
  const levels = [image];
  for (let top = image; Math.max(top.height, top.width) > smallest; ) {
    top = halved(top);
    levels.push(top);
  }
  return levels;
}

/** Means of 2 x 2 pixels, of what there is of them at the edges. */
function halved({ height, width, bits, data }: GreyImage): GreyImage {
  const [rows, columns] = [Math.ceil(height / 2), Math.ceil(width / 2)];
  const out = bits === 8 ? new Uint8Array(rows * columns) : new Uint16Array(rows * columns);
  for (let y = 0, at = 0; y < rows; y++) {
    const above = 2 * y * width;
    const below = Math.min(2 * y + 1, height - 1) * width;
    for (let x = 0; x < columns; x++, at++) {
      const [left, right] = [2 * x, Math.min(2 * x + 1, width - 1)];
      out[at] =
        (data[above + left]! + data[above + right]! + data[below + left]! + data[below + right]! + 2) >> 2;
    }
  }
  return { height: rows, width: columns, bits, data: out };
}

/** The level whose pixels are at most as large as the screen's: `scale` is screen px per px of the image itself. */
export function levelFor(scale: number, levels: number): number {
  return Math.min(levels - 1, Math.max(0, Math.floor(Math.log2(1 / scale))));
}
