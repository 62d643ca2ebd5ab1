/** @file Unfinished downloads: listing and clearing them. */
import { tryLock } from '../base/lock.ts';
import { lockPath, partialPath, removePartial } from './download.ts';
import type { ModelEnvironment } from './environment.ts';
import { fileSize, ownPath } from './locate.ts';
import { MODELS } from './registry.ts';

export interface PartialDownload {
  /** Name of the registry. */
  readonly model: string;
  /** Of the file it will be. */
  readonly path: string;
  /** Bytes that are here. */
  readonly bytes: number;
  /** Bytes of the whole file. */
  readonly wholeBytes: number;
}

/** The unfinished downloads in Packmule's own folder. */
export async function listPartials(environment: ModelEnvironment): Promise<PartialDownload[]> {
  const found = await Promise.all(
    MODELS.map(async (entry) => {
      const path = ownPath(entry, environment);
      const bytes = await fileSize(partialPath(path));
      return bytes === undefined ? [] : [{ model: entry.name, path, bytes, wholeBytes: entry.bytes }];
    }),
  );
  return found.flat();
}

/** Removes an unfinished download, unless another process is at it; returns whether it did. */
export async function clearPartial({ path }: PartialDownload): Promise<boolean> {
  const attempt = await tryLock(lockPath(path));
  if ('owner' in attempt) return false;
  try {
    await removePartial(path);
    return true;
  } finally {
    await attempt.release();
  }
}
