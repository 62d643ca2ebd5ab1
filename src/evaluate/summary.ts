/** @file Scores a set of predicted annotations against the ground truth: per entry, per image, per class, overall. */

import type { AnnotatedImage, AnnotationSet } from '../annotations/types.ts';
import { DatasetError } from '../base/errors.ts';
import { meanOf } from '../base/mean.ts';
import { dice, iou, type Overlap, rleOverlap } from '../masks/overlap.ts';
import { decodeRle, type Rle } from '../masks/rle.ts';
import { type BootstrapOptions, bootstrapMean, type PairedDifference, pairedBootstrap } from './bootstrap.ts';
import type {
  AbsenceRule,
  ByRule,
  ClassEvaluation,
  EntryEvaluation,
  Evaluation,
  ImageEvaluation,
  MeanFigure,
  OverallFigure,
  OverlapMeasure,
  SurfaceFigures,
  SurfaceMeasure,
} from './evaluation.ts';
import { surfaceDistances } from './surface.ts';

export interface EvaluateOptions extends BootstrapOptions {
  /** A present class counts as detected from this IoU on. Default 0.5. */
  readonly detectionIou?: number;
  /**
   * Measure HD95 and ASSD of every entry where both masks have pixels (about 1 ms an entry). In mm where
   * `spacingMm` gives the distance of pixel centres of an image, else in px. Default: not measured.
   */
  readonly surface?: { readonly spacingMm?: (fileName: string) => readonly [row: number, col: number] };
}

/**
 * Scores `predicted` against every image of `truth`. Images are matched by file name; predicted images that are
 * not in `truth` are left out.
 * Throws DatasetError where the class lists differ, an image has no prediction (an empty list of structures is
 * one), names occur twice or sizes differ.
 */
export function evaluateSet(
  truth: AnnotationSet,
  predicted: AnnotationSet,
  options: EvaluateOptions = {},
): Evaluation {
  requireSameClasses(truth.classes, predicted.classes);
  const method = {
    resamples: options.resamples ?? 2000,
    seed: options.seed ?? 1,
    level: options.level ?? 0.95,
    detectionIou: options.detectionIou ?? 0.5,
  };
  const predictions = byFileName(predicted.images, 'predicted');
  byFileName(truth.images, 'true');
  const images = truth.images.map((image) => {
    const prediction = predictions.get(image.fileName);
    if (prediction === undefined) throw missingPrediction(image.fileName);
    requireSameSize(image, prediction);
    return evaluateImage(image, prediction, options.surface);
  });
  const figure = (measure: OverlapMeasure, rule: AbsenceRule): OverallFigure =>
    overallFigure(images, measure, rule, method);
  return {
    classes: truth.classes,
    images,
    perClass: truth.classes.map((name, classIndex) =>
      evaluateClass(name, classIndex, images, method.detectionIou),
    ),
    overall: {
      dice: byRule((rule) => figure('dice', rule)),
      iou: byRule((rule) => figure('iou', rule)),
    },
    ...(options.surface && { surface: surfaceFigures(images, options.surface) }),
    method,
  };
}

/**
 * The difference `second` - `first` of two methods on the same images under one rule, with interval and p value.
 * Only images scored in both are compared; undefined where fewer than two are, or nothing counts.
 */
export function compareEvaluations(
  first: Evaluation,
  second: Evaluation,
  rule: AbsenceRule,
  options: BootstrapOptions & { readonly measure?: OverlapMeasure } = {},
): PairedDifference | undefined {
  const others = new Map(second.images.map((image) => [image.fileName, image]));
  const common = first.images.filter((image) => others.has(image.fileName));
  const measure = options.measure ?? 'dice';
  return pairedBootstrap(
    common.map((image) => countedValues(image, measure, rule)),
    common.map((image) => countedValues(others.get(image.fileName)!, measure, rule)),
    options,
  );
}

/** The scores of one image that count under a rule. */
export function countedValues(image: ImageEvaluation, measure: OverlapMeasure, rule: AbsenceRule): number[] {
  return image.entries.filter((entry) => counts(entry, rule)).map((entry) => entry[measure]);
}

function counts(entry: EntryEvaluation, rule: AbsenceRule): boolean {
  return entry.truthPx > 0 || rule === 'counted';
}

function evaluateImage(
  truth: AnnotatedImage,
  predicted: AnnotatedImage,
  surface: EvaluateOptions['surface'],
): ImageEvaluation {
  const trueMasks = masksByClass(truth, 'ground truth');
  const predictedMasks = masksByClass(predicted, 'prediction');
  const indices = [...new Set([...trueMasks.keys(), ...predictedMasks.keys()])].sort((a, b) => a - b);
  const spacing = surface?.spacingMm?.(truth.fileName);
  const entries = indices.flatMap((classIndex) => {
    const [t, p] = [trueMasks.get(classIndex), predictedMasks.get(classIndex)];
    const distances =
      surface !== undefined && t !== undefined && p !== undefined
        ? surfaceDistances(decodeRle(t), decodeRle(p), spacing)
        : undefined;
    return entryOf(classIndex, rleOverlap(t, p)).map((entry) => ({ ...entry, ...distances }));
  });
  const meansOf = (measure: OverlapMeasure): ByRule<number | null> =>
    byRule((rule) => mean(entries.filter((entry) => counts(entry, rule)).map((entry) => entry[measure])));
  return { fileName: truth.fileName, dice: meansOf('dice'), iou: meansOf('iou'), entries };
}

/** One entry, or none where both masks are empty. */
function entryOf(classIndex: number, overlap: Overlap): EntryEvaluation[] {
  const [diceValue, iouValue] = [dice(overlap), iou(overlap)];
  if (diceValue === undefined || iouValue === undefined) return [];
  return [
    {
      classIndex,
      truthPx: overlap.truth,
      predictedPx: overlap.predicted,
      intersectionPx: overlap.intersection,
      dice: diceValue,
      iou: iouValue,
    },
  ];
}

function evaluateClass(
  name: string,
  classIndex: number,
  images: readonly ImageEvaluation[],
  detectionIou: number,
): ClassEvaluation {
  const entries = images.flatMap((image) => image.entries.filter((entry) => entry.classIndex === classIndex));
  const present = entries.filter((entry) => entry.truthPx > 0);
  const detectedIn = present.filter((entry) => entry.iou >= detectionIou).length;
  const meanFigure = (measure: OverlapMeasure, rule: AbsenceRule): MeanFigure => {
    const values = entries.filter((entry) => counts(entry, rule)).map((entry) => entry[measure]);
    return { mean: mean(values), n: values.length };
  };
  return {
    classIndex,
    name,
    dice: byRule((rule) => meanFigure('dice', rule)),
    iou: byRule((rule) => meanFigure('iou', rule)),
    presentIn: present.length,
    detectedIn,
    detectionRate: present.length === 0 ? null : detectedIn / present.length,
    missedIn: present.filter((entry) => entry.predictedPx === 0).length,
    inventedIn: entries.length - present.length,
  };
}

function overallFigure(
  images: readonly ImageEvaluation[],
  measure: OverlapMeasure,
  rule: AbsenceRule,
  options: BootstrapOptions,
): OverallFigure {
  const values = images.map((image) => countedValues(image, measure, rule));
  const perImage = images.map((image) => image[measure][rule]).filter((value) => value !== null);
  const perImageMean = mean(perImage);
  return {
    mean: mean(values.flat()),
    n: values.flat().length,
    interval: bootstrapMean(values, options) ?? null,
    perImageMean,
    perImageStd:
      perImageMean === null ? null : Math.sqrt(mean(perImage.map((value) => (value - perImageMean) ** 2))!),
  };
}

/**
 * Mean distance between the outlines of a class over the images where both masks have pixels; of no image where
 * distances were not asked for.
 */
export function classDistance(
  { images }: Evaluation,
  classIndex: number,
  measure: SurfaceMeasure,
): MeanFigure {
  return distanceFigure(
    images.flatMap(({ entries }) => entries.filter((entry) => entry.classIndex === classIndex)),
    measure,
  );
}

function surfaceFigures(
  images: readonly ImageEvaluation[],
  surface: NonNullable<EvaluateOptions['surface']>,
): SurfaceFigures {
  const entries = images.flatMap((image) => image.entries);
  return {
    unit: surface.spacingMm ? 'mm' : 'px',
    hd95: distanceFigure(entries, 'hd95'),
    assd: distanceFigure(entries, 'assd'),
  };
}

function distanceFigure(entries: readonly EntryEvaluation[], measure: SurfaceMeasure): MeanFigure {
  const values = entries.map((entry) => entry[measure]).filter((value) => value !== undefined);
  return { mean: mean(values), n: values.length };
}

function byRule<T>(make: (rule: AbsenceRule) => T): ByRule<T> {
  return { present: make('present'), counted: make('counted') };
}

const mean = (values: readonly number[]): number | null => meanOf(values) ?? null;

function masksByClass(image: AnnotatedImage, what: string): Map<number, Rle> {
  const masks = new Map<number, Rle>();
  for (const { classIndex, rle } of image.structures) {
    if (masks.has(classIndex)) {
      throw new DatasetError({
        seen: `The ${what} of ${image.fileName} has two masks of class number ${classIndex}`,
        need: 'An image has at most one mask per class',
        fix: 'Unite the two masks',
      });
    }
    if (rle.height !== image.height || rle.width !== image.width) {
      throw new DatasetError({
        seen: `The ${what} of ${image.fileName} holds a mask of ${rle.width} x ${rle.height} px in an image of ${image.width} x ${image.height} px`,
        need: 'A mask has the size of its image',
        fix: 'Predict at the resolution of the image, or correct the annotation',
      });
    }
    masks.set(classIndex, rle);
  }
  return masks;
}

function byFileName(images: readonly AnnotatedImage[], what: string): Map<string, AnnotatedImage> {
  const found = new Map<string, AnnotatedImage>();
  for (const image of images) {
    if (found.has(image.fileName)) {
      throw new DatasetError({
        seen: `${image.fileName} occurs twice among the ${what} annotations`,
        need: 'Images are matched by file name, so each name may occur once',
        fix: 'Rename one of the two images',
      });
    }
    found.set(image.fileName, image);
  }
  return found;
}

function requireSameClasses(truth: readonly string[], predicted: readonly string[]): void {
  if (truth.length === predicted.length && truth.every((name, i) => name === predicted[i])) return;
  throw new DatasetError({
    seen: `The ground truth has the classes ${truth.join(', ')}; the prediction has ${predicted.join(', ')}`,
    need: 'Both need the same classes in the same order',
    fix: 'Read both with the class list of the model',
  });
}

function missingPrediction(fileName: string): DatasetError {
  return new DatasetError({
    seen: `${fileName} has a ground truth but no prediction`,
    need: 'Every image of the ground truth is scored; an image without any structure counts as an empty prediction',
    fix: 'Predict it, or leave it out of the ground truth',
  });
}

function requireSameSize(truth: AnnotatedImage, predicted: AnnotatedImage): void {
  if (truth.height === predicted.height && truth.width === predicted.width) return;
  throw new DatasetError({
    seen: `${truth.fileName} is ${truth.width} x ${truth.height} px in the ground truth and ${predicted.width} x ${predicted.height} px in the prediction`,
    need: 'Masks are compared pixel by pixel',
    fix: 'Predict at the resolution of the image',
  });
}
