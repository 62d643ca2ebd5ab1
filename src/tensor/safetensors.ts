/**
 * @file safetensors: an 8-byte header length, a JSON header, then the raw little-endian tensors.
 *
 * Format: https://huggingface.co/docs/safetensors. The reader is as strict as the format: the tensors must tile
 * the data without holes or overlaps, so that no byte of a file goes unexplained.
 */
import { CheckpointError } from '../base/errors.ts';
import { elementCount, type Float32NdArray, float32, type NdArray } from './array.ts';
import { type ByteSource, bytesSource, openByteSource } from './byte-source.ts';
import {
  decodeElements,
  FILE_DTYPE_BYTES,
  FILE_DTYPE_OF,
  type FileDType,
  isFileDType,
  toFloat32,
} from './elements.ts';
import { halvesWithin, widenHalves } from './float16.ts';

/** The reference implementation's limit for the header, in bytes. */
const MAX_HEADER_BYTES = 100_000_000;
const METADATA_KEY = '__metadata__';

/** Where a tensor lies. */
export interface SafetensorsEntry {
  readonly dtype: FileDType;
  readonly shape: readonly number[];
  /** Bytes from the start of the file. */
  readonly offset: number;
  readonly byteLength: number;
}

/** An open file of which only the header has been read. */
export interface SafetensorsFile {
  /** By name, in the order of the data. */
  readonly entries: ReadonlyMap<string, SafetensorsEntry>;
  readonly metadata: Readonly<Record<string, string>>;
  /** Reads one tensor; an unknown name is a CheckpointError. */
  read(name: string): Promise<NdArray>;
  /** The same with the values as float32; halves need no memory besides the floats that they become. */
  readFloat32(name: string): Promise<Float32NdArray>;
  close(): Promise<void>;
}

/** Opens a file and reads its header; tensors are read one by one, on demand. */
export async function openSafetensors(path: string): Promise<SafetensorsFile> {
  const source = await openByteSource(path);
  try {
    return await readHeader(source);
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** All tensors of a file by name. bfloat16 is returned as float32, float16 as its bit patterns. */
export async function readSafetensors(path: string): Promise<Map<string, NdArray>> {
  const file = await openSafetensors(path);
  try {
    return await readAll(file);
  } finally {
    await file.close();
  }
}

/** The same from bytes in memory; `name` stands for the file in messages. */
export async function parseSafetensors(
  bytes: Uint8Array,
  name = 'safetensors data',
): Promise<{ tensors: Map<string, NdArray>; metadata: Readonly<Record<string, string>> }> {
  const file = await readHeader(bytesSource(bytes, name));
  return { tensors: await readAll(file), metadata: file.metadata };
}

async function readAll(file: SafetensorsFile): Promise<Map<string, NdArray>> {
  const tensors = new Map<string, NdArray>();
  for (const name of file.entries.keys()) tensors.set(name, await file.read(name));
  return tensors;
}

async function readHeader(source: ByteSource): Promise<SafetensorsFile> {
  if (source.size < 8) throw damaged(source.name, `has ${source.size} bytes, too few for a header`);
  const lengthBytes = await source.read(0, 8);
  const headerLength = Number(new DataView(lengthBytes.buffer).getBigUint64(0, true));
  if (headerLength > MAX_HEADER_BYTES || 8 + headerLength > source.size) {
    throw damaged(source.name, `claims a header of ${headerLength} bytes in a file of ${source.size}`);
  }
  const header = parseJsonObject(source.name, await source.read(8, headerLength));
  const dataStart = 8 + headerLength;

  const metadata = parseMetadata(source.name, header[METADATA_KEY]);
  const found = Object.entries(header)
    .filter(([name]) => name !== METADATA_KEY)
    .map(([name, value]): [string, SafetensorsEntry] => [
      name,
      parseEntry(source.name, name, value, dataStart),
    ]);
  // Equal offsets occur with empty tensors only; those come before the tensor that starts there.
  found.sort(([, a], [, b]) => a.offset - b.offset || a.byteLength - b.byteLength);
  let end = dataStart;
  for (const [name, entry] of found) {
    if (entry.offset !== end) {
      const what = entry.offset < end ? 'overlaps the tensor before it' : 'leaves a hole before it';
      throw damaged(source.name, `has tensor ${name}, which ${what}`);
    }
    end = entry.offset + entry.byteLength;
    if (end > source.size) {
      throw damaged(source.name, `has tensor ${name}, which ends at byte ${end} of ${source.size}`);
    }
  }
  if (end !== source.size) throw damaged(source.name, `has ${source.size - end} bytes after its last tensor`);

  const entries = new Map(found);
  const entryOf = (name: string): SafetensorsEntry => {
    const entry = entries.get(name);
    if (entry !== undefined) return entry;
    throw new CheckpointError({
      seen: `${source.name} has no tensor ${name}`,
      need: `Its ${entries.size} tensors are another model's`,
      fix: 'Name the weights file of the model that is asked for',
    });
  };
  const read = async (name: string): Promise<NdArray> => {
    const { dtype, shape, offset, byteLength } = entryOf(name);
    return decodeElements(dtype, shape, await source.read(offset, byteLength));
  };
  return {
    entries,
    metadata,
    read,
    readFloat32: async (name) => {
      const { dtype, shape, offset } = entryOf(name);
      if (dtype !== 'F16') return float32(shape, toFloat32(await read(name)));
      const floats = new Float32Array(elementCount(shape));
      const halves = halvesWithin(floats);
      await source.readInto(new Uint8Array(halves.buffer, halves.byteOffset, halves.byteLength), offset);
      widenHalves(floats);
      return float32(shape, floats);
    },
    close: () => source.close(),
  };
}

function parseJsonObject(file: string, bytes: Uint8Array): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw damaged(file, 'has a header that is not JSON', cause);
  }
  if (!isRecord(value)) throw damaged(file, 'has a header that is not a JSON object');
  return value;
}

function parseMetadata(file: string, value: unknown): Readonly<Record<string, string>> {
  if (value === undefined) return {};
  if (!isRecord(value)) throw damaged(file, `has ${METADATA_KEY} that is not an object`);
  const metadata = Object.entries(value).map(([key, text]): [string, string] => {
    if (typeof text !== 'string') throw damaged(file, `has metadata ${key} that is not text`);
    return [key, text];
  });
  // Object.fromEntries, because an assignment to the key __proto__ would be lost.
  return Object.fromEntries(metadata);
}

function parseEntry(file: string, name: string, value: unknown, dataStart: number): SafetensorsEntry {
  if (!isRecord(value)) throw damaged(file, `describes tensor ${name} by ${shown(value)}`);
  const { dtype, shape, data_offsets: offsets } = value;
  if (!isFileDType(dtype)) {
    throw new CheckpointError({
      seen: `${file} has tensor ${name} of type ${shown(dtype)}`,
      need: `Packmule reads ${Object.keys(FILE_DTYPE_BYTES).join(', ')}`,
      fix: 'Convert the weights to float32 or float16',
    });
  }
  if (!isWholeNumbers(shape)) {
    throw damaged(file, `has tensor ${name} of shape ${shown(shape)}`);
  }
  if (!isWholeNumbers(offsets) || offsets.length !== 2 || offsets[1]! < offsets[0]!) {
    throw damaged(file, `has tensor ${name} at offsets ${shown(offsets)}`);
  }
  const byteLength = offsets[1]! - offsets[0]!;
  const needed = elementCount(shape) * FILE_DTYPE_BYTES[dtype];
  if (needed !== byteLength) {
    throw damaged(
      file,
      `has tensor ${name} of shape [${shape.join(', ')}] and type ${dtype} in ${byteLength} bytes instead of ${needed}`,
    );
  }
  return { dtype, shape, offset: dataStart + offsets[0]!, byteLength };
}

/** A value for a message: short, and without descending into what may be nested without end. */
function shown(value: unknown): string {
  if (Array.isArray(value))
    return `[${value.slice(0, 8).map(flat).join(',')}${value.length > 8 ? ',...' : ''}]`;
  return flat(value);
}

function flat(value: unknown): string {
  if (Array.isArray(value)) return '[...]';
  return isRecord(value) ? '{...}' : (JSON.stringify(value)?.slice(0, 80) ?? 'undefined');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isWholeNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

function damaged(file: string, what: string, cause?: unknown): CheckpointError {
  return new CheckpointError(
    {
      seen: `${file} ${what}`,
      need: 'A whole safetensors file is needed',
      fix: 'Copy or download it again, or name another file',
    },
    cause === undefined ? undefined : { cause },
  );
}

/**
 * The bytes of a safetensors file. Tensors are ordered by falling element size, then by name, as the reference
 * implementation does: every tensor is aligned, and equal tensors give equal bytes.
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, NdArray>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const ordered = [...tensors].sort(
    ([nameA, a], [nameB, b]) =>
      FILE_DTYPE_BYTES[FILE_DTYPE_OF[b.dtype]] - FILE_DTYPE_BYTES[FILE_DTYPE_OF[a.dtype]] ||
      (nameA < nameB ? -1 : 1),
  );
  const fields: [string, unknown][] = [];
  if (Object.keys(metadata).length > 0) {
    const keys = Object.keys(metadata).sort();
    fields.push([METADATA_KEY, Object.fromEntries(keys.map((key) => [key, metadata[key]]))]);
  }
  let offset = 0;
  for (const [name, array] of ordered) {
    if (name === METADATA_KEY || elementCount(array.shape) !== array.data.length) {
      throw new Error(
        `Tensor ${name} of shape [${array.shape.join(', ')}] with ${array.data.length} elements cannot be stored`,
      );
    }
    const end = offset + array.data.byteLength;
    fields.push([
      name,
      { dtype: FILE_DTYPE_OF[array.dtype], shape: array.shape, data_offsets: [offset, end] },
    ]);
    offset = end;
  }
  const header = new TextEncoder().encode(JSON.stringify(Object.fromEntries(fields)));
  const headerLength = Math.ceil(header.length / 8) * 8;
  const bytes = new Uint8Array(8 + headerLength + offset);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerLength), true);
  bytes.set(header, 8);
  bytes.fill(0x20, 8 + header.length, 8 + headerLength);
  let position = 8 + headerLength;
  for (const [, { data }] of ordered) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), position);
    position += data.byteLength;
  }
  return bytes;
}
