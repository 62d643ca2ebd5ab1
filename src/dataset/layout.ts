/**
 * @file How the files of a data set lie: which folder holds the images of which split, and where their annotations
 * are. Looks at names; of files only a DICOMDIR is read, and the first bytes of those whose name tells nothing.
 */
import { existsSync, statSync } from 'node:fs';
import { extname, join, relative, resolve } from 'node:path';
import { labelme } from '../annotations/labelme.ts';
import { DatasetError } from '../base/errors.ts';
import { DICOM_DIRECTORY, dicomDirectoryFiles } from '../dicom/directory.ts';
import { IMAGE_EXTENSIONS, isDicomFile, isImageName, looksLikeImage } from '../imaging/read.ts';
import { readImageBytes } from '../imaging/read-bytes.ts';
import { mapConcurrently } from './concurrent.ts';
import type { DataConfig } from './config.ts';
import { listFolder, nestedDicomFiles, type SearchBounds, searchDicomFiles } from './dicom-folders.ts';
import { naturalOrder } from './natural-order.ts';
import { SPLIT_NAMES, type SplitName } from './types.ts';

/** Images of one split, or of all splits together. Paths are absolute. */
export interface ImageSource {
  readonly split: SplitName | 'all';
  /** Where images and annotations were looked for. */
  readonly folder: string;
  readonly imagesFolder: string;
  /** Paths from there as listImages gives them. */
  readonly imageFiles: readonly string[];
  /** Annotation file, or folder of label files. */
  readonly annotations?: string;
}

export interface Layout {
  readonly root: string;
  /** `split-folders`: a folder per split. `one-folder`: one folder, divided by lists or at random. */
  readonly kind: 'split-folders' | 'one-folder';
  readonly sources: readonly ImageSource[];
  /** List files of the one-folder layout: a file name per line. */
  readonly lists: Readonly<Partial<Record<SplitName, string>>>;
}

/** Folder names that are taken for a split. */
export const SPLIT_FOLDERS: Readonly<Record<SplitName, readonly string[]>> = {
  labelled: ['labelled', 'labeled', 'train', 'training'],
  val: ['val', 'valid', 'validation'],
  test: ['test', 'testing'],
  unlabelled: ['unlabelled', 'unlabeled', 'pool'],
};
const IMAGE_FOLDERS = ['images', 'imgs', 'image', 'imagesTr'];
const LABEL_FOLDERS = ['annotations', 'labels', 'masks', 'label', 'mask', 'segmentations'];
const LIST_FOLDER = 'splits';
/** Folders of a data set that hold no images of the folder that they are in. */
const PARTS: ReadonlySet<string> = new Set([...LABEL_FOLDERS, ...Object.values(SPLIT_FOLDERS).flat()]);

/** Finds the parts of a data set. @throws DatasetError when there is no folder, no image, or two possible answers. */
export async function findLayout(config: DataConfig): Promise<Layout> {
  const root = resolve(config.root);
  requireFolder(root, 'The root of the data set');
  if (config.splits !== undefined) return configuredSplits(root, config.splits);
  if (config.images === undefined && config.annotations === undefined) {
    const sources = await splitFolders(root);
    if (sources.length > 0) return requireImages({ root, kind: 'split-folders', sources, lists: {} });
  }
  const source = await findSource(root, 'all', config.images, config.annotations);
  return requireImages({ root, kind: 'one-folder', sources: [source], lists: findLists(root) });
}

async function configuredSplits(root: string, splits: NonNullable<DataConfig['splits']>): Promise<Layout> {
  const own = Object.values(splits)
    .flatMap((given) => [given?.images, given?.annotations])
    .flatMap((path) => (path === undefined ? [] : resolve(root, path)));
  const sources: ImageSource[] = [];
  for (const split of SPLIT_NAMES) {
    const given = splits[split];
    if (given === undefined) continue;
    const folder = SPLIT_FOLDERS[split].map((name) => join(root, name)).find((path) => isFolder(path));
    if (given.images === undefined && folder === undefined) {
      throw new DatasetError({
        seen: `The split ${split} is set, but neither its images nor a folder ${join(root, split)}`,
        need: 'Every split says where its images are',
        fix: `Set data.splits.${split}.images`,
      });
    }
    const imagesAt = given.images === undefined ? undefined : resolve(root, given.images);
    const labelsAt = given.annotations === undefined ? undefined : resolve(root, given.annotations);
    // With images given, labels are looked for beside them only if they are not given too.
    sources.push(await findSource(folder ?? imagesAt ?? root, split, imagesAt, labelsAt, own));
  }
  return requireImages({ root, kind: 'split-folders', sources, lists: {} });
}

async function splitFolders(root: string): Promise<ImageSource[]> {
  const sources: ImageSource[] = [];
  for (const split of SPLIT_NAMES) {
    const found = SPLIT_FOLDERS[split].map((name) => join(root, name)).filter((path) => isFolder(path));
    if (found.length > 1)
      throw ambiguous(`folders for the split ${split}`, found, 'Rename or remove one of them');
    if (found[0] !== undefined) sources.push(await findSource(found[0], split));
  }
  return sources;
}

/** Images and annotations of `folder`; given paths are taken relative to it. `others` hold what is no image of it. */
async function findSource(
  folder: string,
  split: ImageSource['split'],
  images?: string,
  annotations?: string,
  others: readonly string[] = [],
): Promise<ImageSource> {
  const imagesFolder =
    images === undefined
      ? (IMAGE_FOLDERS.map((name) => join(folder, name)).find((path) => isFolder(path)) ?? folder)
      : resolve(folder, images);
  requireFolder(
    imagesFolder,
    `The image folder of ${split === 'all' ? 'the data set' : `the split ${split}`}`,
  );
  const path = annotations === undefined ? undefined : resolve(folder, annotations);
  const imageFiles = await listImages(imagesFolder, [...others, ...(path === undefined ? [] : [path])]);
  if (path !== undefined) {
    if (!existsSync(path)) {
      throw new DatasetError({
        seen: `${path} does not exist`,
        need: 'data.annotations names an annotation file or a folder of label PNGs',
        fix: 'Correct the path; it is relative to data.root',
      });
    }
    return { split, folder, imagesFolder, imageFiles, annotations: path };
  }
  // Annotations of the unlabelled pool, should there be any, are not used: it is the pool.
  const found = split === 'unlabelled' ? undefined : await findAnnotations(folder);
  return { split, folder, imagesFolder, imageFiles, ...(found !== undefined && { annotations: found }) };
}

/** The annotation file of a folder, or its folder of label files. */
async function findAnnotations(folder: string): Promise<string | undefined> {
  const here = await annotationsIn(folder);
  if (here !== undefined) return here;
  const folders = LABEL_FOLDERS.map((name) => join(folder, name)).filter((path) => isFolder(path));
  for (const path of folders) {
    const inside = await annotationsIn(path);
    if (inside !== undefined) return inside;
  }
  if (folders.length > 1) {
    throw ambiguous('folders of label images', folders, 'Set data.annotations to the right one');
  }
  return folders[0];
}

/** The annotation file in a folder, or the folder itself where it has one file an image. */
async function annotationsIn(folder: string): Promise<string | undefined> {
  const files = await annotationFiles(folder);
  if (files.length === 0) return undefined;
  return (await labelme.matches(folder)) ? folder : preferred(files);
}

async function annotationFiles(folder: string): Promise<string[]> {
  const entries = await listFolder(folder);
  return entries
    .filter((entry) => entry.isFile() && ['.json', '.xml'].includes(extname(entry.name).toLowerCase()))
    .map((entry) => join(folder, entry.name))
    .sort(naturalOrder);
}

/** The only file, or the only one called annotations. */
function preferred(files: readonly string[]): string {
  if (files.length === 1) return files[0]!;
  const named = files.filter((path) => /^_?annotations?\b/i.test(path.split(/[\\/]/).at(-1)!));
  if (named.length === 1) return named[0]!;
  throw ambiguous('annotation files', files, 'Set data.annotations to the right one, or keep only that one');
}

function findLists(root: string): Layout['lists'] {
  const lists: Partial<Record<SplitName, string>> = {};
  for (const split of SPLIT_NAMES) {
    const path = SPLIT_FOLDERS[split].map((name) => join(root, LIST_FOLDER, `${name}.txt`)).find(existsSync);
    if (path !== undefined) lists[split] = path;
  }
  return lists;
}

/**
 * The image files of a folder in natural order (2 before 10), then the DICOM files in folders beneath it by their
 * relative paths, with slashes. Of a folder with a DICOMDIR, the files that it lists, in its order. Folders beneath it
 * that are named in `others`, or as those of labels or splits are, are not searched.
 * @throws DatasetError where there is no such folder, and as nestedDicomFiles; ImageError for a damaged DICOMDIR.
 */
export async function listImages(folder: string, others: readonly string[] = []): Promise<string[]> {
  const { own, folders } = await lookInto(folder);
  const nested = await nestedDicomFiles(folder, folders, (path) => others.includes(resolve(path)));
  return [...own, ...nested];
}

/** How many listImages finds, at least, by a short look at the folders beneath. @throws as listImages. */
export async function countImages(folder: string): Promise<{ count: number; isAll: boolean }> {
  const { own, folders } = await lookInto(folder);
  const { files, unseen } = await searchDicomFiles(folder, folders, () => false, SHORT_LOOK);
  return { count: own.length + files.length, isAll: files.length === 0 || unseen === undefined };
}

/** What takes a disk less than a second or two. */
const SHORT_LOOK: SearchBounds = { depth: 5, entries: 3000 };

/** The images that lie in a folder itself, and the folders in which DICOM files may lie; none where a DICOMDIR lists all. */
async function lookInto(folder: string): Promise<{ own: string[]; folders: string[] }> {
  const entries = await listFolder(folder);
  const names = entries
    // Links are followed when they are read; reading a pipe or device might never end.
    .filter((entry) => (entry.isFile() || entry.isSymbolicLink()) && !entry.name.startsWith('.'))
    .map((entry) => entry.name);
  const directory = names.find((name) => name.toUpperCase() === DICOM_DIRECTORY);
  if (directory !== undefined) {
    const path = join(folder, directory);
    return { own: dicomDirectoryFiles(await readImageBytes(path), path), folders: [] };
  }
  const areImages = await mapConcurrently(names, 8, async (name) => {
    if (isImageName(name)) return true;
    const path = join(folder, name);
    // Of files without an ending, or with the last part of a UID, those of every format are taken.
    return /^(\.\d+)?$/.test(extname(name)) ? looksLikeImage(path) : isDicomFile(path);
  });
  const folders = entries
    .filter(({ name }) => !name.startsWith('.') && !PARTS.has(name))
    .flatMap((entry) => (entry.isDirectory() ? entry.name : []));
  return { own: names.filter((_, i) => areImages[i]).sort(naturalOrder), folders };
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function requireFolder(path: string, what: string): void {
  if (isFolder(path)) return;
  throw new DatasetError({
    seen: `${what}, ${path}, ${existsSync(path) ? 'is not a folder' : 'does not exist'}`,
    need: 'A data set is a folder of images with annotations',
    fix: 'Check the path',
  });
}

function requireImages(layout: Layout): Layout {
  if (layout.sources.some((source) => source.imageFiles.length > 0)) return layout;
  const where = layout.sources.map((source) => relative(layout.root, source.imagesFolder)).join(', ');
  throw new DatasetError({
    seen: `There is no image in ${layout.root}${where === '' ? '' : ` (looked in ${where})`}`,
    need: `Images are files ending in ${IMAGE_EXTENSIONS.join(', ')}, DICOM files of any name (also in folders beneath), in the folder, in images/ or in labelled/, val/, test/ and unlabelled/`,
    fix: 'Check the folder, or set data.images',
  });
}

function ambiguous(what: string, found: readonly string[], fix: string): DatasetError {
  return new DatasetError({
    seen: `There are several ${what}: ${found.join(', ')}`,
    need: 'One is used',
    fix,
  });
}
