/**
 * @file Reads zip archives by their central directory (PKWARE APPNOTE 6.3.9): stored and deflated entries, zip64.
 *
 * Written for weights files from anywhere: every offset and size is checked before it is used, entries may not
 * overlap, and what inflates to more than its directory says, or to very much more than it takes in the file, is
 * refused (a "zip bomb").
 */
import { promisify } from 'node:util';
import { crc32, inflateRaw } from 'node:zlib';
import { CheckpointError } from '../base/errors.ts';
import type { ByteSource } from './byte-source.ts';

export interface ZipEntry {
  readonly name: string;
  /** Bytes once unpacked. */
  readonly size: number;
}

export interface ZipArchive {
  readonly entries: ReadonlyMap<string, ZipEntry>;
  /** The unpacked bytes of an entry of this archive, its checksum verified. */
  read(entry: ZipEntry): Promise<Uint8Array<ArrayBuffer>>;
}

interface DirectoryEntry extends ZipEntry {
  readonly method: number;
  readonly crc: number;
  readonly packedSize: number;
  readonly headerOffset: number;
}

const END_SIGNATURE = 0x06054b50;
const END_BYTES = 22;
const LONGEST_COMMENT = 65535;
const ZIP64_LOCATOR_SIGNATURE = 0x07064b50;
const ZIP64_LOCATOR_BYTES = 20;
const ZIP64_END_SIGNATURE = 0x06064b50;
const ZIP64_END_BYTES = 56;
const DIRECTORY_SIGNATURE = 0x02014b50;
const DIRECTORY_BYTES = 46;
const LOCAL_SIGNATURE = 0x04034b50;
const LOCAL_BYTES = 30;
const ZIP64_EXTRA = 1;
const ENCRYPTED_FLAG = 1;
const STORED = 0;
const DEFLATED = 8;

const MAX_DIRECTORY_BYTES = 64 * 2 ** 20;
/** Weights hardly compress; text does so about tenfold. */
const MAX_RATIO = 100;
/** Below this size the ratio does not matter. */
const HARMLESS_BYTES = 2 ** 20;

const inflate = promisify<Uint8Array, { maxOutputLength: number }, Buffer>(inflateRaw);

/** Whether the bytes begin as a zip archive does. */
export async function looksLikeZip(source: ByteSource): Promise<boolean> {
  if (source.size < END_BYTES) return false;
  return view(await source.read(0, 4)).getUint32(0, true) === LOCAL_SIGNATURE;
}

/** Reads the directory of an archive. Anything out of order is a CheckpointError that names the file. */
export async function openZip(source: ByteSource): Promise<ZipArchive> {
  const { offset, length, count } = await findDirectory(source);
  if (length > MAX_DIRECTORY_BYTES || offset + length > source.size) {
    throw damaged(source, `has a directory of ${length} bytes at ${offset} in a file of ${source.size}`);
  }
  const entries = parseDirectory(source, await source.read(offset, length), count);
  refuseOverlap(source, entries, offset);
  const byName = new Map<string, DirectoryEntry>();
  for (const entry of entries) {
    if (byName.has(entry.name)) throw damaged(source, `holds ${entry.name} twice`);
    byName.set(entry.name, entry);
  }
  return {
    entries: byName,
    read: async ({ name }) => {
      const entry = byName.get(name);
      if (entry === undefined) throw damaged(source, `does not hold ${name}`);
      return readEntry(source, entry);
    },
  };
}

async function findDirectory(source: ByteSource) {
  const tailLength = Math.min(source.size, END_BYTES + LONGEST_COMMENT + ZIP64_LOCATOR_BYTES);
  const tailStart = source.size - tailLength;
  const tail = view(await source.read(tailStart, tailLength));
  let end = tailLength - END_BYTES;
  while (end >= 0 && !endsHere(tail, end)) end--;
  if (end < 0) throw damaged(source, 'has no zip directory at its end');

  const plain = {
    count: tail.getUint16(end + 10, true),
    length: tail.getUint32(end + 12, true),
    offset: tail.getUint32(end + 16, true),
  };
  const locator = end - ZIP64_LOCATOR_BYTES;
  if (locator < 0 || tail.getUint32(locator, true) !== ZIP64_LOCATOR_SIGNATURE) return plain;

  const end64 = readUint64(tail, locator + 8);
  if (end64 + ZIP64_END_BYTES > source.size) throw damaged(source, 'points to a zip64 directory outside');
  const record = view(await source.read(end64, ZIP64_END_BYTES));
  if (record.getUint32(0, true) !== ZIP64_END_SIGNATURE) throw damaged(source, 'has no zip64 directory end');
  return { count: readUint64(record, 32), length: readUint64(record, 40), offset: readUint64(record, 48) };
}

/** The end record's signature, followed by a comment that reaches exactly to the end of the file. */
function endsHere(tail: DataView, at: number): boolean {
  return (
    tail.getUint32(at, true) === END_SIGNATURE &&
    at + END_BYTES + tail.getUint16(at + 20, true) === tail.byteLength
  );
}

function parseDirectory(source: ByteSource, bytes: Uint8Array, count: number): DirectoryEntry[] {
  const directory = view(bytes);
  const entries: DirectoryEntry[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + DIRECTORY_BYTES > bytes.length || directory.getUint32(at, true) !== DIRECTORY_SIGNATURE) {
      throw damaged(source, `has a directory that breaks off at entry ${i} of ${count}`);
    }
    const nameLength = directory.getUint16(at + 28, true);
    const extraLength = directory.getUint16(at + 30, true);
    const commentLength = directory.getUint16(at + 32, true);
    const nameStart = at + DIRECTORY_BYTES;
    const next = nameStart + nameLength + extraLength + commentLength;
    if (next > bytes.length)
      throw damaged(source, `has a directory that breaks off at entry ${i} of ${count}`);
    const name = new TextDecoder().decode(bytes.subarray(nameStart, nameStart + nameLength));
    if (directory.getUint16(at + 8, true) & ENCRYPTED_FLAG) throw damaged(source, `holds ${name} encrypted`);
    const sizes = wideSizes(source, name, directory, at, nameStart + nameLength, extraLength);
    entries.push({
      name,
      method: directory.getUint16(at + 10, true),
      crc: directory.getUint32(at + 16, true),
      ...sizes,
    });
    at = next;
  }
  return entries;
}

/** Sizes and offset of a directory entry; each that is 0xffffffff is in the zip64 extra field, in this order. */
function wideSizes(
  source: ByteSource,
  name: string,
  directory: DataView,
  at: number,
  extraStart: number,
  extraLength: number,
) {
  const extra = findExtra(directory, extraStart, extraLength);
  let read = extra?.start ?? 0;
  const wide = (field: number): number => {
    const narrow = directory.getUint32(at + field, true);
    if (narrow !== 0xffffffff) return narrow;
    if (extra === undefined || read + 8 > extra.end) throw damaged(source, `lacks the zip64 size of ${name}`);
    read += 8;
    return readUint64(directory, read - 8);
  };
  const size = wide(24);
  const packedSize = wide(20);
  const headerOffset = wide(42);
  return { size, packedSize, headerOffset };
}

function findExtra(directory: DataView, start: number, length: number) {
  for (let at = start; at + 4 <= start + length; ) {
    const end = at + 4 + directory.getUint16(at + 2, true);
    if (end > start + length) return undefined;
    if (directory.getUint16(at, true) === ZIP64_EXTRA) return { start: at + 4, end };
    at = end;
  }
  return undefined;
}

/** Entries that share bytes are how a small archive is made to unpack to a huge one. */
function refuseOverlap(
  source: ByteSource,
  entries: readonly DirectoryEntry[],
  directoryOffset: number,
): void {
  const ordered = [...entries].sort((a, b) => a.headerOffset - b.headerOffset);
  ordered.forEach((entry, i) => {
    const limit = ordered[i + 1]?.headerOffset ?? directoryOffset;
    if (entry.headerOffset + LOCAL_BYTES + entry.packedSize > limit) {
      throw damaged(source, `holds ${entry.name} where it overlaps what follows`);
    }
  });
}

async function readEntry(source: ByteSource, entry: DirectoryEntry): Promise<Uint8Array<ArrayBuffer>> {
  const { name, size, packedSize, headerOffset, method } = entry;
  const header = view(await source.read(headerOffset, LOCAL_BYTES));
  if (header.getUint32(0, true) !== LOCAL_SIGNATURE)
    throw damaged(source, `has no entry where ${name} should be`);
  const start = headerOffset + LOCAL_BYTES + header.getUint16(26, true) + header.getUint16(28, true);
  if (start + packedSize > source.size) throw damaged(source, `breaks off inside ${name}`);

  let bytes: Uint8Array<ArrayBuffer>;
  if (method === STORED) {
    if (size !== packedSize) throw damaged(source, `gives two sizes for ${name}`);
    bytes = await source.read(start, size);
  } else if (method === DEFLATED) {
    if (size > Math.max(HARMLESS_BYTES, packedSize * MAX_RATIO)) {
      throw damaged(source, `unpacks ${name} from ${packedSize} to ${size} bytes`);
    }
    bytes = await inflateExactly(source, entry, await source.read(start, packedSize));
  } else {
    throw damaged(source, `holds ${name} packed by method ${method}`);
  }
  if (crc32(bytes) !== entry.crc) throw damaged(source, `holds ${name} with a wrong checksum`);
  return bytes;
}

async function inflateExactly(source: ByteSource, { name, size }: ZipEntry, packed: Uint8Array) {
  let inflated: Buffer;
  try {
    inflated = await inflate(packed, { maxOutputLength: Math.max(1, size) });
  } catch (cause) {
    throw damaged(source, `holds ${name}, which cannot be unpacked to ${size} bytes`, cause);
  }
  if (inflated.length !== size)
    throw damaged(source, `unpacks ${name} to ${inflated.length} bytes, not ${size}`);
  return Uint8Array.from(inflated);
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function readUint64(data: DataView, at: number): number {
  return Number(data.getBigUint64(at, true));
}

function damaged(source: ByteSource, what: string, cause?: unknown): CheckpointError {
  return new CheckpointError(
    {
      seen: `${source.name} ${what}`,
      need: 'A whole zip archive of stored or deflated entries is needed',
      fix: 'Copy or download it again, or name another file',
    },
    cause === undefined ? undefined : { cause },
  );
}
