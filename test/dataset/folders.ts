/** @file Small data sets in temporary folders, for the tests of this room. */
import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeAll, beforeEach } from 'vitest';
import { writePhantomDataset } from '../../src/dataset/phantom/write.ts';
import { temporaryFolder } from '../temporary.ts';

export const CLASSES = 4;
export const SIZE = { height: 48, width: 40 };
const COUNTS = { labelled: 4, val: 3, test: 2, unlabelled: 3 };

/** A fresh copy of one phantom data set (12 images in split folders) before each test of a file. */
export function usePhantomFolder(): { readonly path: string; readonly in: (...parts: string[]) => string } {
  let original = '';
  let path = '';
  beforeAll(async () => {
    original = await temporaryFolder();
    await writePhantomDataset(original, { seed: 5, classes: CLASSES, size: SIZE, counts: COUNTS });
  });
  beforeEach(async () => {
    path = await temporaryFolder();
    await cp(original, path, { recursive: true });
  });
  return {
    get path() {
      return path;
    },
    in: (...parts) => join(path, ...parts),
  };
}

/** Turns split folders into one: images/ of the labelled and unlabelled, annotations.json of the labelled. */
export async function mergeIntoOneFolder(folder: string): Promise<void> {
  await mkdir(join(folder, 'images'));
  for (const split of ['labelled', 'unlabelled']) {
    for (const name of await readdir(join(folder, split, 'images'))) {
      await rename(join(folder, split, 'images', name), join(folder, 'images', name));
    }
  }
  await rename(join(folder, 'labelled', 'annotations.json'), join(folder, 'annotations.json'));
  for (const name of ['labelled', 'val', 'test', 'unlabelled', 'unlabelled-truth.json']) {
    await rm(join(folder, name), { recursive: true });
  }
}

export interface CocoFile {
  categories: { id: number; name: string }[];
  images: { id: number; file_name: string; width: number; height: number }[];
  annotations: {
    id: number;
    image_id: number;
    category_id: number;
    segmentation: { size: number[]; counts: string | number[] };
  }[];
}

/** Changes an annotation file in place. */
export async function editCoco(path: string, change: (file: CocoFile) => void): Promise<void> {
  const file = JSON.parse(await readFile(path, 'utf8')) as CocoFile;
  change(file);
  await write(path, JSON.stringify(file));
}

export async function write(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}
