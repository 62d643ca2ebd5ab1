/** @file A look at a folder that somebody wants to use: what was recognised and how, for `packmule init`. */
import { relative } from 'node:path';
import { mapConcurrently } from './concurrent.ts';
import { openWithLayout } from './dataset.ts';
import { isHashedName } from './ids.ts';
import type { Layout } from './layout.ts';
import { noPictures } from './misfits.ts';
import { headerOrNothing } from './source-images.ts';
import { annotationStatistics, type Percentiles } from './statistics.ts';
import { casesOf, type Dataset, SPLIT_NAMES, type SplitName } from './types.ts';

export interface FolderInspection {
  readonly root: string;
  /** Full sentences: what was found where, and how it was understood. */
  readonly recognised: readonly string[];
  readonly counts: Readonly<Record<SplitName, number>>;
  /** Most frequent first, px. */
  readonly sizes: readonly { readonly height: number; readonly width: number; readonly images: number }[];
  readonly bitDepths: readonly { readonly bits: 8 | 16; readonly images: number }[];
  /** In class order, with the number of labelled images that show the class. */
  readonly classes: readonly { readonly name: string; readonly labelledImages: number }[];
  /** Pairs of class names that a left-right flip exchanges, where the names say so. */
  readonly mirroredPairs?: readonly (readonly [string, string])[];
  /** Of the labelled images: pixels in two or more classes divided by pixels in one or more. */
  readonly overlapFraction: number;
  /** Of the labelled images, px. */
  readonly objectShortSide: Percentiles;
  /** Images whose headers could not be read; checkDataset says more. */
  readonly unreadable: readonly string[];
}

/** Looks at a folder with the default settings. @throws as openDataset. */
export async function inspectFolder(folder: string): Promise<FolderInspection> {
  const { dataset, layout } = await openWithLayout({ root: folder });
  const headers = await mapConcurrently(dataset.cases, 8, ({ imagePath }) => headerOrNothing(imagePath));
  const readable = headers.filter((header) => header !== undefined);
  const labelled = casesOf(dataset, 'labelled');
  const statistics = annotationStatistics(labelled, dataset.classes.length);
  return {
    root: dataset.root,
    recognised: describe(layout, dataset),
    counts: {
      labelled: labelled.length,
      val: casesOf(dataset, 'val').length,
      test: casesOf(dataset, 'test').length,
      unlabelled: casesOf(dataset, 'unlabelled').length,
    },
    sizes: tally(readable.map(({ height, width }) => `${height} ${width}`)).map(([key, images]) => {
      const [height, width] = key.split(' ').map(Number) as [number, number];
      return { height, width, images };
    }),
    bitDepths: tally(readable.map(({ bits }) => bits)).map(([bits, images]) => ({ bits, images })),
    classes: dataset.classes.map((name, classIndex) => ({
      name,
      labelledImages: Math.round(statistics.classFrequency[classIndex]! * labelled.length),
    })),
    ...(dataset.mirroredPairs !== undefined && {
      mirroredPairs: dataset.mirroredPairs.map(
        ([a, b]) => [dataset.classes[a]!, dataset.classes[b]!] as const,
      ),
    }),
    overlapFraction: statistics.overlapFraction,
    objectShortSide: statistics.objectShortSide,
    unreadable: dataset.cases.filter((_, i) => headers[i] === undefined).map(({ imagePath }) => imagePath),
  };
}

/** Values with how often they occur, most frequent first. */
function tally<T>(values: readonly T[]): [T, number][] {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]);
}

function describe(layout: Layout, dataset: Dataset): string[] {
  const place = (path: string): string => relative(layout.root, path) || 'the folder itself';
  const sentences = layout.sources.map((source) => {
    const images = `${source.imageFiles.length} images in ${place(source.imagesFolder)}`;
    const labels =
      source.annotations === undefined ? 'without annotations' : `annotated in ${place(source.annotations)}`;
    return source.split === 'all' ? `${images}, ${labels}.` : `${source.split}: ${images}, ${labels}.`;
  });
  if (dataset.withoutPicture !== undefined) sentences.push(noPictures(dataset.withoutPicture));
  const hashed = dataset.cases.filter(({ name }) => isHashedName(name)).length;
  if (hashed > 0) {
    sentences.push(`Results call ${hashed} images by salted hashes, which packmule ids resolves (data.ids).`);
  }
  if (layout.kind === 'split-folders') return ['There is a folder per split.', ...sentences];
  const lists = Object.values(layout.lists).map(place);
  const how =
    lists.length > 0
      ? `The splits are those of ${lists.join(', ')}.`
      : 'The annotated images were split at random with seed 0; the others are the unlabelled pool.';
  const shares = SPLIT_NAMES.map((split) => `${casesOf(dataset, split).length} ${split}`).join(', ');
  return ['All images are in one folder.', ...sentences, how, `That gives ${shares}.`];
}
