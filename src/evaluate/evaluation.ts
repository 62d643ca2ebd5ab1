/**
 * @file The result of scoring predicted masks against the ground truth, as plain JSON.
 *
 * Two rules for classes that the ground truth of an image does not show (defect 5 of the published code):
 *  - `present`: the image does not count for this class, whatever was predicted. This is the rule of the
 *    published figures; invented structures cost nothing.
 *  - `counted`: predicted pixels of an absent class score 0; absent and not predicted still does not count,
 *    because nothing was to be found.
 * A class that is present and not predicted scores 0 under both. All scores are in [0, 1]. `null` stands where
 * there was nothing to average.
 */
import type { Interval } from './bootstrap.ts';

export type AbsenceRule = 'present' | 'counted';
export type OverlapMeasure = 'dice' | 'iou';
export type SurfaceMeasure = 'hd95' | 'assd';
/** One value under each rule. */
export type ByRule<T> = Readonly<Record<AbsenceRule, T>>;

export interface Evaluation {
  readonly classes: readonly string[];
  /** One per image of the ground truth, in its order. */
  readonly images: readonly ImageEvaluation[];
  /** One per class, in class order. */
  readonly perClass: readonly ClassEvaluation[];
  readonly overall: Readonly<Record<OverlapMeasure, ByRule<OverallFigure>>>;
  /** Absent where surface distances were not asked for. */
  readonly surface?: SurfaceFigures;
  /** How the figures were made. */
  readonly method: EvaluationMethod;
}

export interface EvaluationMethod {
  /** Resamples, seed and coverage of the bootstrap intervals. */
  readonly resamples: number;
  readonly seed: number;
  readonly level: number;
  /** A present class counts as detected from this IoU on. */
  readonly detectionIou: number;
}

export interface ImageEvaluation {
  readonly fileName: string;
  /** Mean over the classes that count in this image. */
  readonly dice: ByRule<number | null>;
  readonly iou: ByRule<number | null>;
  /** One per class with a pixel in the ground truth or the prediction, in class order; the others are left out. */
  readonly entries: readonly EntryEvaluation[];
}

/** One class in one image. */
export interface EntryEvaluation {
  readonly classIndex: number;
  /** Pixels in the ground truth, in the prediction and in both. truthPx is 0 for an invented structure. */
  readonly truthPx: number;
  readonly predictedPx: number;
  readonly intersectionPx: number;
  readonly dice: number;
  readonly iou: number;
  /** 95th percentile of the Hausdorff distance; only where both masks have pixels and distances were asked for. */
  readonly hd95?: number;
  /** Average symmetric surface distance, under the same condition. */
  readonly assd?: number;
}

export interface ClassEvaluation {
  readonly classIndex: number;
  readonly name: string;
  readonly dice: ByRule<MeanFigure>;
  readonly iou: ByRule<MeanFigure>;
  /** Images whose ground truth shows the class. */
  readonly presentIn: number;
  /** Of those, images in which the IoU reaches method.detectionIou. */
  readonly detectedIn: number;
  /** detectedIn / presentIn. */
  readonly detectionRate: number | null;
  /** Images that show the class where not one pixel of it was predicted. */
  readonly missedIn: number;
  /** Images that do not show the class where pixels of it were predicted. */
  readonly inventedIn: number;
}

/** A mean over images. */
export interface MeanFigure {
  readonly mean: number | null;
  /** Number of images that count. */
  readonly n: number;
}

/** A mean over all (image, class) entries that count. */
export interface OverallFigure {
  readonly mean: number | null;
  /** Number of entries that count. */
  readonly n: number;
  /** Bootstrap percentile interval of `mean`, whole images drawn; null with fewer than two images. */
  readonly interval: Interval | null;
  /** Mean and standard deviation (divided by the number of images) of the per-image means. */
  readonly perImageMean: number | null;
  readonly perImageStd: number | null;
}

/** Surface distances over all entries where both masks have pixels. */
export interface SurfaceFigures {
  readonly unit: 'px' | 'mm';
  readonly hd95: MeanFigure;
  readonly assd: MeanFigure;
}
