/** @file Pictures whose pixels are places in a table of colours (PS3.3, C.7.6.3.1.5 and 6), as grey. */
import type { DataSet } from 'dicom-parser';
import { luma } from '../imaging/luma.ts';
import type { PixelLayout } from './layout.ts';
import { type DicomFile, TAG, unsupportedDicom } from './parse.ts';
import type { StoredFrame } from './stored.ts';

/** The luma of each pixel's colour, 8 bits. @throws ImageError where the tables are missing or of another form. */
export function paletteGreys(file: DicomFile, { signed }: PixelLayout, { data }: StoredFrame): Uint8Array {
  const [red, green, blue] = TAG.paletteDescriptors.map((_, colour) => readColour(file, colour, signed));
  const greys = Uint8Array.from(red!.values, (value, i) =>
    luma(value, green!.values[i] ?? 0, blue!.values[i] ?? 0),
  );
  const last = greys.length - 1;
  return Uint8Array.from(data, (index) => greys[Math.min(last, Math.max(0, index - red!.first))]!);
}

interface ColourTable {
  /** The stored value that the first entry is for; lower ones have it too. */
  readonly first: number;
  readonly values: Uint8Array;
}

function readColour({ data, name }: DicomFile, colour: number, signed: boolean): ColourTable {
  const descriptor = TAG.paletteDescriptors[colour]!;
  const count = data.uint16(descriptor, 0);
  const first = signed ? data.int16(descriptor, 1) : data.uint16(descriptor, 1);
  const bits = data.uint16(descriptor, 2) === 16 ? 16 : 8;
  const length = count === 0 ? 65536 : (count ?? 0);
  const words =
    plainWords(data, TAG.paletteData[colour]!, length) ??
    segmentedWords(data, TAG.paletteSegments[colour]!, length);
  if (first === undefined || length === 0 || words === undefined) {
    throw unsupportedDicom(
      name,
      'has a palette whose tables are missing, too short or damaged',
      'A palette of three whole tables',
    );
  }
  return { first, values: Uint8Array.from(words, (word) => (bits === 16 ? word >> 8 : word & 0xff)) };
}

/** A table entry after entry. One of 8 bits comes packed, or in words whose upper byte is then empty. */
function plainWords(data: DataSet, tag: string, length: number): Uint16Array | undefined {
  const element = data.elements[tag];
  if (element === undefined || element.length < length) return undefined;
  const packed = element.length < 2 * length;
  return Uint16Array.from({ length }, (_, i) =>
    packed ? data.byteArray[element.dataOffset + i]! : data.uint16(tag, i)!,
  );
}

/** Kinds of segments. */
const DISCRETE = 0;
const LINEAR = 1;
const INDIRECT = 2;

/** A table of 16-bit words as segments (PS3.3, C.7.9.2): values, straight lines, and earlier segments once more. */
function segmentedWords(data: DataSet, tag: string, length: number): Uint16Array | undefined {
  const element = data.elements[tag];
  if (element === undefined) return undefined;
  const words = Uint16Array.from({ length: Math.floor(element.length / 2) }, (_, i) => data.uint16(tag, i)!);
  const table: number[] = [];
  /** Adds one segment and returns where the next one begins. */
  const add = (at: number, mayRepeat: boolean): number => {
    const [kind, count, value, high] = words.subarray(at, at + 4);
    if (kind === DISCRETE && count !== undefined) {
      table.push(...words.subarray(at + 2, at + 2 + count).subarray(0, length));
      return at + 2 + count;
    }
    const before = table.at(-1);
    if (kind === LINEAR && count !== undefined && value !== undefined && before !== undefined) {
      for (let i = 1; i <= count; i++) table.push(Math.round(before + ((value - before) * i) / count));
      return at + 3;
    }
    if (kind === INDIRECT && mayRepeat && count !== undefined && value !== undefined && high !== undefined) {
      let from = (value + high * 65536) / 2;
      for (let i = 0; i < count && table.length < length; i++) from = add(from, false);
      return at + 4;
    }
    return Number.POSITIVE_INFINITY;
  };
  for (let at = 0; at < words.length && table.length < length; ) at = add(at, true);
  return table.length < length ? undefined : Uint16Array.from(table.slice(0, length));
}
