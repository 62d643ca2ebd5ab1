/**
 * @file The numbers that a PNG stores, which for mask files are labels: what a viewer makes of them (colours of a
 * palette, low bit depths stretched to 0..255) is only how they look.
 *
 * A coloured palette is how VOC-like tools keep labels visible: the index is the label. A palette of distinct greys
 * is how programs that shrink PNGs pack a grey picture: the grey is the label, and the index means nothing.
 */
import { crc32 } from 'node:zlib';
import { ImageError } from '../base/errors.ts';
import type { Image } from './image.ts';
import { decodeImage, readImage, readImageHeader } from './read.ts';
import { readImageBytes } from './read-bytes.ts';

/** Offsets in the first chunk, IHDR (PNG, ISO/IEC 15948, section 11.2.1). */
const DEPTH_AT = 24;
const COLOUR_TYPE_AT = 25;
const GREY = 0;
const PALETTE = 3;
/** Name of the palette's chunk. */
const PLTE = 0x504c5445;

/**
 * The stored values of a grey or palette PNG of 1 to 16 bits.
 * @throws ImageError as readImage, for other kinds of PNG, and for a palette whose index 0 is no background.
 */
export async function readStoredPng(path: string): Promise<Image> {
  // The header's errors are the better ones for what is no PNG at all.
  const { format, channels } = await readImageHeader(path);
  const bytes = await readImageBytes(path);
  const [depth, colourType] = [bytes[DEPTH_AT]!, bytes[COLOUR_TYPE_AT]!];
  if (format === 'png' && colourType === PALETTE) return readPalette(bytes, path);
  if (format !== 'png' || colourType !== GREY || channels !== 1) {
    throw new ImageError({
      seen: `${path} is a ${format.toUpperCase()} with ${channels} channels`,
      need: 'Masks are PNGs with one grey value or one index of a palette per pixel',
      fix: 'Save it as 8-bit grey with the class numbers as grey values',
    });
  }
  const image = await readImage(path);
  if (depth >= 8) return image;
  const step = 255 / (2 ** depth - 1);
  return { ...image, data: Uint8Array.from(image.data, (value) => value / step) };
}

async function readPalette(bytes: Uint8Array, path: string): Promise<Image> {
  const shown = await decodeImage(bytes, path);
  const palette = paletteOf(bytes);
  if (areDistinctGreys(palette.colours)) return shown;
  const [red, green, blue] = palette.colours;
  if (red !== 0 || green !== 0 || blue !== 0) {
    throw new ImageError({
      seen: `${path} has a palette whose index 0 is the colour (${red}, ${green}, ${blue})`,
      need: 'In a mask with a palette, index 0 is black and stands for the background',
      fix: 'Save it as 8-bit grey with the class numbers as grey values',
    });
  }
  return decodeImage(withIndicesAsGreys(bytes, palette, bytes[DEPTH_AT]!), path);
}

interface Palette {
  /** Where its chunk begins, in bytes. */
  readonly at: number;
  /** Red, green and blue of one index after the other. */
  readonly colours: Uint8Array;
}

/** The palette of a file that has been decoded without error, so that all its chunks are whole. */
function paletteOf(bytes: Uint8Array): Palette {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 8;
  while (view.getUint32(at + 4) !== PLTE) at += 12 + view.getUint32(at);
  return { at, colours: bytes.subarray(at + 8, at + 8 + view.getUint32(at)) };
}

function areDistinctGreys(colours: Uint8Array): boolean {
  const seen = new Set<number>();
  for (let i = 0; i < colours.length; i += 3) {
    if (colours[i] !== colours[i + 1] || colours[i] !== colours[i + 2]) return false;
    seen.add(colours[i]!);
  }
  return seen.size === colours.length / 3;
}

/** The same file with colour (i, i, i) at every index i that `depth` bits hold, so that it decodes to the indices. */
function withIndicesAsGreys(bytes: Uint8Array, { at, colours }: Palette, depth: number): Uint8Array {
  const length = 3 * 2 ** depth;
  const chunk = new Uint8Array(length + 12);
  const view = new DataView(chunk.buffer);
  view.setUint32(0, length);
  view.setUint32(4, PLTE);
  for (let i = 0; i < length; i++) chunk[8 + i] = Math.floor(i / 3);
  view.setUint32(8 + length, crc32(chunk.subarray(4, 8 + length)));
  return Buffer.concat([bytes.subarray(0, at), chunk, bytes.subarray(at + 12 + colours.length)]);
}
