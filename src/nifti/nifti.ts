/**
 * @file NIfTI-1 files, plain (.nii) or compressed (.nii.gz), to volumes of numbers and back. Nothing is allocated on
 * the word of a header: a compressed file is first inflated as far as its header, and then no further than that says.
 */
import { gunzipSync, gzipSync, constants as zlib } from 'node:zlib';
import { ImageError } from '../base/errors.ts';
import { MAX_PIXELS } from '../base/limits.ts';
import { type DataPlace, decodeHeader, encodeHeader, HEADER_BYTES, type NiftiHeader } from './header.ts';

/** Values of int64 and uint64 files are given as the nearest numbers. */
type NiftiValues =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array;

export interface NiftiVolume extends NiftiHeader {
  /** As stored, before slope and intercept; the first axis of `dims` is the fastest. */
  readonly data: NiftiValues;
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
  const compressed = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const head = compressed ? inflateHead(bytes, name) : bytes;
  const { littleEndian, dataAt, dataBytes, ...header } = decodeHeader(head, name, maxVoxels);
  const place: DataPlace = { littleEndian, dataAt, dataBytes };
  const whole = compressed ? inflate(bytes, name, dataAt + dataBytes) : bytes;
  if (whole.length < dataAt + dataBytes) {
    throw new ImageError({
      seen: `${name} is cut off: ${Math.max(0, whole.length - dataAt)} of ${dataBytes} bytes of voxels are there`,
      need: 'NIfTI files are complete',
      fix: 'Copy it again from its source, or leave it out',
    });
  }
  return { ...header, data: valuesOf(whole, header, place) };
}

/** The bytes of a file of uint8 or uint16, compressed unless it is to be plain; `dims` and `spacingMm` as in NiftiHeader. */
export function encodeNifti(
  data: Uint8Array | Uint16Array,
  dims: readonly number[],
  spacingMm: readonly number[],
  compress = true,
): Uint8Array {
  const type = data instanceof Uint8Array ? 'uint8' : 'uint16';
  const header = encodeHeader({ dims, spacingMm, type, slope: 1, intercept: 0 });
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

/** Enough of a compressed file for its header; deflate makes at most 1032 bytes of one. */
function inflateHead(bytes: Uint8Array, name: string): Uint8Array {
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

function valuesOf(whole: Uint8Array, { type }: NiftiHeader, place: DataPlace): NiftiValues {
  // A copy: typed arrays of more than one byte a value need an aligned start. (slice of a Buffer makes none.)
  const bytes = new Uint8Array(whole.subarray(place.dataAt, place.dataAt + place.dataBytes));
  const buffer = bytes.buffer;
  if (type === 'uint8') return bytes;
  if (type === 'int8') return new Int8Array(buffer);
  if (!place.littleEndian) {
    const swapped = Buffer.from(buffer);
    if (type === 'int16' || type === 'uint16') swapped.swap16();
    else if (type === 'int32' || type === 'uint32' || type === 'float32') swapped.swap32();
    else swapped.swap64();
  }
  switch (type) {
    case 'int16':
      return new Int16Array(buffer);
    case 'uint16':
      return new Uint16Array(buffer);
    case 'int32':
      return new Int32Array(buffer);
    case 'uint32':
      return new Uint32Array(buffer);
    case 'float32':
      return new Float32Array(buffer);
    case 'float64':
      return new Float64Array(buffer);
    case 'int64':
      return Float64Array.from(new BigInt64Array(buffer), Number);
    case 'uint64':
      return Float64Array.from(new BigUint64Array(buffer), Number);
  }
}
