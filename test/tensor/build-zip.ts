/** @file Builds zip archives for tests, sound ones and such as no sound tool writes. */
import { crc32, deflateRawSync } from 'node:zlib';

export interface ZipPart {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly deflate?: boolean;
  /** Overrides for the directory, to make it lie. */
  readonly lie?: {
    size?: number;
    packedSize?: number;
    crc?: number;
    offset?: number;
    method?: number;
    flags?: number;
  };
}

/** A zip archive; with `zip64` every size and offset stands in zip64 fields. */
export function buildZip(parts: readonly ZipPart[], { zip64 = false } = {}): Uint8Array<ArrayBuffer> {
  const chunks: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const { name, bytes, deflate = false, lie = {} } of parts) {
    const packed = deflate ? deflateRawSync(bytes) : bytes;
    const nameBytes = new TextEncoder().encode(name);
    const method = lie.method ?? (deflate ? 8 : 0);
    const crc = lie.crc ?? crc32(bytes);
    const size = lie.size ?? bytes.length;
    const packedSize = lie.packedSize ?? packed.length;
    const at = lie.offset ?? offset;
    const wide = (value: number): number => (zip64 ? 0xffffffff : value);
    const extra = zip64 ? fields([1, 2], [24, 2], [size, 8], [packedSize, 8], [at, 8]) : new Uint8Array();
    const local = fields(
      [0x04034b50, 4],
      [45, 2],
      [lie.flags ?? 0, 2],
      [method, 2],
      [0, 4],
      [crc, 4],
      [packed.length, 4],
      [bytes.length, 4],
      [nameBytes.length, 2],
      [0, 2],
    );
    directory.push(
      fields(
        [0x02014b50, 4],
        [45, 2],
        [45, 2],
        [lie.flags ?? 0, 2],
        [method, 2],
        [0, 4],
        [crc, 4],
        [wide(packedSize), 4],
        [wide(size), 4],
        [nameBytes.length, 2],
        [extra.length, 2],
        [0, 2],
        [0, 2],
        [0, 2],
        [0, 4],
        [wide(at), 4],
      ),
      nameBytes,
      extra,
    );
    chunks.push(local, nameBytes, packed);
    offset += local.length + nameBytes.length + packed.length;
  }
  const directoryBytes = Buffer.concat(directory);
  const end: Uint8Array[] = [];
  if (zip64) {
    end.push(
      fields(
        [0x06064b50, 4],
        [44, 8],
        [45, 2],
        [45, 2],
        [0, 4],
        [0, 4],
        [parts.length, 8],
        [parts.length, 8],
        [directoryBytes.length, 8],
        [offset, 8],
      ),
      fields([0x07064b50, 4], [0, 4], [offset + directoryBytes.length, 8], [1, 4]),
    );
  }
  const wide16 = zip64 ? 0xffff : parts.length;
  end.push(
    fields(
      [0x06054b50, 4],
      [0, 2],
      [0, 2],
      [wide16, 2],
      [wide16, 2],
      [zip64 ? 0xffffffff : directoryBytes.length, 4],
      [zip64 ? 0xffffffff : offset, 4],
      [0, 2],
    ),
  );
  return Uint8Array.from(Buffer.concat([...chunks, directoryBytes, ...end]));
}

/** Little-endian numbers of the given widths in bytes, one after the other. */
function fields(...items: readonly (readonly [value: number, width: number])[]): Uint8Array {
  const out: number[] = [];
  for (const [value, width] of items) {
    for (let i = 0; i < width; i++) out.push(Number((BigInt(value) >> BigInt(8 * i)) & 255n));
  }
  return Uint8Array.from(out);
}
