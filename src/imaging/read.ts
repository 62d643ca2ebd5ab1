/**
 * @file Reading PNG, JPEG and TIFF as grey images, by way of sharp (libvips).
 *
 * Stored values are kept: no colour management, no scaling of 16 bits to 8. RGB and palette images become grey
 * by the luma of ITU-R BT.601 in Pillow's fixed-point form (mode 'L'); alpha is dropped. An EXIF orientation IS
 * applied, because viewers and annotation tools show the turned image and masks are drawn on what they show;
 * sizes are those of the turned image. Densities of PNG and TIFF files are print settings, so they are not taken
 * for pixel spacing.
 */
import { open, readFile } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import sharp, { type Metadata, type Sharp } from 'sharp';
import { ImageError } from '../base/errors.ts';
import type { Size } from '../base/geometry.ts';
import { MAX_PIXELS } from '../base/limits.ts';
import { type ImageFileFormat, missingPart } from './complete.ts';
import type { Image } from './image.ts';

/** What the head of an image file says. Height and width in px, after EXIF orientation. */
export interface ImageHeader extends Size {
  readonly format: ImageFileFormat;
  readonly bits: 8 | 16;
  /** Channels in the file: 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha. */
  readonly channels: number;
}

export interface ReadImageOptions {
  /** Largest number of pixels to decode. Default MAX_PIXELS (100 million). */
  readonly maxPixels?: number;
}

const EXTENSION_FORMAT: Readonly<Record<string, ImageFileFormat>> = {
  '.png': 'png',
  '.jpg': 'jpeg',
  '.jpeg': 'jpeg',
  '.tif': 'tiff',
  '.tiff': 'tiff',
};

/** File name endings of images that Packmule reads, lower case. */
export const IMAGE_EXTENSIONS: readonly string[] = Object.keys(EXTENSION_FORMAT);

/**
 * The image of a file, grey, with the bits of the file.
 * @throws ImageError when it is missing, empty, truncated, misnamed, too large or not grey, RGB or palette.
 */
export async function readImage(path: string, options: ReadImageOptions = {}): Promise<Image> {
  return decodeImage(await readBytes(path), path, options);
}

/** Size, bits and format of an image file without decoding its pixels. @throws ImageError as readImage. */
export async function readImageHeader(path: string, options: ReadImageOptions = {}): Promise<ImageHeader> {
  const format = formatOf(await readStart(path), path);
  return headerOf(path, format, path, options);
}

/** readImage for bytes already in memory; `name` is the file's name, for errors. */
export async function decodeImage(
  bytes: Uint8Array,
  name: string,
  options: ReadImageOptions = {},
): Promise<Image> {
  const format = formatOf(bytes, name);
  const missing = missingPart(bytes, format);
  if (missing !== undefined) throw damaged(name, new Error(`it is cut off: ${missing} is missing`));
  const header = await headerOf(bytes, format, name, options);
  try {
    const depth = header.bits === 16 ? 'ushort' : 'uchar';
    const pipeline = openWithSharp(bytes, options).autoOrient();
    if (header.bits === 16) pipeline.toColourspace(header.channels < 3 ? 'grey16' : 'rgb16');
    const { data, info } = await pipeline.raw({ depth }).toBuffer({ resolveWithObject: true });
    const count = data.byteLength / (header.bits / 8);
    const aligned = data.byteOffset % 2 === 0 ? data : Uint8Array.from(data);
    const values =
      header.bits === 16
        ? new Uint16Array(aligned.buffer, aligned.byteOffset, count)
        : new Uint8Array(data.buffer, data.byteOffset, count);
    const grey = toGrey(values, info.channels);
    return { height: info.height, width: info.width, bits: header.bits, data: grey };
  } catch (cause) {
    throw damaged(name, cause);
  }
}

function openWithSharp(input: string | Uint8Array, options: ReadImageOptions): Sharp {
  return sharp(input, {
    // 'error' includes 'truncated'; 'warning' would also refuse files that only carry unknown tags.
    failOn: 'error',
    limitInputPixels: options.maxPixels ?? MAX_PIXELS,
    ignoreIcc: true,
  });
}

async function headerOf(
  input: string | Uint8Array,
  format: ImageFileFormat,
  name: string,
  options: ReadImageOptions,
): Promise<ImageHeader> {
  let meta: Metadata;
  try {
    meta = await sharp(input, { failOn: 'error', limitInputPixels: false }).metadata();
  } catch (cause) {
    throw damaged(name, cause);
  }
  const { width, height } = meta.autoOrient;
  const limit = options.maxPixels ?? MAX_PIXELS;
  if (width * height > limit) {
    throw new ImageError({
      seen: `${name} has ${width} x ${height} pixels`,
      need: `Images have at most ${limit / 1e6} million pixels`,
      fix: 'Make it smaller or cut it, or leave it out',
    });
  }
  const bits = meta.depth === 'ushort' ? 16 : 8;
  const readable = (meta.depth === 'uchar' || meta.depth === 'ushort') && COLOUR_SPACES.has(meta.space);
  if (!readable || (meta.pages ?? 1) > 1) {
    const pages = (meta.pages ?? 1) > 1 ? ` with ${meta.pages} pages` : '';
    throw new ImageError({
      seen: `${name} is a ${format.toUpperCase()} of ${meta.depth} values in colour space ${meta.space}${pages}`,
      need: 'Images are grey, RGB or palette, of 8 or 16 unsigned bits, one a file',
      fix: 'Convert it to a grey PNG, or leave it out',
    });
  }
  return { format, width, height, bits, channels: meta.channels };
}

const COLOUR_SPACES: ReadonlySet<string> = new Set(['b-w', 'srgb', 'rgb', 'grey16', 'rgb16']);

/** Interleaved channels to grey: one or two channels keep the first, three or four become luma. */
function toGrey(values: Uint8Array | Uint16Array, channels: number): Uint8Array | Uint16Array {
  if (channels === 1) return values;
  const count = values.length / channels;
  const grey = values instanceof Uint16Array ? new Uint16Array(count) : new Uint8Array(count);
  for (let i = 0, at = 0; i < count; i++, at += channels) {
    grey[i] = channels === 2 ? values[at]! : luma(values[at]!, values[at + 1]!, values[at + 2]!);
  }
  return grey;
}

/** 0.299 R + 0.587 G + 0.114 B in 16-bit fixed point with rounding, as Pillow's convert('L'). */
function luma(red: number, green: number, blue: number): number {
  return (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >>> 16;
}

/** First bytes of each format; TIFF in both byte orders, classic and BigTIFF. */
const SIGNATURES: readonly (readonly [ImageFileFormat, readonly number[]])[] = [
  ['png', [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]],
  ['jpeg', [0xff, 0xd8, 0xff]],
  ['tiff', [0x49, 0x49, 0x2a, 0x00]],
  ['tiff', [0x4d, 0x4d, 0x00, 0x2a]],
  ['tiff', [0x49, 0x49, 0x2b, 0x00]],
  ['tiff', [0x4d, 0x4d, 0x00, 0x2b]],
];

/** The format by content, which must be the one that the name's ending promises, if it promises one. */
function formatOf(start: Uint8Array, name: string): ImageFileFormat {
  if (start.length === 0) {
    throw new ImageError({
      seen: `${name} is empty (0 bytes)`,
      need: 'An image file holds an image',
      fix: 'Copy it again from its source, or leave it out',
    });
  }
  const format = SIGNATURES.find(([, signature]) => signature.every((byte, i) => start[i] === byte))?.[0];
  if (format === undefined) {
    throw new ImageError({
      seen: `${name} is not a PNG, JPEG or TIFF file by its first bytes`,
      need: 'Images are PNG, JPEG or TIFF files',
      fix: 'Convert it, or leave it out',
    });
  }
  const promised = EXTENSION_FORMAT[extname(name).toLowerCase()];
  if (promised !== undefined && promised !== format) {
    throw new ImageError({
      seen: `${name} is a ${format.toUpperCase()} file by its content`,
      need: 'The ending of a file name says what the file is',
      fix: `Rename it to ${basename(name, extname(name))}.${format === 'jpeg' ? 'jpg' : format}`,
    });
  }
  return format;
}

function damaged(name: string, cause: unknown): ImageError {
  const detail = cause instanceof Error ? cause.message.split('\n')[0]!.trim() : String(cause);
  return new ImageError(
    {
      seen: `${name} cannot be decoded (${detail})`,
      need: 'Images are complete, undamaged PNG, JPEG or TIFF files',
      fix: 'Copy it again from its source, or leave it out',
    },
    { cause },
  );
}

async function readBytes(path: string): Promise<Uint8Array> {
  return readFile(path).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
}

/** The first 16 bytes of a file. */
async function readStart(path: string): Promise<Uint8Array> {
  try {
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(new Uint8Array(16), 0, 16, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function unreadable(path: string, cause: unknown): ImageError {
  const detail = cause instanceof Error ? cause.message : String(cause);
  return new ImageError(
    {
      seen: `${path} cannot be read (${detail})`,
      need: 'The file exists and may be read',
      fix: 'Check the path and the rights of the file',
    },
    { cause },
  );
}
