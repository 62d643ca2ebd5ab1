/**
 * @file The file of a case with its hash. Of files with several images the last one stays in memory, because its images
 * are asked for one after the other: reading a volume for each of its slices would take the square of its size.
 */
import { stat } from 'node:fs/promises';
import { hashBytes } from '../base/hash.ts';
import { readImageFile } from '../imaging/read.ts';
import type { Case } from './types.ts';

export interface CaseFile {
  /** With those of a file that has its pixels. The same array each time while the file stays in memory. */
  readonly bytes: Uint8Array;
  /** SHA-256 of the bytes, in hex. */
  readonly hash: string;
}

interface Stamped {
  /** Another one where the file was changed or exchanged. */
  readonly stamp: string;
  readonly size: number;
}

let last: { readonly stamp: string; readonly file: Promise<CaseFile> } | undefined;

/** @throws ImageError where the file is missing or may not be read. */
export async function readCaseFile({ imagePath, view }: Pick<Case, 'imagePath' | 'view'>): Promise<CaseFile> {
  const now = view?.frame === undefined ? undefined : await stampOf(imagePath);
  if (now === undefined) return readNow(imagePath);
  if (last?.stamp === now.stamp) return last.file;
  const kept = { stamp: now.stamp, file: readNow(imagePath) };
  last = kept;
  const file = await kept.file;
  // A header with the values of another file, which may change while the header does not.
  if (file.bytes.length !== now.size && last === kept) last = undefined;
  return file;
}

async function readNow(path: string): Promise<CaseFile> {
  const bytes = await readImageFile(path);
  return { bytes, hash: hashBytes(bytes) };
}

async function stampOf(path: string): Promise<Stamped | undefined> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  if (found === undefined) return undefined;
  const { dev, ino, size, mtimeNs, ctimeNs } = found;
  return { stamp: [path, dev, ino, size, mtimeNs, ctimeNs].join(' '), size: Number(size) };
}
