/** @file Masks that are to be converted: of an annotation file or folder, or the refined masks of a run. */
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { coco } from '../annotations/coco.ts';
import { findImagesIn } from '../annotations/image-finder.ts';
import { withWholeNames } from '../annotations/image-names.ts';
import { recogniseFormat } from '../annotations/read.ts';
import type { AnnotationSet, FoundImage, ImageFinder, ReadAnnotationsOptions } from '../annotations/types.ts';
import { RunError } from '../base/errors.ts';
import { dataSchema } from '../dataset/config.ts';
import { openDataset } from '../dataset/dataset.ts';
import type { Case } from '../dataset/types.ts';
import { readCase } from '../dataset/view.ts';
import { recordedData, viewOfFolder, viewOfRun } from './recorded-view.ts';
import { withDecisions } from './reviewed-masks.ts';
import { type RunDirectory, runDirectory } from './run-directory.ts';
import { findImagesOfSet, seenAs } from './set-images.ts';

export interface MaskSource {
  /** What it is, for people: `COCO JSON`, `the refined masks of a run`. */
  readonly name: string;
  readonly set: AnnotationSet;
  /** Whether it is known what a run did to its images (window, blackened boxes); then `images` does it too. */
  readonly viewKnown: boolean;
  /** Finds the images, in `folder` or where they usually lie. @throws PackmuleError where there is no such folder. */
  images(folder?: string): Promise<ImageFinder>;
}

/** @throws PackmuleError where there are no masks at `path`, or they cannot be read. */
export async function openMaskSource(path: string, options: ReadAnnotationsOptions): Promise<MaskSource> {
  const run = runDirectory(path);
  if (isRun(run)) return sourceOfRun(run, 'the refined masks of a run', await readRefined(run));
  const format = await recogniseFormat(path);
  const set = await format.read(path, options);
  const beside = imagesBeside(path);
  const around = runDirectory(dirname(dirname(resolve(path))));
  if (beside === undefined && isRun(around)) return sourceOfRun(around, format.name, withWholeNames(set));
  const view = await viewOfFolder(dirname(path));
  return {
    name: format.name,
    set,
    viewKnown: view !== undefined,
    images: async (folder = beside) => {
      const find = await (folder === undefined ? findImagesIn(dirname(path)) : findImagesOfSet(folder, set));
      return seenAs(view ?? {}, find);
    },
  };
}

async function sourceOfRun(run: RunDirectory, name: string, set: AnnotationSet): Promise<MaskSource> {
  const view = await viewOfRun(run);
  return {
    name,
    set,
    viewKnown: view !== undefined,
    images: async (folder) =>
      folder === undefined ? findImagesOf(run) : seenAs(view ?? {}, await findImagesOfSet(folder, set)),
  };
}

function isRun(run: RunDirectory): boolean {
  return existsSync(run.log) && existsSync(run.config);
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

/** The images of a run by the names that they have in its annotation files. */
async function findImagesOf(run: RunDirectory): Promise<ImageFinder> {
  const config = dataSchema.safeParse(await recordedData(run));
  if (!config.success) {
    throw new RunError({
      seen: `${run.config} does not say where the images of the run are`,
      need: 'The folder of the images',
      fix: 'Name it with --images',
    });
  }
  const { cases } = await openDataset(config.data);
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

/** The folder of images beside annotations, where there is one. */
function imagesBeside(path: string): string | undefined {
  const candidates = ['images', 'imagesTr'].flatMap((name) => [join(dirname(path), name), join(path, name)]);
  return candidates.find((folder) => existsSync(folder));
}
