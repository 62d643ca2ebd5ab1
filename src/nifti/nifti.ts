/**
 * @file NIfTI-1 files, plain (.nii) or compressed (.nii.gz), to volumes of numbers and back. Nothing is allocated on
 * the word of a header: a compressed file is first inflated as far as its header, and then no further than that says.
 */
import { gunzipSync, gzipSync, constants as zlib } from 'node:zlib';
import { ImageError } from '../base/errors.ts';
import { MAX_PIXELS } from '../base/limits.ts';
import type { VolumeGrid } from '../volumes/affine.ts';
import type { StoredVolume } from '../volumes/slices.ts';
import { type Values, valuesOf } from '../volumes/values.ts';
import { decodeHeader, encodeHeader, HEADER_BYTES, type NiftiHeader } from './header.ts';

export interface NiftiVolume extends NiftiHeader {
  /** As stored, before slope and intercept; the first axis of `dims` is the fastest. */
  readonly data: Values;
}

export interface DecodeNiftiOptions {
  /** Largest number of voxels. Default MAX_PIXELS (100 million). */
  readonly maxVoxels?: number;
}

/** Whether a file name ends as those of NIfTI files do. */
export function isNiftiName(name: string): boolean {
  return /\.nii(\.gz)?$/i.test(name);
}

/**
 * The volume in the bytes of a file. `name` is the file's, for errors.
 * @throws ImageError as decodeHeader, and for files that are cut off or cannot be inflated.
 */
export function decodeNifti(
  bytes: Uint8Array,
  name: string,
  { maxVoxels = MAX_PIXELS }: DecodeNiftiOptions = {},
): NiftiVolume {
  const { littleEndian, stored, ...header } = openNifti(bytes, name, maxVoxels);
  return { ...header, data: valuesOf(stored, header.type, littleEndian) };
}

/** The same, its voxels as bytes still: those of the file itself where it is not compressed. */
export function openNifti(
  bytes: Uint8Array,
  name: string,
  maxVoxels: number,
): NiftiHeader & Pick<StoredVolume, 'littleEndian' | 'stored'> {
  const { dataAt, dataBytes, ...header } = decodeHeader(niftiHead(bytes, name), name, maxVoxels);
  const whole = isGzip(bytes) ? inflate(bytes, name, dataAt + dataBytes) : bytes;
  if (whole.length < dataAt + dataBytes) {
    throw new ImageError({
      seen: `${name} is cut off: ${Math.max(0, whole.length - dataAt)} of ${dataBytes} bytes of voxels are there`,
      need: 'NIfTI files are complete',
      fix: 'Copy it again from its source, or leave it out',
    });
  }
  return { ...header, stored: whole.subarray(dataAt, dataAt + dataBytes) };
}

/** The bytes of a file of uint8 or uint16, compressed unless it is to be plain. */
export function encodeNifti(
  data: Uint8Array | Uint16Array,
  dims: readonly number[],
  spacingMm: readonly number[],
  compress = true,
): Uint8Array {
  return encodeNiftiVolume(data, { dims, spacingMm }, compress);
}

/** The same for voxels that lie somewhere. */
export function encodeNiftiVolume(
  data: Uint8Array | Uint16Array,
  grid: VolumeGrid,
  compress = true,
): Uint8Array {
  const type = data instanceof Uint8Array ? 'uint8' : 'uint16';
  const header = encodeHeader({ ...grid, type, slope: 1, intercept: 0 });
  const bytes = new Uint8Array(header.length + data.byteLength);
  bytes.set(header);
  if (data instanceof Uint8Array) bytes.set(data, header.length);
  else {
    const view = new DataView(bytes.buffer, header.length);
    data.forEach((value, i) => {
      view.setUint16(2 * i, value, true);
    });
  }
  return compress ? gzipSync(bytes) : bytes;
}

/** Whether a file that begins so is compressed. */
export function isGzip(start: Uint8Array): boolean {
  return start[0] === 0x1f && start[1] === 0x8b;
}

/** Enough of a file for its header; deflate makes at most 1032 bytes of one. @throws ImageError for a damaged file. */
export function niftiHead(bytes: Uint8Array, name: string): Uint8Array {
  if (!isGzip(bytes)) return bytes;
  try {
    const start = bytes.subarray(0, 4096);
    return gunzipSync(start, { finishFlush: zlib.Z_SYNC_FLUSH }).subarray(0, HEADER_BYTES);
  } catch (cause) {
    throw damaged(name, cause);
  }
}

/** What may follow the voxels: padding, checksums of some programs. */
const SLACK_BYTES = 2 ** 20;

function inflate(bytes: Uint8Array, name: string, expected: number): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: expected + SLACK_BYTES });
  } catch (cause) {
    throw damaged(name, cause);
  }
}

function damaged(name: string, cause: unknown): ImageError {
  return new ImageError(
    {
      seen: `${name} cannot be inflated (${cause instanceof Error ? cause.message : String(cause)})`,
      need: 'Files ending in .nii.gz are complete, and as long as their header says',
      fix: 'Copy it again from its source, or leave it out',
    },
    { cause },
  );
}
