import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeEach, describe, expect, it } from 'vitest';
import { ImageError } from '../../src/base/errors.ts';
import { readStoredPng } from '../../src/imaging/stored-png.ts';
import { temporaryFolder } from '../temporary.ts';
import { chunk, png } from './png.ts';

let path: string;
beforeEach(async () => {
  path = join(await temporaryFolder(), 'mask.png');
});

/** One row of `values`, packed with `depth` bits each; of a palette where `colours` are given. */
function row(depth: number, values: readonly number[], colours?: readonly number[]): Buffer {
  const bits = values.map((value) => value.toString(2).padStart(depth, '0')).join('');
  const bytes = (bits.match(/.{1,8}/g) ?? []).map((byte) => Number.parseInt(byte.padEnd(8, '0'), 2));
  const data = Uint8Array.from([0, ...bytes]);
  if (colours === undefined) return png(values.length, 1, depth, 0, data);
  return png(values.length, 1, depth, 3, data, [chunk('PLTE', Buffer.from(colours))]);
}

async function valuesOf(bytes: Buffer): Promise<number[]> {
  await writeFile(path, bytes);
  return [...(await readStoredPng(path)).data];
}

const VOC = [0, 0, 0, 128, 0, 0, 0, 128, 0, 128, 128, 0];

describe('the numbers that a PNG stores', () => {
  it.each([1, 2, 4, 8] as const)('are read unstretched from %i-bit grey', async (depth) => {
    const values = [0, 1, 2, 3, 9, 15, 200, 255].filter((value) => value < 2 ** depth);
    expect(await valuesOf(row(depth, values))).toEqual(values);
  });

  it('are read from 16-bit grey', async () => {
    const raw = { raw: { width: 3, height: 1, channels: 1 } } as const;
    const pipeline = sharp(Uint16Array.of(0, 300, 65535), raw).toColourspace('grey16');
    expect(await valuesOf(await pipeline.png().toBuffer())).toEqual([0, 300, 65535]);
  });

  it.each([2, 4, 8] as const)('are the indices of a coloured palette of %i bits', async (depth) => {
    expect(await valuesOf(row(depth, [3, 0, 2, 1, 1], VOC))).toEqual([3, 0, 2, 1, 1]);
  });

  it('are the indices also beyond the end of the palette', async () => {
    expect(await valuesOf(row(8, [0, 7], VOC))).toEqual([0, 7]);
  });

  it('are the indices also where two of them look the same', async () => {
    expect(await valuesOf(row(8, [0, 1, 2], [0, 0, 0, 9, 9, 9, 9, 9, 9]))).toEqual([0, 1, 2]);
  });

  it('are the greys of a palette of distinct greys, which is a grey picture made small', async () => {
    expect(await valuesOf(row(2, [0, 1, 2], [2, 2, 2, 0, 0, 0, 1, 1, 1]))).toEqual([2, 0, 1]);
  });

  it.each<[string, () => Promise<Buffer> | Buffer, RegExp]>([
    ['a palette whose index 0 is no background', () => row(8, [0, 1], [255, 0, 0, 0, 0, 0]), /\(255, 0, 0\)/],
    [
      'colours',
      () =>
        sharp(new Uint8Array(3), { raw: { width: 1, height: 1, channels: 3 } })
          .png()
          .toBuffer(),
      /PNG with 3 channels/,
    ],
    ['a damaged palette', () => row(8, [0, 1], VOC).fill(7, 45, 48), /cannot be decoded/],
    ['a cut-off file', () => row(8, [0, 1], VOC).subarray(0, -12), /cut off/],
    ['something else', () => Buffer.from('text'), /no image file/],
  ])('are not read from %s', async (_, make, message) => {
    await writeFile(path, await make());
    const reading = readStoredPng(path);
    await expect(reading).rejects.toBeInstanceOf(ImageError);
    await expect(reading).rejects.toThrow(message);
  });
});
