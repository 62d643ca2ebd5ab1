/**
 * @file NIfTI-1 volumes as grey images, slice by slice: rows and columns are the first two axes of the file, and all
 * others count slices. Bytes are greys as they are; other values mean nothing without a window.
 */
import { gunzipSync, constants as zlib } from 'node:zlib';
import type { Image } from '../imaging/image.ts';
import { readImageBytes } from '../imaging/read-bytes.ts';
import {
  type ImageHeader,
  type ImageReader,
  type ReadImageOptions,
  requireFrame,
} from '../imaging/reader.ts';
import { applyWindow, type IntensityWindow, USUAL_PERCENTILES, windowValues } from '../imaging/window.ts';
import { decodeHeader, HEADER_BYTES, type NiftiHeader } from './header.ts';
import { decodeNifti, type NiftiVolume } from './nifti.ts';

/** Voxels of the widest type then take 320 MB, and are held twice while they are read. */
const MAX_VOXELS = 40e6;

export const niftiReader: ImageReader = {
  format: 'nifti',
  extensions: ['.nii', '.nii.gz'],
  recognises: (start) => isGzip(start) || isHeader(start),
  header: async (path) => imageHeader(headOf(await readImageBytes(path)), path),
  decode: decodeSlice,
};

const isGzip = (start: Uint8Array): boolean => start[0] === 0x1f && start[1] === 0x8b;

/** The size of the header, in either byte order. */
function isHeader(start: Uint8Array): boolean {
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
  return (
    start.length >= 4 && (view.getInt32(0, true) === HEADER_BYTES || view.getInt32(0, false) === HEADER_BYTES)
  );
}

/** Enough of the file for its header; empty where that cannot be inflated. */
function headOf(bytes: Uint8Array): Uint8Array {
  if (!isGzip(bytes)) return bytes;
  try {
    return gunzipSync(bytes.subarray(0, 4096), { finishFlush: zlib.Z_SYNC_FLUSH });
  } catch {
    return new Uint8Array();
  }
}

function imageHeader(head: Uint8Array, name: string): ImageHeader {
  const header = decodeHeader(head, name, MAX_VOXELS);
  return {
    format: 'nifti',
    ...shapeOf(header),
    bits: bitsOf(header),
    channels: 1,
    spacingMm: spacingOf(header),
    volume: header,
  };
}

function shapeOf({ dims }: NiftiHeader): Pick<ImageHeader, 'height' | 'width' | 'frames'> {
  const [width = 1, height = 1, ...others] = dims;
  return { width, height, frames: others.reduce((product, size) => product * size, 1) };
}

const bitsOf = ({ type }: NiftiHeader): 8 | 16 => (type === 'uint8' ? 8 : 16);

function spacingOf({ spacingMm: [col = 1, row = 1] }: NiftiHeader): readonly [number, number] {
  return [row, col];
}

/** Decoded volumes for as long as somebody holds the bytes of their files, who then asks for one slice after the other. */
const volumes = new WeakMap<Uint8Array, NiftiVolume>();

function volumeOf(bytes: Uint8Array, name: string, maxVoxels: number): NiftiVolume {
  const known = volumes.get(bytes);
  if (known !== undefined && known.data.length <= maxVoxels) return known;
  const volume = decodeNifti(bytes, name, { maxVoxels });
  volumes.set(bytes, volume);
  return volume;
}

async function decodeSlice(bytes: Uint8Array, name: string, options: ReadImageOptions): Promise<Image> {
  const { frame = 0, window, maxPixels = MAX_VOXELS } = options;
  const volume = volumeOf(bytes, name, Math.min(maxPixels, MAX_VOXELS));
  const { height, width, frames } = shapeOf(volume);
  requireFrame(frame, frames, name);
  const data = volume.data.subarray(frame * height * width, (frame + 1) * height * width);
  const size = { height, width, spacingMm: spacingOf(volume) };
  const { slope, intercept } = volume;
  if (data instanceof Uint8Array && slope === 1 && intercept === 0) {
    // A copy: the rest of the volume need not stay.
    const image: Image = { ...size, bits: 8, data: data.slice() };
    return window === undefined ? image : applyWindow(image, window);
  }
  const values = Float64Array.from(data, (value) => value * slope + intercept);
  return { ...size, ...shown(values, bitsOf(volume), window) };
}

function shown(values: Float64Array, bits: 8 | 16, window: IntensityWindow = USUAL_PERCENTILES) {
  return { bits, data: windowValues(values, bits, window) };
}
