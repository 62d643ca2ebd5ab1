/**
 * @file Volumes as grey images, slice by slice, whatever files they come from: rows and columns are the first two axes of
 * the file, and all others count slices. Bytes are greys as they are; other values mean nothing without a window.
 */
import type { Image } from '../imaging/image.ts';
import { readImageBytes } from '../imaging/read-bytes.ts';
import {
  type ImageHeader,
  type ImageReader,
  type ReadImageOptions,
  requireFrame,
} from '../imaging/reader.ts';
import { applyWindow, USUAL_PERCENTILES, windowValues } from '../imaging/window.ts';
import type { VolumeGrid } from './affine.ts';
import { VALUE_BYTES, type ValueType, valuesOf } from './values.ts';

/** What a header says, without the values. */
export interface VolumeHead extends VolumeGrid {
  readonly type: ValueType;
}

/** A volume that is unpacked, its values as bytes still. */
export interface StoredVolume extends VolumeHead {
  readonly littleEndian: boolean;
  /** The bytes of all values, and no others. */
  readonly stored: Uint8Array;
  /** A stored value v stands for v * slope + intercept. Default 1 and 0. */
  readonly slope?: number;
  readonly intercept?: number;
}

/** One format of volumes. Both functions throw an ImageError, also for more than `maxValues` values. */
export interface VolumeFormat extends Pick<ImageReader, 'format' | 'extensions' | 'recognises' | 'gather'> {
  head(bytes: Uint8Array, name: string, maxValues?: number): VolumeHead;
  open(bytes: Uint8Array, name: string, maxValues?: number): StoredVolume;
}

export function volumeReader({ head, open, ...identity }: VolumeFormat): ImageReader {
  /** For as long as somebody holds the bytes of a file, who then asks for one slice after the other. */
  const opened = new WeakMap<Uint8Array, StoredVolume>();
  const volumeOf = (bytes: Uint8Array, name: string, maxValues?: number): StoredVolume => {
    const known = opened.get(bytes);
    if (known !== undefined && countOf(known.dims) <= (maxValues ?? Number.POSITIVE_INFINITY)) return known;
    const volume = open(bytes, name, maxValues);
    opened.set(bytes, volume);
    return volume;
  };
  return {
    ...identity,
    header: async (path, { maxPixels }) => {
      const bytes = await readImageBytes(path);
      const whole = identity.gather === undefined ? bytes : await identity.gather(bytes, path);
      const volume = head(whole, path, maxPixels);
      return {
        format: identity.format,
        ...shapeOf(volume),
        bits: bitsOf(volume),
        channels: 1,
        spacingMm: spacingOf(volume),
        volume,
      };
    },
    decode: async (bytes, name, options) =>
      decodeSlice(volumeOf(bytes, name, options.maxPixels), name, options),
  };
}

const countOf = (dims: readonly number[]): number => dims.reduce((product, size) => product * size, 1);

function shapeOf({ dims }: VolumeHead): Pick<ImageHeader, 'height' | 'width' | 'frames'> {
  const [width = 1, height = 1, ...others] = dims;
  return { width, height, frames: countOf(others) };
}

const bitsOf = ({ type }: VolumeHead): 8 | 16 => (type === 'uint8' ? 8 : 16);

function spacingOf({ spacingMm: [col = 1, row = 1] }: VolumeHead): readonly [number, number] {
  return [row, col];
}

function decodeSlice(volume: StoredVolume, name: string, { frame = 0, window }: ReadImageOptions): Image {
  const { type, littleEndian, stored, slope = 1, intercept = 0 } = volume;
  const { height, width, frames } = shapeOf(volume);
  requireFrame(frame, frames, name);
  const bytes = height * width * VALUE_BYTES[type];
  const values = valuesOf(stored.subarray(frame * bytes, (frame + 1) * bytes), type, littleEndian);
  const size = { height, width, spacingMm: spacingOf(volume) };
  if (values instanceof Uint8Array && slope === 1 && intercept === 0) {
    const image: Image = { ...size, bits: 8, data: values };
    return window === undefined ? image : applyWindow(image, window);
  }
  const bits = bitsOf(volume);
  const scaled = Float64Array.from(values, (value) => value * slope + intercept);
  return { ...size, bits, data: windowValues(scaled, bits, window ?? USUAL_PERCENTILES) };
}
