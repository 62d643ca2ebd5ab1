/**
 * @file The images of a set of masks in a folder: by name, or where results call them by hashes by the hashes of the
 * files. Of the folders below it DICOM files alone count: a picture there may as well be a mask.
 */
import { existsSync } from 'node:fs';
import { filesIn, found, type ImageLookup, imageLookup } from '../annotations/image-finder.ts';
import type { AnnotationSet, ImageFinder } from '../annotations/types.ts';
import { AnnotationError } from '../base/errors.ts';
import { hashFile } from '../base/hash.ts';
import { dicomFilesBelow } from '../dataset/dicom-folders.ts';
import { isHashedName, secretPath } from '../dataset/ids.ts';
import { type SourceImage, sourceImages } from '../dataset/source-images.ts';
import type { ImageView } from '../dataset/types.ts';
import { readCase } from '../dataset/view.ts';
import { withoutEnding } from '../imaging/file-names.ts';
import { isImageName } from '../imaging/read.ts';

/**
 * @throws PackmuleError where the folder cannot be listed, or where files of one hash differ; the finder throws where
 * there is no such image, or several of its name.
 */
export async function findImagesOfSet(folder: string, { images }: AnnotationSet): Promise<ImageFinder> {
  const names = images.map(({ fileName }) => fileName);
  const files = await filesIn(folder);
  const here = imageLookup(folder, files);
  const missing = names.filter((name) => here(name) === undefined);
  const dicomFiles = missing.length === 0 ? [] : await dicomFilesBelow(folder);
  const below = imageLookup(folder, dicomFiles);
  const hashes = missing.filter((name) => below(name) === undefined).flatMap((name) => hashIn(name) ?? []);
  const all = new Set([...files.filter(isImageName), ...dicomFiles]);
  const byHash = hashes.length === 0 ? () => undefined : await hashLookup(folder, [...all], hashes);
  return (name) => here(name) ?? below(name) ?? byHash(name) ?? refuse(folder, name);
}

/** The same images, as a run saw them but for being mirrored: in the frames of their files. */
export function seenAs({ mirrored: _, frame: __, ...common }: ImageView, find: ImageFinder): ImageFinder {
  return (name) => {
    const image = find(name);
    const { path, frame } = image;
    const view = { ...common, ...(frame !== undefined && { frame }) };
    return { ...image, read: () => readCase({ imagePath: path, view }) };
  };
}

/** The hash that a name is, in formats that give files endings too. */
function hashIn(name: string): string | undefined {
  return [name, withoutEnding(name)].find(isHashedName);
}

async function hashLookup(
  folder: string,
  files: readonly string[],
  wanted: readonly string[],
): Promise<ImageLookup> {
  if (!existsSync(secretPath())) {
    throw new AnnotationError({
      seen: `${wanted[0]} is the hash of an image, and the secret that tells of which, ${secretPath()}, is not there`,
      need: 'The file id-secret of the user whose run or prediction it is',
      fix: 'Copy it to that place, or convert on the machine where it is',
    });
  }
  const hashes = new Set(wanted);
  const images = new Map<string, SourceImage>();
  for (const image of (await sourceImages(folder, files, 'hashed')).images) {
    if (!hashes.has(image.name)) continue;
    const other = images.get(image.name);
    if (other === undefined) images.set(image.name, image);
    else await requireEqual(other.imagePath, image.imagePath);
  }
  return (name) => {
    const image = images.get(hashIn(name) ?? name);
    return image && found(image.imagePath, image.frame);
  };
}

/** Copies of a file are one image; what else has its SOP Instance UID may be of another patient. */
async function requireEqual(path: string, other: string): Promise<void> {
  if (path === other || (await hashFile(path)) === (await hashFile(other))) return;
  throw new AnnotationError({
    seen: `${path} and ${other} differ, and have one SOP Instance UID`,
    need: 'One file for each image',
    fix: 'Remove the wrong one, or name the folder of the right one with --images',
  });
}

function refuse(folder: string, name: string): never {
  const isHash = hashIn(name) !== undefined;
  throw new AnnotationError({
    seen: `${folder} has no image ${name}${isHash ? ': that is a hash, and of no file there or below' : ''}`,
    need: 'All images that the annotations name are in one folder; DICOM files may be in folders below it',
    fix: `Name the folder of the images with --images${isHash ? `; and ${secretPath()} must be the secret of the run` : ''}`,
  });
}
