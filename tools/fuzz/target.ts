/** @file What one target is, and what targets share. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readImage } from '../../src/imaging/read.ts';
import { PickleError } from '../../src/tensor/pickle.ts';
import type { Kind } from './mutate.ts';

export interface Target {
  readonly name: string;
  readonly kind: Kind;
  /** Writes a sound input into an empty folder and returns the path that is read. */
  make(folder: string): Promise<string>;
  /** Files that are not damaged. */
  readonly spared?: RegExp;
  /** Reads it, and throws an Error where what comes out contradicts itself. */
  read(path: string): Promise<void>;
}

/** An input that is made to do harm, and is read as it is. */
export interface Hostile {
  readonly name: string;
  /** Writes the input into an empty folder and returns the path that is read. */
  make(folder: string): Promise<string>;
  read(path: string): Promise<unknown>;
}

/** What is made of a size that all pictures have. */
export const [HEIGHT, WIDTH] = [24, 30];
export const grey = Uint8Array.from({ length: HEIGHT * WIDTH }, (_, i) => (i * 7) % 256);
export const wide = Uint16Array.from(grey, (value) => value * 200);

/** The weights of a small MobileSAM. */
export const FIXTURE = fileURLToPath(
  new URL(
    `${import.meta.url.includes('/dist/') ? '../../..' : '../..'}/test/reference/fixtures/mobile-sam/model.pth`,
    import.meta.url,
  ),
);

export async function readWholeImage(path: string): Promise<void> {
  const { data, height, width } = await readImage(path);
  if (data.length !== height * width) throw new Error(`${data.length} pixels for ${width} x ${height}`);
}

export const image = (
  name: string,
  file: string,
  encode: () => Promise<Uint8Array> | Uint8Array,
): Target => ({
  name,
  kind: 'bytes',
  read: readWholeImage,
  make: (folder) => written(folder, file, encode()),
});

export async function written(
  folder: string,
  file: string,
  content: Promise<Uint8Array> | Uint8Array | string,
): Promise<string> {
  const path = join(folder, file);
  await writeFile(path, await content);
  return path;
}

/** A reader that says of a damaged file that there is nothing. */
export class NothingRead extends Error {}

/** Errors with which a reader refuses without being a PackmuleError: its caller names the file. */
export function isRefusal(error: unknown): boolean {
  return error instanceof PickleError || error instanceof NothingRead;
}
