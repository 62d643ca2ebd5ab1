/** @file The DICOM files of a folder and of all folders below it, as exports lay them: PATIENT/STUDY/SERIES/IMAGE. */
import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DatasetError } from '../base/errors.ts';
import { startsAsDicom } from '../imaging/read.ts';
import { mapConcurrently } from './concurrent.ts';

const MOST_FILES = 200_000;

/**
 * Paths relative to `folder`, with slashes, in the order of their names; `most` bounds how many files are looked at.
 * A folder may be one of links to files, but no link leads to another folder, and below it links are no files: nothing
 * that lies elsewhere is found by chance.
 * @throws DatasetError where a folder cannot be listed, or there are more files.
 */
export async function dicomFilesBelow(folder: string, most = MOST_FILES): Promise<string[]> {
  const files = await filesBelow(folder, most);
  const areDicom = await mapConcurrently(files, 8, (file) => startsAsDicom(join(folder, file)));
  return files.filter((_, i) => areDicom[i]);
}

async function filesBelow(root: string, most: number): Promise<string[]> {
  const files: string[] = [];
  let entries = 0;
  const waiting = [''];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    const shown = (await list(join(root, folder))).filter(({ name }) => !name.startsWith('.'));
    entries += shown.length;
    if (entries > most) {
      throw new DatasetError({
        seen: `${root} holds more than ${most} files`,
        need: 'A folder of which every file can be looked at',
        fix: 'Name the folder below it that holds the images',
      });
    }
    for (const entry of shown) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) waiting.push(path);
      else if (entry.isFile() || (folder === '' && entry.isSymbolicLink())) files.push(path);
    }
  }
  return files.sort();
}

async function list(folder: string): Promise<Dirent[]> {
  return readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw new DatasetError(
      {
        seen: `${folder} cannot be listed (${cause instanceof Error ? cause.message : String(cause)})`,
        need: 'A folder of images, with all folders in it, may be read',
        fix: 'Check the rights of the folder',
      },
      { cause },
    );
  });
}
