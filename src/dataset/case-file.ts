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

let last: { readonly stamp: string; readonly file: Promise<CaseFile> } | undefined;

/** @throws ImageError where the file is missing or may not be read. */
export async function readCaseFile({ imagePath, view }: Pick<Case, 'imagePath' | 'view'>): Promise<CaseFile> {
  const stamp = view?.frame === undefined ? undefined : await stampOf(imagePath);
  if (stamp === undefined) return readNow(imagePath);
  if (last?.stamp === stamp) return last.file;
  const file = readNow(imagePath);
  last = { stamp, file };
  return file;
}

async function readNow(path: string): Promise<CaseFile> {
  const bytes = await readImageFile(path);
  return { bytes, hash: hashBytes(bytes) };
}

/** The ending of headers whose values lie in another file, which may change while the header does not. */
const HEADERS = /\.(mhd|nhdr)$/i;

/** Something else where the file was changed or exchanged; undefined where that cannot be told. */
async function stampOf(path: string): Promise<string | undefined> {
  if (HEADERS.test(path)) return undefined;
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  return found && [path, found.dev, found.ino, found.size, found.mtimeNs, found.ctimeNs].join(' ');
}
