/**
 * @file DICOM files in the folders beneath a folder, as archives export them: PATIENT/STUDY/SERIES/IM0001, with or
 * without endings, with or without DICOMDIRs. Links are not followed, and hidden files and folders are passed over.
 */
import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DatasetError } from '../base/errors.ts';
import { DICOM_DIRECTORY, dicomDirectoryFiles } from '../dicom/directory.ts';
import { isDicomFile } from '../imaging/read.ts';
import { readImageBytes } from '../imaging/read-bytes.ts';
import { mapConcurrently } from './concurrent.ts';
import { naturalOrder } from './natural-order.ts';

/** How far a search goes. */
interface SearchBounds {
  /** Folders within folders. */
  readonly depth: number;
  /** Files and folders in them, in all. */
  readonly entries: number;
}

const BOUNDS: SearchBounds = { depth: 8, entries: 100_000 };

interface Search extends SearchBounds {
  readonly isLeftOut: (path: string) => boolean;
  seen: number;
  /** Why something was not looked at, as what was seen. */
  unseen?: string;
}

/**
 * Paths of the DICOM files in the `folders` of `root`, relative to it, with slashes: in natural order, of a folder its
 * files first; where a folder has a DICOMDIR, those that it lists. Folders for which `isLeftOut` are not entered.
 * @throws DatasetError where there are some and the search could not be finished, ImageError for a damaged DICOMDIR.
 */
export async function nestedDicomFiles(
  root: string,
  folders: readonly string[],
  isLeftOut: (path: string) => boolean,
  bounds = BOUNDS,
): Promise<string[]> {
  const search: Search = { ...bounds, isLeftOut, seen: 0 };
  const found = await inFolders(root, '', folders.toSorted(naturalOrder), 1, search);
  // Among folders of other things, nothing is lost by looking no further.
  if (found.length > 0 && search.unseen !== undefined) throw unfinished(search.unseen, bounds);
  return found;
}

async function inFolders(
  root: string,
  at: string,
  names: readonly string[],
  depth: number,
  search: Search,
): Promise<string[]> {
  const found: string[] = [];
  for (const name of names) found.push(...(await inFolder(root, `${at}${name}`, depth, search)));
  return found;
}

async function inFolder(root: string, at: string, depth: number, search: Search): Promise<string[]> {
  const folder = join(root, at);
  if (search.isLeftOut(folder)) return [];
  if (depth > search.depth) {
    search.unseen ??= `${folder} lies ${depth} folders deep`;
    return [];
  }
  const entries = await entriesOf(folder, search);
  const files = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  const directory = files.find((name) => name.toUpperCase() === DICOM_DIRECTORY);
  if (directory !== undefined) {
    const path = join(folder, directory);
    return dicomDirectoryFiles(await readImageBytes(path), path).map((file) => `${at}/${file}`);
  }
  const areDicom = await mapConcurrently(files, 8, (name) => isDicomFile(join(folder, name)));
  const own = files.filter((_, i) => areDicom[i]).map((name) => `${at}/${name}`);
  return [...own, ...(await inFolders(root, `${at}/`, foldersOf(entries), depth + 1, search))];
}

const foldersOf = (entries: readonly Dirent[]): string[] =>
  entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);

/** What is not hidden, in natural order; nothing where the folder cannot be listed or too much was seen already. */
async function entriesOf(folder: string, search: Search): Promise<Dirent[]> {
  if (search.seen > search.entries) return [];
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    search.seen += entries.length;
    if (search.seen > search.entries) {
      search.unseen ??= `There are more than ${search.entries} files and folders up to ${folder}`;
      return [];
    }
    return entries.filter(({ name }) => !name.startsWith('.')).sort((a, b) => naturalOrder(a.name, b.name));
  } catch (cause) {
    search.unseen ??= `${folder} cannot be listed (${cause instanceof Error ? cause.message : String(cause)})`;
    return [];
  }
}

function unfinished(seen: string, { depth, entries }: SearchBounds): DatasetError {
  return new DatasetError({
    seen,
    need: `DICOM files in folders are searched for ${depth} folders deep, among ${entries} files and folders at most, in folders that may be read`,
    fix: 'Name a folder further down, move what is no part of the data elsewhere, or check the rights of the folder',
  });
}
