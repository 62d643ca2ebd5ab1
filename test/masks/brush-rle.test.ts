import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AnnotationError } from '../../src/base/errors.ts';
import { decodeBrushRle, encodeBrushRle } from '../../src/masks/brush-rle.ts';
import { decodeRle, encodeRle } from '../../src/masks/rle.ts';
import { anyMask } from './grids.ts';

/** Bits as text to bytes. */
function bytesOf(text: string): number[] {
  const bits = text.replaceAll(' ', '');
  return (bits.match(/.{1,8}/g) ?? []).map((byte) => Number.parseInt(byte.padEnd(8, '0'), 2));
}
const bin = (value: number, count: number): string => value.toString(2).padStart(count, '0');

const HEAD = `${bin(8, 32)} ${bin(7, 5)} ${bin(2, 4)} ${bin(3, 4)} ${bin(7, 4)} ${bin(15, 4)}`;

describe('brush codes', () => {
  it('are what the format says, by hand: one pixel of two', () => {
    // A group that repeats (1), with lengths of three bits (00), of four values (3 = 4 - 1), then the value.
    const code = bytesOf(`${HEAD} 1 00 011 ${bin(0, 8)} 1 00 011 ${bin(255, 8)}`);
    expect(encodeBrushRle(encodeRle({ height: 1, width: 2, data: Uint8Array.of(0, 1) }))).toEqual(code);
  });

  it('are read with single values too, and by their alpha', () => {
    const values = [9, 9, 9, 0, 0, 0, 0, 128].map((value) => bin(value, 8)).join('');
    const rle = decodeBrushRle(bytesOf(`${HEAD} 0 01 0111 ${values}`), { height: 1, width: 2 }, 'A mask');
    expect([...decodeRle(rle).data]).toEqual([0, 1]);
  });

  it('give back every mask', () => {
    fc.assert(
      fc.property(anyMask(), (mask) => {
        const rle = encodeRle(mask);
        expect(decodeBrushRle(encodeBrushRle(rle), mask, 'A mask')).toEqual(rle);
      }),
    );
    const large = { height: 300, width: 400, data: new Uint8Array(120_000).fill(1, 5, 90_000) };
    expect(decodeBrushRle(encodeBrushRle(encodeRle(large)), large, 'A mask')).toEqual(encodeRle(large));
  });

  it('are refused when cut off or of another size', () => {
    const code = encodeBrushRle(encodeRle({ height: 1, width: 2, data: Uint8Array.of(0, 1) }));
    const size = { height: 1, width: 2 };
    for (let length = 0; length < code.length; length++) {
      expect(() => decodeBrushRle(code.slice(0, length), size, 'A mask')).toThrow(AnnotationError);
    }
    expect(() => decodeBrushRle(code, { height: 2, width: 2 }, 'A mask')).toThrow(
      /8 values in an image of 2 x 2/,
    );
  });
});
