/** @file What the formats of mask files in folders share: listing, reading, and the class list beside them. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AnnotationError, ImageError } from '../base/errors.ts';
import { writeFileAtomic } from '../base/files.ts';
import type { Size } from '../base/geometry.ts';
import { readRegularFile } from '../base/regular-file.ts';
import type { Image } from '../imaging/image.ts';
import { readImageBytes } from '../imaging/read-bytes.ts';
import { readStoredPng } from '../imaging/stored-png.ts';

/** A file with one class name a line, in class order. */
const CLASS_LIST = 'classes.txt';

/** Names of files, of PNG files and of folders in a folder, sorted; nothing where `path` is no folder. */
export async function listFolder(
  path: string,
): Promise<{ files: string[]; pngs: string[]; folders: string[] }> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  const shown = entries.filter((entry) => !entry.name.startsWith('.'));
  const names = (folders: boolean): string[] =>
    shown
      .filter((entry) => entry.isDirectory() === folders)
      .map((entry) => entry.name)
      .sort();
  const files = names(false);
  return { files, pngs: files.filter((name) => /\.png$/i.test(name)), folders: names(true) };
}

/** The class names in classes.txt or another such file, or undefined where there is none. */
export async function readClassList(folder: string, file = CLASS_LIST): Promise<string[] | undefined> {
  const bytes = await readRegularFile(join(folder, file)).catch(() => undefined);
  return bytes
    ?.toString()
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

export async function writeClassList(
  folder: string,
  classes: readonly string[],
  file = CLASS_LIST,
): Promise<void> {
  await writeFileAtomic(join(folder, file), `${classes.join('\n')}\n`);
}

/** A mask file. @throws AnnotationError where readStoredPng throws an ImageError. */
export async function readValuePng(path: string): Promise<Image> {
  return readStoredPng(path).catch((error: unknown) => {
    throw error instanceof ImageError ? new AnnotationError(error, { cause: error }) : error;
  });
}

/**
 * What `decode` makes of the bytes of a file of labels.
 * @throws AnnotationError where it cannot be read, and where `decode` throws an ImageError.
 */
export async function readLabelBytes<T>(
  path: string,
  decode: (bytes: Uint8Array) => T | Promise<T>,
): Promise<T> {
  try {
    return await decode(await readImageBytes(path));
  } catch (error) {
    throw error instanceof ImageError ? new AnnotationError(error, { cause: error }) : error;
  }
}

/** @throws AnnotationError when two masks of one image differ in size. */
export function checkSameSize(path: string, seen: Size, expected: Size): void {
  if (seen.width === expected.width && seen.height === expected.height) return;
  throw new AnnotationError({
    seen: `${path} has ${seen.width} x ${seen.height} pixels, another mask of its image ${expected.width} x ${expected.height}`,
    need: 'All masks of one image have its size',
    fix: 'Export the masks again at the size of the image',
  });
}

export function emptyFolder(path: string, need: string): AnnotationError {
  return new AnnotationError({
    seen: `${path} has no mask in it`,
    need,
    fix: 'Add the masks, or remove the folder',
  });
}
