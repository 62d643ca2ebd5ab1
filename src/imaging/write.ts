/** @file Writing PNG files: grey of 8 or 16 bits, RGB, and masks as black (0) and white (255). Whole or not at all. */
import sharp from 'sharp';
import { writeFileAtomic } from '../base/files.ts';
import type { Size } from '../base/geometry.ts';
import type { ByteGrid } from './byte-grid.ts';
import type { Image } from './image.ts';
import type { RgbImage } from './rgb.ts';

/** Writes a grey image with its own number of bits. @throws RunError when the file cannot be written. */
export async function writeGreyPng(path: string, image: Image): Promise<void> {
  await writeFileAtomic(path, await encodeGreyPng(image));
}

/** Writes an RGB image. @throws RunError when the file cannot be written. */
export async function writeRgbPng(path: string, image: RgbImage): Promise<void> {
  await writeFileAtomic(path, await encodeRgbPng(image));
}

/** Writes a mask as 0 and 255. @throws RunError when the file cannot be written. */
export async function writeMaskPng(path: string, mask: ByteGrid): Promise<void> {
  await writeGreyPng(path, { ...sizeOf(mask), bits: 8, data: mask.data.map((value) => value * 255) });
}

/** The bytes of a grey PNG. */
export async function encodeGreyPng(image: Image): Promise<Uint8Array> {
  const { height, width, data } = image;
  if (image.bits === 16) {
    const values = Uint16Array.from(data);
    return sharp(values, { raw: { height, width, channels: 1 } })
      .toColourspace('grey16')
      .png()
      .toBuffer();
  }
  const values = data instanceof Uint8Array ? data : Uint8Array.from(data);
  return sharp(values, { raw: { height, width, channels: 1 } })
    .toColourspace('b-w')
    .png()
    .toBuffer();
}

/** The bytes of an RGB PNG. */
export async function encodeRgbPng({ height, width, data }: RgbImage): Promise<Uint8Array> {
  return sharp(data, { raw: { height, width, channels: 3 } })
    .png()
    .toBuffer();
}

function sizeOf({ height, width }: Size): Size {
  return { height, width };
}
