/**
 * @file Folders of instance masks: images, and in `instances/` a PNG for each of the same name (16 or 8 bits, grey) in
 * which 0 is background and k is the k-th object. Images lie in `images/` or beside `instances/`.
 */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatasetError } from '../../base/errors.ts';
import type { Size } from '../../base/geometry.ts';
import { createRng } from '../../base/rng.ts';
import { withoutEnding } from '../../imaging/file-names.ts';
import { type Image, toUnitIntensities } from '../../imaging/image.ts';
import { readImage } from '../../imaging/read.ts';
import { readStoredPng } from '../../imaging/stored-png.ts';
import { emptyMask, type Mask } from '../../masks/mask.ts';
import { listImages } from '../layout.ts';
import type { InstanceImage } from './types.ts';

/** Where one image and its objects lie; nothing is read yet. */
export interface InstanceCase {
  /** File name without extension. */
  readonly id: string;
  readonly imagePath: string;
  readonly labelsPath: string;
}

/** An image of 8 bits with the number of the object that each pixel belongs to, 0 for none. */
export interface LabelledImage extends Size {
  readonly grey: Uint8Array;
  readonly labels: Uint8Array | Uint16Array;
}

/**
 * The cases of a folder in natural order of their names.
 * @throws DatasetError when a folder, the images, or the partner of an image or of a PNG is missing.
 */
export async function readInstanceFolder(path: string): Promise<InstanceCase[]> {
  const labelsFolder = join(path, 'instances');
  requireFolder(labelsFolder, path);
  const imagesFolder = isFolder(join(path, 'images')) ? join(path, 'images') : path;
  const images = new Map((await listImages(imagesFolder)).map((name) => [withoutEnding(name), name]));
  const labels = new Map((await listImages(labelsFolder)).map((name) => [withoutEnding(name), name]));
  if (images.size === 0) {
    throw new DatasetError({
      seen: `${imagesFolder} holds no images`,
      need: 'An instance folder has images and, in instances/, one PNG for each',
      fix: 'Check the path',
    });
  }
  requirePartners(images, labels, (id) => `${join(labelsFolder, id)}.png`);
  requirePartners(labels, images, (id) => `an image called ${id} in ${imagesFolder}`);
  return [...images].map(([id, name]) => ({
    id,
    imagePath: join(imagesFolder, name),
    labelsPath: join(labelsFolder, labels.get(id)!),
  }));
}

/** Image and label map of a case. @throws ImageError for unreadable files, DatasetError when their sizes differ. */
export async function readLabelledImage({ imagePath, labelsPath }: InstanceCase): Promise<LabelledImage> {
  const [image, labels] = await Promise.all([readImage(imagePath), readStoredPng(labelsPath)]);
  const { height, width } = image;
  if (labels.height !== height || labels.width !== width) {
    throw new DatasetError({
      seen: `${labelsPath} has ${labels.width} x ${labels.height} pixels, ${imagePath} ${width} x ${height}`,
      need: 'An instance map has the size of its image',
      fix: 'Export it again at the size of the image, or remove both',
    });
  }
  return { height, width, grey: toBytes(image), labels: labels.data };
}

/** A whole case. Objects of fewer than `smallestArea` px are left out. @throws as readLabelledImage. */
export async function readInstanceCase(item: InstanceCase, smallestArea = 1): Promise<InstanceImage> {
  const labelled = await readLabelledImage(item);
  const { height, width, grey, labels } = labelled;
  return {
    image: { height, width, bits: 8, data: grey },
    objects: objectsOf(labels, labelled, smallestArea),
  };
}

/** A mask for every number of a label map but 0, in the order of the numbers. */
export function objectsOf(labels: ArrayLike<number>, size: Size, smallestArea: number): Mask[] {
  const areas = new Map<number, number>();
  for (let i = 0; i < labels.length; i++) areas.set(labels[i]!, (areas.get(labels[i]!) ?? 0) + 1);
  const kept = [...areas]
    .filter(([label, area]) => label !== 0 && area >= smallestArea)
    .sort(([a], [b]) => a - b);
  const masks = new Map(kept.map(([label]) => [label, emptyMask(size)]));
  for (let i = 0; i < labels.length; i++) {
    const mask = masks.get(labels[i]!);
    if (mask !== undefined) mask.data[i] = 1;
  }
  return [...masks.values()];
}

/** Divides the cases at random; the same seed, share and cases give the same division. Each part keeps its order. */
export function holdOut<T>(
  cases: readonly T[],
  share: number,
  seed: number,
): { readonly train: T[]; readonly heldOut: T[] } {
  const order = createRng(seed).child('hold out').shuffled(cases);
  const chosen = new Set(order.slice(0, Math.round(share * cases.length)));
  return {
    train: cases.filter((item) => !chosen.has(item)),
    heldOut: cases.filter((item) => chosen.has(item)),
  };
}

function toBytes(image: Image): Uint8Array {
  if (image.data instanceof Uint8Array) return image.data;
  return Uint8Array.from(toUnitIntensities(image), (value) => Math.round(255 * value));
}

function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}

function requireFolder(labelsFolder: string, path: string): void {
  if (isFolder(labelsFolder)) return;
  throw new DatasetError({
    seen: isFolder(path) ? `${path} has no folder instances` : `There is no folder ${path}`,
    need: 'An instance folder has images and, in instances/, one PNG for each',
    fix: 'Check the path',
  });
}

/** `missing` says what is looked for, by the name of a case. */
function requirePartners(
  of: ReadonlyMap<string, string>,
  among: ReadonlyMap<string, string>,
  missing: (id: string) => string,
): void {
  const alone = [...of.keys()].filter((id) => !among.has(id));
  if (alone.length === 0) return;
  throw new DatasetError({
    seen: `There is no ${missing(alone[0]!).replace(/^an /, '')}${alone.length > 1 ? `, and ${alone.length - 1} more are missing` : ''}`,
    need: 'Every image of an instance folder has a PNG of its name in instances/, and the other way round',
    fix: 'Add the missing files, or remove their partners',
  });
}
