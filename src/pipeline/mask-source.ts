/** @file Masks that are to be converted: of an annotation file or folder, or the refined masks of a run. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { coco } from '../annotations/coco.ts';
import { findImagesIn } from '../annotations/image-finder.ts';
import { withWholeNames } from '../annotations/image-names.ts';
import { recogniseFormat } from '../annotations/read.ts';
import type { AnnotationSet, FoundImage, ImageFinder, ReadAnnotationsOptions } from '../annotations/types.ts';
import { RunError } from '../base/errors.ts';
import { dataSchema } from '../dataset/config.ts';
import { openDataset } from '../dataset/dataset.ts';
import { type Case, casesOf } from '../dataset/types.ts';
import { readCase } from '../dataset/view.ts';
import { withDecisions } from './reviewed-masks.ts';
import { type RunDirectory, runDirectory } from './run-directory.ts';

export interface MaskSource {
  /** What it is, for people: `COCO JSON`, `the refined masks of a run`. */
  readonly name: string;
  readonly set: AnnotationSet;
  /** Finds the images, in `folder` or where they usually lie. @throws PackmuleError where there is no such folder. */
  images(folder?: string): Promise<ImageFinder>;
}

/** @throws PackmuleError where there are no masks at `path`, or they cannot be read. */
export async function openMaskSource(path: string, options: ReadAnnotationsOptions): Promise<MaskSource> {
  const run = runDirectory(path);
  if (existsSync(run.log) && existsSync(run.config)) {
    return {
      name: 'the refined masks of a run',
      set: await readRefined(run),
      images: (folder) => (folder === undefined ? findImagesOf(run) : findImagesIn(folder)),
    };
  }
  const format = await recogniseFormat(path);
  return {
    name: format.name,
    set: await format.read(path, options),
    images: (folder) => findImagesIn(folder ?? usualFolder(path)),
  };
}

/**
 * What the run made of its unlabelled images, as its review left it. The score of a mask is its trust, the expected Dice, where it has one:
 * other tools know a score alone.
 */
async function readRefined(run: RunDirectory): Promise<AnnotationSet> {
  const path = run.masks('refined', 'unlabelled');
  if (!existsSync(path)) {
    throw new RunError({
      seen: `${run.root} is a run without refined masks of unlabelled images`,
      need: 'A run that has refined the masks of its unlabelled images',
      fix: 'Finish it with `packmule refine`, or convert an annotation file',
    });
  }
  const { classes, images } = await withDecisions(run, withWholeNames(await coco.read(path)));
  return {
    classes,
    images: images.map((image) => ({
      ...image,
      structures: image.structures.map((structure) => {
        const { trust } = structure;
        return trust === undefined ? structure : { ...structure, score: trust };
      }),
    })),
  };
}

/** The unlabelled images of a run by the names that they have in its annotation files. */
async function findImagesOf(run: RunDirectory): Promise<ImageFinder> {
  const config = dataSchema.safeParse(await recordedData(run));
  if (!config.success) {
    throw new RunError({
      seen: `${run.config} does not say where the images of the run are`,
      need: 'The folder of the images',
      fix: 'Name it with --images',
    });
  }
  const cases = casesOf(await openDataset(config.data), 'unlabelled');
  const byName = new Map(cases.map((item) => [item.name, item]));
  return (fileName) => {
    const item = byName.get(fileName);
    if (item !== undefined) return unturned(item);
    throw new RunError({
      seen: `The data set of ${run.root} no longer has the image ${fileName}`,
      need: 'The images that the run has masked',
      fix: 'Put it back, or name the folder of the images with --images',
    });
  };
}

/** The image of a case as its annotations have it: windowed and blackened as set, but in the frame of the file. */
function unturned({ imagePath: path, view = {} }: Case): FoundImage {
  const { mirrored: _, ...kept } = view;
  const { frame } = kept;
  return {
    path,
    ...(frame !== undefined && { frame }),
    read: () => readCase({ imagePath: path, view: kept }),
  };
}

/** The settings of the data set as the run has recorded them; undefined where it has not, or the file is damaged. */
async function recordedData(run: RunDirectory): Promise<unknown> {
  try {
    const record = JSON.parse(await readFile(run.config, 'utf8')) as { config?: { data?: unknown } } | null;
    return record?.config?.data;
  } catch {
    return undefined;
  }
}

/** Images lie beside their annotations, in a folder of their own or in the same. */
function usualFolder(path: string): string {
  const candidates = ['images', 'imagesTr'].flatMap((name) => [join(dirname(path), name), join(path, name)]);
  return candidates.find((folder) => existsSync(folder)) ?? dirname(path);
}
