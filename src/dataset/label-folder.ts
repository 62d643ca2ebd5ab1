/** @file A folder of images that somebody labels from nothing: all its images, and the labels it has already. */
import { basename, join } from 'node:path';
import { coco } from '../annotations/coco.ts';
import { readAnnotations } from '../annotations/read.ts';
import type { AnnotatedImage } from '../annotations/types.ts';
import { DatasetError } from '../base/errors.ts';
import type { Size } from '../base/geometry.ts';
import { commandLine } from '../base/text.ts';
import { caseMaker } from './cases.ts';
import { mapConcurrently } from './concurrent.ts';
import type { DataConfigInput } from './config.ts';
import { annotatedCases, parseConfig } from './dataset.ts';
import { findLayout, type ImageSource, type Layout } from './layout.ts';
import { listed, noPictures, otherSize, sameName, sameSize } from './misfits.ts';
import { sourceImages } from './source-images.ts';
import type { Case } from './types.ts';

/** The name under which labels are written, and found by whoever reads the folder as a data set. */
const LABELS_NAME = 'annotations.json';

export interface LabelFolder {
  readonly root: string;
  /** The COCO file of the labels; it need not be there yet. */
  readonly annotations: string;
  /** Those of the annotation file; none where there is no file. */
  readonly classes: readonly string[];
  /** In the order of the folder; `labelled` are those that the annotation file shows something in. */
  readonly cases: readonly Case[];
  /** Images whose head cannot be read; they are not among the cases. */
  readonly unreadable: number;
  /** DICOM files that hold no picture. */
  readonly withoutPicture: number;
  /** What the annotation file says about images that are not here or cannot be read: it is kept. */
  readonly elsewhere: readonly AnnotatedImage[];
}

/**
 * Opens a folder of images, annotated or not.
 * @throws DatasetError where it has a folder per split, labels in another format, no image, two images of one name or
 * one of another size than its annotation; AnnotationError for a damaged annotation file.
 */
export async function openLabelFolder(input: DataConfigInput): Promise<LabelFolder> {
  const config = parseConfig(input);
  const layout = await findLayout(config);
  const { root } = layout;
  const [source] = layout.sources;
  if (layout.kind === 'split-folders' || source === undefined) throw dividedAlready(layout);
  const annotations = source.annotations ?? join(root, LABELS_NAME);
  if (source.annotations !== undefined && !(await coco.matches(annotations))) throw otherFormat(annotations);
  const set =
    source.annotations === undefined
      ? { classes: config.classes ?? [], images: [] }
      : await readAnnotations(annotations, config.classes && { classes: config.classes });
  const { images, withoutPicture } = await sourceImages(source.imagesFolder, source.imageFiles, config.ids);
  if (images.length === 0) throw nothingToLabel(source, withoutPicture);
  const toCase = await caseMaker(config, root);
  // Without the size of the annotation, so that each case has that of its image, 0 where it cannot be read.
  const found = annotatedCases(source, images, set).map(({ image, structures = [] }) => {
    return structures.length > 0
      ? { image, structures, split: 'labelled' as const }
      : { image, split: 'unlabelled' as const };
  });
  const cases = await mapConcurrently(found, 8, toCase);
  const order = new Map(images.map(({ id }, i) => [id, i]));
  const isHere = ({ id, size }: Case): boolean => order.has(id) && size.height > 0;
  const here = cases.filter(isHere).sort((a, b) => order.get(a.id)! - order.get(b.id)!);
  // Annotated cases come first, in the order of the file.
  const annotated = set.images.map((annotation, i) => ({ annotation, item: cases[i]! }));
  requireFit(
    here,
    annotated.filter(({ item }) => isHere(item)),
  );
  return {
    root,
    annotations,
    classes: set.classes,
    cases: here,
    unreadable: cases.filter(({ id }) => order.has(id)).length - here.length,
    withoutPicture,
    elsewhere: annotated.flatMap(({ annotation, item }) => (isHere(item) ? [] : [annotation])),
  };
}

/** Labels are kept by the names of images, and drawn on their pixels. */
function requireFit(cases: readonly Case[], annotated: readonly { annotation: Size; item: Case }[]): void {
  const first = new Map(cases.toReversed().map((item) => [item.id, item]));
  const messages = [
    ...cases.flatMap((item) => (first.get(item.id) === item ? [] : sameName(item, first.get(item.id)!))),
    ...annotated.flatMap(({ annotation, item }) =>
      sameSize(item.size, annotation) ? [] : otherSize(item, item.size, annotation),
    ),
  ];
  if (messages.length === 0) return;
  throw new DatasetError({
    seen: `Images cannot be labelled as they are:\n${listed(messages)}`,
    need: 'Every image has a name of its own and the size of its annotation',
    fix: 'Rename, correct or remove these images or their annotations',
  });
}

function nothingToLabel({ imagesFolder }: ImageSource, withoutPicture: number): DatasetError {
  return new DatasetError({
    seen: `${imagesFolder} holds no image. ${noPictures(withoutPicture)}`,
    need: 'A folder of images to draw on',
    fix: 'Check the folder',
  });
}

function dividedAlready({ root }: Layout): DatasetError {
  return new DatasetError({
    seen: `${root} has a folder per split`,
    need: 'One folder of images, which may hold images/',
    fix: `Name one of them, such as ${join(root, 'unlabelled')}; where there is a run, draw in its review: \`packmule review RUN\``,
  });
}

function otherFormat(path: string): DatasetError {
  return new DatasetError({
    seen: `The images are annotated in ${path}, which is no COCO JSON`,
    need: `Labels that can be added to: ${LABELS_NAME} in COCO's format`,
    fix: `Convert them: \`${commandLine(['convert', basename(path), LABELS_NAME])}\`, and move the old ones elsewhere`,
  });
}
