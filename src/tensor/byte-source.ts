/** @file Random access to the bytes of a file or of memory, so that large weights files are read piece by piece. */
import type { FileHandle } from 'node:fs/promises';
import { CheckpointError } from '../base/errors.ts';
import { openRegularFile } from '../base/regular-file.ts';

export interface ByteSource {
  /** For messages: the path of the file. */
  readonly name: string;
  /** Bytes in all. */
  readonly size: number;
  /** A fresh copy of `length` bytes at `offset`, at the start of its own buffer. The range must be inside. */
  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  /** Fills an array with the bytes from `offset` on. The range must be inside. */
  readInto(target: Uint8Array, offset: number): Promise<void>;
  close(): Promise<void>;
}

/** The bytes in memory. */
export function bytesSource(bytes: Uint8Array, name: string): ByteSource {
  return {
    name,
    size: bytes.byteLength,
    read: async (offset, length) => Uint8Array.from(bytes.subarray(offset, offset + length)),
    readInto: async (target, offset) => target.set(bytes.subarray(offset, offset + target.length)),
    close: async () => {},
  };
}

/** An open file; close it when done. A file that cannot be opened is a CheckpointError. */
export async function openByteSource(path: string): Promise<ByteSource> {
  let file: FileHandle;
  try {
    file = await openRegularFile(path);
  } catch (cause) {
    throw new CheckpointError(
      {
        seen: `${path} cannot be opened: ${cause instanceof Error ? cause.message : String(cause)}`,
        need: 'A weights file that exists and may be read is needed',
        fix: 'Check the path and the permissions',
      },
      { cause },
    );
  }
  const stats = await file.stat();
  if (!stats.isFile()) {
    await file.close();
    throw new CheckpointError({
      seen: `${path} is not a file`,
      need: 'A weights file is needed',
      fix: 'Name the file itself, not its folder',
    });
  }
  return {
    name: path,
    size: stats.size,
    read: async (offset, length) => {
      const bytes = new Uint8Array(length);
      await readRange(file, path, bytes, offset);
      return bytes;
    },
    readInto: (target, offset) => readRange(file, path, target, offset),
    close: () => file.close(),
  };
}

/** One read call returns at most 2 GiB, so long ranges take several. */
const LONGEST_READ = 2 ** 30;

async function readRange(file: FileHandle, path: string, bytes: Uint8Array, offset: number): Promise<void> {
  const { length } = bytes;
  for (let done = 0; done < length; ) {
    const { bytesRead } = await file.read(bytes, done, Math.min(LONGEST_READ, length - done), offset + done);
    if (bytesRead === 0) {
      throw new CheckpointError({
        seen: `${path} ends at byte ${offset + done}, while it was read up to ${offset + length}`,
        need: 'The whole file is needed',
        fix: 'Copy or download it again',
      });
    }
    done += bytesRead;
  }
}
