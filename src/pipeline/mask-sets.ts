/** @file Masks of a run between memory, journal and annotation files. */
import { writeCoco } from '../annotations/coco.ts';
import { withWholeNames } from '../annotations/image-names.ts';
import { readAnnotations } from '../annotations/read.ts';
import type { AnnotatedImage, AnnotationSet, Structure } from '../annotations/types.ts';
import { AnnotationError, RunError } from '../base/errors.ts';
import type { Size } from '../base/geometry.ts';
import { type Case, casesOf, type Dataset, type SplitName } from '../dataset/types.ts';
import { type ClassMask, maskArea } from '../masks/mask.ts';
import { encodeRle, rleFromString, rleToString } from '../masks/rle.ts';
import type { MaskFolder, RunDirectory } from './run-directory.ts';
import { turned } from './turned.ts';

/** A structure as a line of a journal holds it. */
export interface StoredStructure {
  readonly classIndex: number;
  /** Runs in COCO's string form. */
  readonly counts: string;
  readonly score?: number;
  readonly trust?: number;
  readonly provenance?: Readonly<Record<string, unknown>>;
}

type ScoredMask = ClassMask & Pick<Structure, 'score' | 'provenance'>;

/** Masks ready to be stored; empty ones are left out. */
export function storeMasks(masks: readonly ScoredMask[]): StoredStructure[] {
  return masks.flatMap(({ classIndex, mask, score, provenance }) =>
    maskArea(mask) === 0
      ? []
      : [
          {
            classIndex,
            counts: rleToString(encodeRle(mask)),
            ...(score !== undefined && { score }),
            ...(provenance !== undefined && { provenance }),
          },
        ],
  );
}

/**
 * Writes the masks of one split in the order of the data set, in the frames of the image files; `byId` holds them by
 * case id, in the frames of the cases.
 */
export async function writeMaskSet(
  path: string,
  dataset: Dataset,
  split: SplitName,
  byId: (id: string) => readonly StoredStructure[],
): Promise<void> {
  const images = casesOf(dataset, split).map((item) => ({ ...imageOf(item, item.size), item }));
  await writeCoco(path, dataset.classes, images, ({ item }) => {
    const structures = byId(item.id).map(({ counts, ...structure }) => ({
      ...structure,
      rle: rleFromString(counts, item.size, `${item.id} in the journal of ${path}`),
    }));
    return turned(structures, item);
  });
}

function imageOf(item: Case, { height, width }: Size): Omit<AnnotatedImage, 'structures'> {
  return { fileName: item.name, height, width };
}

/**
 * The masks of one split in the frames of the cases.
 * @throws RunError as readStoredSet, and for masks of images that the data set does not have, where some of its images
 * are mirrored: nothing then tells the frame of those masks.
 */
export async function readMaskSet(
  run: RunDirectory,
  folder: MaskFolder,
  split: SplitName,
  dataset: Dataset,
): Promise<AnnotationSet> {
  const set = await readStoredSet(run, folder, split, dataset.classes);
  const path = run.masks(folder, split);
  const cases = new Map(casesOf(dataset, split).map((item) => [item.name, item]));
  const someMirrored = dataset.cases.some(({ view }) => view?.mirrored);
  const images = set.images.map((image) => {
    const item = cases.get(image.fileName);
    if (item !== undefined) return { ...image, structures: turned(image.structures, item) };
    if (!someMirrored) return image;
    const seen = `${path} holds masks of ${image.fileName}, which is no ${split} image of the data set`;
    throw unusable(path, seen);
  });
  return { ...set, images };
}

/** The masks of one split as they are stored, in the frames of the image files. @throws RunError for a damaged file. */
export async function readStoredSet(
  run: RunDirectory,
  folder: MaskFolder,
  split: SplitName,
  classes: readonly string[],
): Promise<AnnotationSet> {
  const path = run.masks(folder, split);
  try {
    return withWholeNames(await readAnnotations(path, { classes }));
  } catch (cause) {
    if (!(cause instanceof AnnotationError)) throw cause;
    throw unusable(path, cause.seen, cause);
  }
}

function unusable(path: string, seen: string, cause?: unknown): RunError {
  return new RunError(
    {
      seen,
      need: 'The masks that an earlier stage wrote',
      fix: `Delete ${path} and start the run again: that stage is then done again`,
    },
    { cause },
  );
}

/** The structures of a set by image name. */
export function structuresByName(set: AnnotationSet): ReadonlyMap<string, readonly Structure[]> {
  return new Map(set.images.map(({ fileName, structures }) => [fileName, structures]));
}

/** The ground truth of one split. */
export function truthSet(dataset: Dataset, split: SplitName): AnnotationSet {
  const images = casesOf(dataset, split).map((item) => ({
    ...imageOf(item, item.size),
    structures: item.structures ?? [],
  }));
  return { classes: dataset.classes, images };
}
