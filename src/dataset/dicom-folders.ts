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
export interface SearchBounds {
  /** Folders within folders. */
  readonly depth: number;
  /** Files and folders in them, in all. */
  readonly entries: number;
}

const BOUNDS: SearchBounds = { depth: 8, entries: 200_000 };

interface Search extends SearchBounds {
  readonly isLeftOut: (path: string) => boolean;
  seen: number;
  /** Why something was not looked at, as what was seen. */
  unseen?: string;
}

/** What a search has found, and why it was not finished, as what was seen. */
export interface FoundFiles {
  readonly files: readonly string[];
  readonly unseen?: string;
}

/**
 * Paths of the DICOM files in the `folders` of `root`, relative to it, with slashes: in natural order, of a folder its
 * files first; where a folder has a DICOMDIR, those that it lists. Folders for which `isLeftOut` are not entered.
 * @throws ImageError for a damaged DICOMDIR.
 */
export async function searchDicomFiles(
  root: string,
  folders: readonly string[],
  isLeftOut: (path: string) => boolean,
  bounds: SearchBounds,
): Promise<FoundFiles> {
  const search: Search = { ...bounds, isLeftOut, seen: 0 };
  const files = await inFolders(root, '', folders.toSorted(naturalOrder), 1, search);
  return { files, ...(search.unseen !== undefined && { unseen: search.unseen }) };
}

/** The same, finished. @throws DatasetError where there are some and it could not be, ImageError as it. */
export async function nestedDicomFiles(
  root: string,
  folders: readonly string[],
  isLeftOut: (path: string) => boolean,
  bounds = BOUNDS,
): Promise<readonly string[]> {
  const { files, unseen } = await searchDicomFiles(root, folders, isLeftOut, bounds);
  // Among folders of other things, nothing is lost by looking no further.
  if (files.length > 0 && unseen !== undefined) throw unfinished(unseen, bounds);
  return files;
}

/**
 * The DICOM files in a folder, which may be links, then those in all folders beneath it.
 * @throws DatasetError where it cannot be listed, and as nestedDicomFiles.
 */
export async function dicomFilesBelow(root: string): Promise<string[]> {
  const entries = (await listFolder(root)).filter(({ name }) => !name.startsWith('.'));
  const files = entries.filter((entry) => entry.isFile() || entry.isSymbolicLink()).map(({ name }) => name);
  const own = await dicomFilesAmong(root, files.sort(naturalOrder));
  return [...own, ...(await nestedDicomFiles(root, foldersOf(entries), () => false))];
}

/** The entries of a folder of data. @throws DatasetError where it cannot be listed. */
export async function listFolder(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (cause) {
    throw new DatasetError(
      {
        seen: `${folder} cannot be listed (${cause instanceof Error ? cause.message : String(cause)})`,
        need: 'The folders of a data set may be read',
        fix: 'Check the rights of the folder',
      },
      { cause },
    );
  }
}

async function dicomFilesAmong(folder: string, names: readonly string[]): Promise<string[]> {
  const areDicom = await mapConcurrently(names, 8, (name) => isDicomFile(join(folder, name)));
  return names.filter((_, i) => areDicom[i]);
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
  const own = (await dicomFilesAmong(folder, files)).map((name) => `${at}/${name}`);
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
