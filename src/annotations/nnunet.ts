/**
 * @file Data sets of nnU-Net v2: dataset.json, labelsTr/CASE.png and imagesTr/CASE_0000.png. Label maps as PNG or NIfTI
 * are read, PNGs written, with the images beside them as grey PNGs.
 *
 * Classes that overlap become regions (nnU-Net's region-based training): each combination of classes has a number, and
 * a class is the list of the numbers it is part of, so nothing is lost. An image has the name of its file in imagesTr.
 */
import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { AnnotationError, ImageError } from '../base/errors.ts';
import { writeFileAtomic } from '../base/files.ts';
import type { Size } from '../base/geometry.ts';
import { frameName } from '../imaging/file-names.ts';
import { writeGreyPng } from '../imaging/write.ts';
import { createClassLookup, mergeByClass, readAnnotationText } from './collect.ts';
import { Combinations } from './combinations.ts';
import { flatStem } from './fit.ts';
import { parseJson, shaped } from './json.ts';
import { readLabelNifti } from './label-map-nifti.ts';
import { writeLabelPng } from './label-map-png.ts';
import { type LabelValues, masksOfValues } from './label-values.ts';
import { describeOverlaps, findOverlaps } from './layers.ts';
import { list } from './lists.ts';
import { checkSameSize, emptyFolder, listFolder, readValuePng } from './mask-folders.ts';
import { startsLike } from './recognise.ts';
import type {
  AnnotatedImage,
  AnnotationSet,
  FoundImage,
  ImageFinder,
  ReadableFormat,
  Structure,
  WritableFormat,
} from './types.ts';

const HEAD = 'dataset.json';
const IMAGES = 'imagesTr';
const LABELS = 'labelsTr';
/** Behind the name of a case: its first and here only channel. */
const CHANNEL = '_0000';
/** Names that mean something else to nnU-Net. */
const RESERVED = ['background', 'ignore'];

const headSchema = z.object({
  labels: z.record(z.string(), z.union([z.int().min(0), list(z.int().min(0))])),
  file_ending: z.enum(['.png', '.nii.gz', '.nii']),
});

type Head = z.infer<typeof headSchema>;

export const nnunet: ReadableFormat & WritableFormat = {
  id: 'nnunet',
  name: 'nnU-Net v2 data set',
  place: 'folder',
  holds: {
    overlaps: true,
    exact: true,
    classList: true,
    anyClassName: true,
    fileEndings: false,
    equalStems: false,
    notes: [],
  },
  needsImages: 'pixels',

  check(set) {
    refuseReservedNames(set);
    const overlaps = findOverlaps(set);
    if (overlaps.length === 0) return [];
    return [
      `${describeOverlaps(set, overlaps)}. Classes are therefore written as regions: nnU-Net trains on every pixel of them, but the label maps it predicts hold one class a pixel. With --layers there is a data set for each layer instead.`,
    ];
  },

  matches: async (path) => startsLike(await headOf(path), '.json', /"(channel_names|file_ending)"\s*:/),

  async read(path, options = {}) {
    const headPath = await headOf(path);
    const head = shaped(
      headPath,
      parseJson(headPath, await readAnnotationText(headPath)),
      headSchema,
      'dataset.json of nnU-Net v2',
    );
    const numbers = numbersOf(head);
    const lookup = createClassLookup([...numbers.keys()], options.classes);
    const classesOf = new Map<number, number[]>();
    for (const [name, values] of numbers) {
      const classIndex = lookup.indexOf(name, headPath);
      for (const value of values) {
        const classes = classesOf.get(value);
        if (classes === undefined) classesOf.set(value, [classIndex]);
        else classes.push(classIndex);
      }
    }
    const folder = join(dirname(headPath), LABELS);
    const names = (await listFolder(folder)).files.filter((name) => name.endsWith(head.file_ending));
    if (names.length === 0) {
      throw emptyFolder(folder, `The labels of a data set are files ending in ${head.file_ending}`);
    }
    const images: AnnotatedImage[] = [];
    for (const name of names) images.push(...(await readCase(join(folder, name), name, head, classesOf)));
    return { classes: lookup.classes, images };
  },

  async write(path, set, images) {
    await writeDataset(path, set, images!);
  },
};

/** dataset.json of a folder; a path that is no folder is taken to be that file. */
async function headOf(path: string): Promise<string> {
  const folder = (await stat(path).catch(() => undefined))?.isDirectory() === true;
  return folder ? join(path, HEAD) : path;
}

/**
 * The numbers of each class. Classes are in the order of their first numbers: that of a JSON object is lost in
 * JavaScript where names are numbers, such as those of teeth.
 */
function numbersOf({ labels }: Head): Map<string, readonly number[]> {
  const entries = Object.entries(labels)
    .filter(([name]) => !RESERVED.includes(name))
    .map(([name, value]) => [name, typeof value === 'number' ? [value] : value] as const);
  return new Map(entries.sort(([, a], [, b]) => (a[0] ?? 0) - (b[0] ?? 0)));
}

async function readCase(
  file: string,
  name: string,
  { file_ending: ending }: Head,
  classesOf: ReadonlyMap<number, readonly number[]>,
): Promise<AnnotatedImage[]> {
  const slices = ending === '.png' ? [await readValuePng(file)] : await readLabelNifti(file);
  // What is left of .nii.gz ends once, so that the name without its ending is the image's.
  const fileName = `${name.slice(0, -ending.length)}${CHANNEL}${ending.replace('.gz', '')}`;
  return slices.map((labels, i) => ({
    fileName: slices.length === 1 ? fileName : frameName(fileName, i),
    width: labels.width,
    height: labels.height,
    structures: structuresOf(labels, file, classesOf),
  }));
}

function structuresOf(
  labels: LabelValues,
  file: string,
  classesOf: ReadonlyMap<number, readonly number[]>,
): readonly Structure[] {
  const masks = masksOfValues(
    labels,
    file,
    (value) => classesOf.has(value),
    `The values of label maps are those of the classes in ${HEAD}`,
  );
  const structures = masks.flatMap(({ value, rle }) =>
    classesOf.get(value)!.map((classIndex) => ({ classIndex, rle })),
  );
  return mergeByClass(structures);
}

function refuseReservedNames(set: AnnotationSet): void {
  const reserved = set.classes.find((name) => RESERVED.includes(name));
  if (reserved === undefined) return;
  throw new AnnotationError({
    seen: `There is a class ${reserved}`,
    need: `In ${HEAD} the names ${RESERVED.join(' and ')} have a meaning of their own`,
    fix: 'Rename the class',
  });
}

async function writeDataset(path: string, set: AnnotationSet, images: ImageFinder): Promise<void> {
  const combinations = new Combinations(set.classes.length);
  // All images are found, and all combinations known, before anything is written.
  const sources = set.images.map(({ fileName }) => images(fileName));
  for (const image of set.images) combinations.label(image);
  if (combinations.classesOf.length > 65536) {
    throw new AnnotationError({
      seen: `Classes overlap in ${combinations.classesOf.length} combinations`,
      need: 'A PNG of 16 bits tells 65536 apart',
      fix: 'Give --layers, or choose a format that holds overlaps, such as coco or cvat',
    });
  }
  const bytes = combinations.classesOf.length > 256 ? Uint16Array : Uint8Array;
  for (const [i, image] of set.images.entries()) {
    const { width, height } = image;
    const name = caseOf(image.fileName);
    await writeImage(join(path, IMAGES, `${name}${CHANNEL}.png`), sources[i]!, image);
    const data = bytes.from(combinations.label(image));
    await writeLabelPng(join(path, LABELS, `${name}.png`), { width, height, data });
  }
  await writeFileAtomic(join(path, HEAD), headFor(set, combinations));
}

/** The name of a case; that of an image which comes from such a data set already is kept. */
function caseOf(fileName: string): string {
  const stem = flatStem(fileName);
  return stem.endsWith(CHANNEL) ? stem.slice(0, -CHANNEL.length) : stem;
}

/** The image as Packmule reads it, grey. @throws AnnotationError where it has another size than its masks. */
async function writeImage(path: string, source: FoundImage, size: Size): Promise<void> {
  const image = await source.read().catch((error: unknown) => {
    throw error instanceof ImageError ? new AnnotationError(error, { cause: error }) : error;
  });
  checkSameSize(source.path, image, size);
  await writeGreyPng(path, image);
}

function headFor({ classes, images }: AnnotationSet, { classesOf }: Combinations): string {
  const numbers = classes.map((_, classIndex) =>
    classesOf.flatMap((members, number) => (members.includes(classIndex) ? [number] : [])),
  );
  const overlap = classesOf.length > classes.length + 1;
  // Not an object: JavaScript would put names that are numbers first, and nnU-Net goes by the order.
  const labels = [
    ['background', 0] as const,
    ...classes.map((name, i) => [name, soleOr(numbers[i]!)] as const),
  ];
  const lines = [
    '"channel_names": { "0": "radiograph" }',
    `"labels": {\n${labels.map(([name, value]) => `    ${JSON.stringify(name)}: ${JSON.stringify(value)}`).join(',\n')}\n  }`,
    // The number that a predicted pixel of each class gets; later classes are written over earlier ones.
    ...(overlap ? [`"regions_class_order": ${JSON.stringify(classes.map((_, i) => i + 1))}`] : []),
    `"numTraining": ${images.length}`,
    '"file_ending": ".png"',
  ];
  return `{\n${lines.map((line) => `  ${line}`).join(',\n')}\n}\n`;
}

function soleOr(numbers: readonly number[]): number | readonly number[] {
  return numbers.length === 1 ? numbers[0]! : numbers;
}
