/** @file From colour to grey: the luma of ITU-R BT.601. */

/** 0.299 R + 0.587 G + 0.114 B in 16-bit fixed point with rounding, as Pillow's convert('L'). */
export function luma(red: number, green: number, blue: number): number {
  return (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >>> 16;
}

/**
 * Interleaved channels as grey: one or two keep the first, three or four become luma. Up to 16 bits a channel.
 */
export function toGrey(values: Uint8Array | Uint16Array, channels: number): Uint8Array | Uint16Array {
  if (channels === 1) return values;
  const count = values.length / channels;
  const grey = values instanceof Uint16Array ? new Uint16Array(count) : new Uint8Array(count);
  for (let i = 0, at = 0; i < count; i++, at += channels) {
    grey[i] = channels === 2 ? values[at]! : luma(values[at]!, values[at + 1]!, values[at + 2]!);
  }
  return grey;
}
