/**
 * @file Run-length codes of Label Studio's brush (the format of @thi.ng/rle-pack over the RGBA pixels of a canvas).
 *
 * A stream of bits, most significant first: the number of values (32 bits), the bits of a value less one (5), four
 * sizes of lengths less one (4 bits each), then groups. A group is one bit, two bits that choose a size, and as many
 * bits as that says for its length less one; where the first bit is 1 one value follows, which the group repeats, else
 * each of its values. Values are the bytes of RGBA, row by row; the mask is where alpha is not 0.
 */
import { AnnotationError } from '../base/errors.ts';
import type { Size } from '../base/geometry.ts';
import { emptyMask } from './mask.ts';
import { checkMaskSize, decodeRle, encodeRle, type Rle } from './rle.ts';

const CHANNELS = 4;
const VALUE_BITS = 8;
/** Bits of the four sizes of lengths that are written; any are read. */
const LENGTH_BITS = [3, 4, 8, 16] as const;

/**
 * The mask of a code. `where` names the annotation in errors.
 * @throws AnnotationError for codes that are cut off, and for those of another number of pixels.
 */
export function decodeBrushRle(code: ArrayLike<number>, size: Size, where: string): Rle {
  checkMaskSize(size, where);
  const bits = new BitReader(code, where);
  const count = bits.read(32);
  const expected = CHANNELS * size.height * size.width;
  if (count !== expected) {
    throw new AnnotationError({
      seen: `${where} is a brush mask of ${count} values in an image of ${size.width} x ${size.height} pixels`,
      need: `A brush mask has four values a pixel, ${expected}`,
      fix: 'Check that the annotation belongs to this image and was made at its size',
    });
  }
  const valueBits = bits.read(5) + 1;
  const lengthBits = LENGTH_BITS.map(() => bits.read(4) + 1);
  const mask = emptyMask(size);
  for (let at = 0; at < count; ) {
    const repeats = bits.read(1) === 1;
    const end = Math.min(count, at + 1 + bits.read(lengthBits[bits.read(2)]!));
    if (repeats) {
      // The pixels whose alpha, the last of four values, lies between `at` and `end`.
      if (bits.read(valueBits) !== 0) mask.data.fill(1, at >> 2, end >> 2);
      at = end;
      continue;
    }
    for (; at < end; at++) {
      if (bits.read(valueBits) !== 0 && at % CHANNELS === CHANNELS - 1) mask.data[at >> 2] = 1;
    }
  }
  return encodeRle(mask);
}

/** The code of a mask as bytes: all four channels are 255 inside and 0 outside. */
export function encodeBrushRle(rle: Rle): number[] {
  const { data } = decodeRle(rle);
  const bits = new BitWriter();
  bits.write(CHANNELS * data.length, 32);
  bits.write(VALUE_BITS - 1, 5);
  for (const length of LENGTH_BITS) bits.write(length - 1, 4);
  for (let start = 0; start < data.length; ) {
    let end = start + 1;
    while (end < data.length && data[end] === data[start]) end++;
    let values = CHANNELS * (end - start);
    while (values > 0) {
      const length = Math.min(values, 2 ** LENGTH_BITS[3]);
      const choice = LENGTH_BITS.findIndex((size) => length <= 2 ** size);
      bits.write(1, 1);
      bits.write(choice, 2);
      bits.write(length - 1, LENGTH_BITS[choice]!);
      bits.write(255 * data[start]!, VALUE_BITS);
      values -= length;
    }
    start = end;
  }
  return bits.bytes;
}

class BitReader {
  private at = 0;
  private readonly bytes: ArrayLike<number>;
  private readonly where: string;

  constructor(bytes: ArrayLike<number>, where: string) {
    this.bytes = bytes;
    this.where = where;
  }

  /** The next `count` bits, 32 at most, as a whole number. */
  read(count: number): number {
    if (this.at + count > 8 * this.bytes.length) {
      throw new AnnotationError({
        seen: `${this.where} has a brush mask that is cut off`,
        need: 'The run-length code of a brush mask is complete',
        fix: 'Export the annotation again, or remove it',
      });
    }
    let value = 0;
    for (const end = this.at + count; this.at < end; this.at++) {
      value = value * 2 + ((this.bytes[this.at >> 3]! >> (7 - (this.at & 7))) & 1);
    }
    return value;
  }
}

class BitWriter {
  /** The last byte is filled up with zeros. */
  readonly bytes: number[] = [];
  private used = 0;

  write(value: number, count: number): void {
    for (let bit = count - 1; bit >= 0; bit--) {
      if (this.used % 8 === 0) this.bytes.push(0);
      const set = Math.floor(value / 2 ** bit) % 2;
      this.bytes[this.bytes.length - 1]! |= set << (7 - (this.used % 8));
      this.used++;
    }
  }
}
