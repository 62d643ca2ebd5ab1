/**
 * @file Opening a data set: from settings to cases. Reads annotations and, for images without one, their headers;
 * pixels are looked at by checkDataset.
 */
import { wholeName } from '../annotations/image-names.ts';
import { readAnnotations } from '../annotations/read.ts';
import type { AnnotationSet } from '../annotations/types.ts';
import { ConfigError, DatasetError } from '../base/errors.ts';
import { nearestName } from '../base/suggest.ts';
import { commandLine } from '../base/text.ts';
import { caseMaker } from './cases.ts';
import { mapConcurrently } from './concurrent.ts';
import { type DataConfig, type DataConfigInput, dataSchema } from './config.ts';
import { imageFinder } from './image-names.ts';
import { findLayout, type ImageSource, type Layout } from './layout.ts';
import { mirroredPairsByName } from './mirror.ts';
import { requireOwnHashes } from './other-secret.ts';
import { missingImage, type SourceImage, sourceImages } from './source-images.ts';
import { type DividedCase, divideCases, type SourceCase } from './split.ts';
import { type Dataset, SPLIT_NAMES, type SplitName } from './types.ts';

/** A data set together with how its files lie. */
export interface OpenedDataset {
  readonly dataset: Dataset;
  readonly layout: Layout;
}

/**
 * Opens the data set of the settings. Of splits that are not named nothing is kept, and where they have a folder of
 * their own nothing is read: who must not know the labels of test leaves it out here.
 * @throws ConfigError for impossible settings, DatasetError when parts are missing or ambiguous, AnnotationError
 * when an annotation file cannot be read or holds an unknown class.
 */
export async function openDataset(
  config: DataConfigInput,
  splits: readonly SplitName[] = SPLIT_NAMES,
): Promise<Dataset> {
  return (await openWithLayout(config, splits)).dataset;
}

export async function openWithLayout(
  input: DataConfigInput,
  splits: readonly SplitName[] = SPLIT_NAMES,
): Promise<OpenedDataset> {
  const config = parseConfig(input);
  const layout = await findLayout(config);
  const wanted = layout.sources.filter(({ split }) => split === 'all' || splits.includes(split));
  const { classes, bySource, withoutPicture } = await readSources({ ...layout, sources: wanted }, config);
  const toCase = await caseMaker(config, layout.root);
  const divided: (readonly DividedCase[])[] = [];
  for (const { source, cases } of bySource) {
    const { split } = source;
    divided.push(
      split === 'all'
        ? await divideCases(cases, layout.lists, config)
        : cases.map((item) => ({ ...item, split })),
    );
  }
  const limited = limitLabelled(divided.flat(), config.limit);
  const ordered = SPLIT_NAMES.filter((split) => splits.includes(split)).flatMap((split) =>
    limited.filter((item) => item.split === split),
  );
  if (!ordered.some((item) => item.split === 'labelled')) throw nothingLabelled(layout);
  const pairs = mirroredPairs(config.mirroredPairs, classes);
  const dataset: Dataset = {
    root: layout.root,
    classes,
    cases: await mapConcurrently(ordered, 8, toCase),
    ...(pairs !== undefined && { mirroredPairs: pairs }),
    ...(withoutPicture > 0 && { withoutPicture }),
  };
  return { dataset, layout };
}

function mirroredPairs(
  setting: DataConfig['mirroredPairs'],
  classes: readonly string[],
): Dataset['mirroredPairs'] {
  if (setting === 'none') return undefined;
  return setting === 'auto' ? mirroredPairsByName(classes) : classPairs(setting, classes);
}

/** Settings with all defaults. @throws ConfigError for impossible ones. */
export function parseConfig(input: DataConfigInput): DataConfig {
  const parsed = dataSchema.safeParse(input);
  const problems = parsed.success
    ? []
    : parsed.error.issues.map((issue) => `data.${issue.path.join('.')}: ${issue.message}`);
  if (parsed.success && parsed.data.fractions.val + parsed.data.fractions.test >= 1) {
    problems.push('data.fractions: val and test together leave nothing to train on');
  }
  if (parsed.success && problems.length === 0) return parsed.data;
  throw new ConfigError({
    seen: `The settings of the data set are not possible: ${problems.join('; ')}`,
    need: 'Settings have the names and values of the documentation',
    fix: 'Correct these settings',
  });
}

interface ReadSources {
  readonly classes: readonly string[];
  readonly bySource: readonly SourceCases[];
  readonly withoutPicture: number;
}

interface SourceCases {
  readonly source: ImageSource;
  readonly cases: readonly SourceCase[];
}

/** The class list is that of the settings, else of the first annotated source: labelled comes before val and test. */
async function readSources(layout: Layout, config: DataConfig): Promise<ReadSources> {
  let classes: readonly string[] | undefined = config.classes;
  const bySource: SourceCases[] = [];
  let withoutPicture = 0;
  for (const source of layout.sources) {
    const { images, ...found } = await sourceImages(source.imagesFolder, source.imageFiles, config.ids);
    withoutPicture += found.withoutPicture;
    if (source.annotations === undefined) {
      if (source.split !== 'unlabelled') throw noAnnotations(source, images);
      bySource.push({ source, cases: images.map((image) => ({ image })) });
      continue;
    }
    const set = await readAnnotations(source.annotations, {
      ...(classes !== undefined && { classes }),
      ...(config.classAttribute !== undefined && { classAttribute: config.classAttribute }),
    });
    classes ??= set.classes;
    requireStructures(set, source);
    bySource.push({ source, cases: annotatedCases(source, images, set) });
  }
  if (classes === undefined) throw nothingLabelled(layout);
  return { classes, bySource, withoutPicture };
}

/**
 * Annotated images in the order of the file, then images that it does not name.
 * @throws DatasetError where the file names them under the secret of another account.
 */
export function annotatedCases(
  { imagesFolder, annotations = '' }: Pick<ImageSource, 'imagesFolder' | 'annotations'>,
  images: readonly SourceImage[],
  set: AnnotationSet,
): SourceCase[] {
  const names = set.images.map(wholeName);
  requireOwnHashes(annotations, names, images);
  const find = imageFinder(images, names);
  const used = new Set<SourceImage>();
  const annotated = set.images.map((item): SourceCase => {
    const { height, width, structures } = item;
    const image = find(wholeName(item)) ?? missingImage(imagesFolder, item.fileName);
    used.add(image);
    return { image, size: { height, width }, structures };
  });
  return [...annotated, ...images.filter((image) => !used.has(image)).map((image) => ({ image }))];
}

function limitLabelled(cases: readonly DividedCase[], limit: number | undefined): readonly DividedCase[] {
  if (limit === undefined) return cases;
  const labelled = cases.filter((item) => item.split === 'labelled');
  if (limit > labelled.length) {
    throw new ConfigError({
      seen: `data.limit is ${limit}, but there are ${labelled.length} labelled images`,
      need: 'The limit is at most the number of labelled images',
      fix: 'Lower or remove data.limit',
    });
  }
  const kept = new Set(labelled.slice(0, limit));
  return cases.filter((item) => item.split !== 'labelled' || kept.has(item));
}

function classPairs(
  pairs: readonly (readonly [string, string])[],
  classes: readonly string[],
): (readonly [number, number])[] {
  const used = new Set<string>();
  const indexOf = (name: string): number => {
    const index = classes.indexOf(name);
    const near = nearestName(name, classes);
    if (index < 0 || used.has(name)) {
      throw new ConfigError({
        seen: `data.mirroredPairs names ${name}, which is ${index < 0 ? 'no class' : 'in it twice'}`,
        need: 'Each pair names two classes, and each class is in one pair at most',
        fix: index < 0 && near !== undefined ? `Did you mean ${near}?` : 'Correct data.mirroredPairs',
      });
    }
    used.add(name);
    return index;
  };
  return pairs.map(([left, right]) => [indexOf(left), indexOf(right)] as const);
}

function requireStructures(set: AnnotationSet, source: ImageSource): void {
  if (set.images.some((image) => image.structures.length > 0)) return;
  throw new DatasetError({
    seen: `${source.annotations} annotates ${set.images.length} images with no structure at all`,
    need: 'Annotations hold at least one mask',
    fix: 'Check that this is the right file or folder and that the export was complete',
  });
}

function noAnnotations(
  { folder, imagesFolder, split }: ImageSource,
  images: readonly SourceImage[],
): DatasetError {
  if (images.length === 0) {
    return new DatasetError({
      seen: `${imagesFolder} holds neither images nor annotations`,
      need: `The folder of ${split === 'all' ? 'a data set' : `the split ${split}`} holds images and their annotations`,
      fix: 'Add them, or remove the folder',
    });
  }
  return new DatasetError({
    seen: `There are no annotations for the images in ${imagesFolder}`,
    need: `${split === 'all' ? 'Some images' : `The images of ${split}`} come with an annotation file (such as COCO JSON or CVAT XML) or a folder of label files beside them`,
    fix: `Draw the first ones with \`${commandLine(['label', folder])}\`; or add a file of them, or set data.annotations; images without annotations belong in a folder called unlabelled`,
  });
}

function nothingLabelled(layout: Layout): DatasetError {
  const isDivided = layout.kind === 'split-folders';
  const folder = isDivided ? layout.sources.find(({ split }) => split === 'unlabelled')?.folder : layout.root;
  const instead = isDivided
    ? 'Put annotated images in a folder called labelled'
    : 'Leave annotated images out of the lists and fractions of val and test';
  return new DatasetError({
    seen: `${layout.root} has no labelled images`,
    need: 'At least one annotated image to train on',
    fix:
      folder === undefined
        ? instead
        : `${instead}, or draw the first ones: \`${commandLine(['label', folder])}\``,
  });
}
