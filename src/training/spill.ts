/**
 * @file Arrays that are read again and again: in memory up to some size, further ones in a file, so that twenty
 * thousand images are trained on in the memory of some thousand.
 */
import { randomUUID } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { writeError } from '../base/files.ts';

export interface Spill {
  /**
   * Takes an array; the functions give it back, each time anew where it lies in the file.
   * @throws RunError where the disk is full.
   */
  floats(array: Float32Array): () => Float32Array;
  bytes(array: Uint8Array): () => Uint8Array;
  /** What lies in the file is gone then. */
  close(): void;
}

/** Bytes held in memory. */
const HELD = 400e6;

/** @param folder Receives the file, whose name goes at once: a process that is killed leaves nothing behind. */
export function openSpill(folder: string, held = HELD): Spill {
  let room = held;
  let file: number | undefined;
  let end = 0;
  /** Where the bytes lie in the file; undefined where they fit into memory. */
  const place = ({ buffer, byteOffset, byteLength }: Uint8Array | Float32Array): number | undefined => {
    room -= byteLength;
    if (room >= 0) return undefined;
    const path = join(folder, `.samples.${randomUUID()}.tmp`);
    try {
      file ??= openNameless(folder, path);
      const at = end;
      for (let done = 0; done < byteLength; ) {
        done += writeSync(
          file,
          new Uint8Array(buffer, byteOffset + done, byteLength - done),
          0,
          undefined,
          at + done,
        );
      }
      end += byteLength;
      return at;
    } catch (cause) {
      throw writeError(path, cause);
    }
  };
  const read = (at: number, length: number): ArrayBuffer => {
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length; ) done += readSync(file!, bytes, done, length - done, at + done);
    return bytes.buffer;
  };
  return {
    floats: (array) => {
      const { byteLength } = array;
      const at = place(array);
      return at === undefined ? () => array : () => new Float32Array(read(at, byteLength));
    },
    bytes: (array) => {
      const { byteLength } = array;
      const at = place(array);
      return at === undefined ? () => array : () => new Uint8Array(read(at, byteLength));
    },
    close: () => {
      if (file !== undefined) closeSync(file);
      file = undefined;
    },
  };
}

function openNameless(folder: string, path: string): number {
  mkdirSync(folder, { recursive: true });
  const file = openSync(path, 'wx+');
  rmSync(path);
  return file;
}
