/**
 * @file From a stored value to a grey: modality, window, inversion (PS3.3, C.11.1, C.11.2 and C.7.6.3.1.2). A stored
 * value has 16 bits at most, so all of it is one table with an entry for each.
 */
import type { DataSet } from 'dicom-parser';
import {
  type CountedValue,
  type IntensityWindow,
  shareOf,
  USUAL_PERCENTILES,
  windowRange,
} from '../imaging/window.ts';
import type { PixelLayout } from './layout.ts';
import { type DicomFile, itemsOf, numbersOf, scopesOf, TAG } from './parse.ts';
import type { StoredFrame } from './stored.ts';

/** Grey by `stored & (2 ** bitsStored - 1)`, of 8 bits where at most 8 are stored, else of 16. */
export type GreyTable = Uint8Array | Uint16Array;

/** The table of one frame. `window` wins over what the file says, and is in units after the modality's rescaling. */
export function greyTable(
  file: DicomFile,
  layout: PixelLayout,
  frame: number,
  stored: StoredFrame['data'],
  window: IntensityWindow | undefined,
): GreyTable {
  const values = modalityValues(file, layout, frame);
  const share =
    (window === undefined ? ownWindow(file, frame) : undefined) ?? rangeWindow(window, values, stored);
  const white = layout.bitsStored > 8 ? 65535 : 255;
  const table = white === 255 ? new Uint8Array(values.length) : new Uint16Array(values.length);
  for (const [index, value] of values.entries()) {
    const light = Math.min(1, Math.max(0, share(value)));
    table[index] = Math.round(white * (layout.colour === 'inverted-grey' ? 1 - light : light));
  }
  return table;
}

/** The stored value of each bit pattern, as the modality means it. */
function modalityValues(file: DicomFile, layout: PixelLayout, frame: number): Float64Array {
  const patterns = 2 ** layout.bitsStored;
  const number = (pattern: number): number =>
    layout.signed && pattern >= patterns / 2 ? pattern - patterns : pattern;
  const lut = itemsOf(file.data, TAG.modalityLut).map((item) => readLut(item, layout.signed))[0];
  const { slope, intercept } = rescale(file, frame);
  return Float64Array.from({ length: patterns }, (_, pattern) =>
    lut ? lut.entries[lutIndex(lut, number(pattern))]! : number(pattern) * slope + intercept,
  );
}

function rescale(file: DicomFile, frame: number): { readonly slope: number; readonly intercept: number } {
  for (const scope of scopesOf(file, frame, TAG.pixelValueTransformation)) {
    const [slope] = numbersOf(scope, TAG.rescaleSlope) ?? [];
    const [intercept] = numbersOf(scope, TAG.rescaleIntercept) ?? [];
    if (slope !== undefined && intercept !== undefined && slope !== 0) return { slope, intercept };
  }
  return { slope: 1, intercept: 0 };
}

/** Light by value, 0 black and 1 white. */
type Share = (value: number) => number;

/** The first table or window of the file; of several, which are ways to look at it, the first is the one to show. */
function ownWindow(file: DicomFile, frame: number): Share | undefined {
  for (const item of itemsOf(file.data, TAG.voiLut)) {
    const lut = readLut(item, file.data.uint16(TAG.signed) === 1);
    if (lut !== undefined) return (value) => lut.entries[lutIndex(lut, Math.round(value))]! / lut.white;
  }
  for (const scope of scopesOf(file, frame, TAG.frameVoiLut)) {
    const [centre] = numbersOf(scope, TAG.windowCentre) ?? [];
    const [width] = numbersOf(scope, TAG.windowWidth) ?? [];
    if (centre === undefined || width === undefined || !(width > 0)) continue;
    const name = scope.string(TAG.windowFunction);
    if (name === 'SIGMOID') return (value) => 1 / (1 + Math.exp((-4 * (value - centre)) / width));
    if (name === 'LINEAR_EXACT') return (value) => (value - centre) / width + 0.5;
    // LINEAR: the centre of a window of whole numbers lies half a step below (C.11.2.1.2.1).
    return (value) =>
      width > 1 ? (value - (centre - 0.5)) / (width - 1) + 0.5 : value > centre - 0.5 ? 1 : 0;
  }
  return undefined;
}

function rangeWindow(
  window: IntensityWindow | undefined,
  values: Float64Array,
  stored: StoredFrame['data'],
): Share {
  const range = windowRange(window ?? USUAL_PERCENTILES, countedValues(values, stored));
  return (value) => shareOf(value, range);
}

function countedValues(values: Float64Array, stored: StoredFrame['data']): CountedValue[] {
  const counts = new Uint32Array(values.length);
  for (const value of stored) counts[value & (values.length - 1)]! += 1;
  return [...counts]
    .flatMap((count, pattern): CountedValue[] => (count > 0 ? [[values[pattern]!, count]] : []))
    .sort(([a], [b]) => a - b);
}

interface Lut {
  /** The value that the first entry is for; lower ones have it too. */
  readonly first: number;
  readonly entries: Uint16Array;
  /** The largest value that an entry can have. */
  readonly white: number;
}

/** A look-up table (C.11.1.1); undefined where its description and its data do not fit. */
function readLut(item: DataSet, signed: boolean): Lut | undefined {
  const count = item.uint16(TAG.lutDescriptor, 0);
  const first = signed ? item.int16(TAG.lutDescriptor, 1) : item.uint16(TAG.lutDescriptor, 1);
  const bits = item.uint16(TAG.lutDescriptor, 2);
  const element = item.elements[TAG.lutData];
  if (count === undefined || first === undefined || bits === undefined || element === undefined)
    return undefined;
  const length = count === 0 ? 65536 : count;
  if (bits < 8 || bits > 16 || element.length < 2 * length) return undefined;
  const entries = Uint16Array.from({ length }, (_, i) => item.uint16(TAG.lutData, i) ?? 0);
  return { first, entries, white: 2 ** bits - 1 };
}

/** Values before the table have its first entry, values after it its last. */
function lutIndex({ first, entries }: Lut, value: number): number {
  return Math.min(entries.length - 1, Math.max(0, value - first));
}
