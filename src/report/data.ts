/** @file What a report is made from: plain data, ready to be kept as JSON. */
import type { BoxXyxy, PointXy } from '../base/geometry.ts';
import type { Evaluation } from '../evaluate/evaluation.ts';
import type { Evidence } from '../refine/evidence.ts';
import type { Reliability } from '../trust/reliability.ts';

/** The sets of masks a run makes, in order: of the networks, and what refinement makes of them. */
export type Stage = 'initial' | 'refined' | 'final' | 'finalRefined';

export interface ReportData {
  /** Name of the run. */
  readonly title: string;
  /** One line on the data: where it is from, how many images and classes. */
  readonly subtitle: string;
  /** Date of the run as it is to be shown. */
  readonly date: string;
  readonly packmuleVersion: string;
  /** The figures of the first screen beside the results, such as `labelled images: 45`. */
  readonly facts: readonly Fact[];
  /**
   * In the order of the report; the last split is the one whose figure stands first, so val comes before test.
   * A split or stage without ground truth is left out.
   */
  readonly results: readonly StageResult[];
  /** Where the figures were measured. Default `at the images’ own resolution`. */
  readonly measured?: string;
  readonly curves: readonly TrainingCurve[];
  /** Absent when nothing was refined. */
  readonly refinedScores?: RefinedScores;
  /** Absent where refined masks have no trust. */
  readonly trust?: TrustReport;
  readonly gallery: Gallery;
  /** Settings, versions, data fingerprint: one table each. */
  readonly tables: readonly FactTable[];
  /** What went wrong or needs care, a sentence each: classes without a prompt, images skipped. */
  readonly warnings: readonly string[];
}

export interface Fact {
  readonly name: string;
  readonly value: string;
}

export interface FactTable {
  readonly title: string;
  readonly rows: readonly Fact[];
}

export interface StageResult {
  /** Name of the split, such as `val`. */
  readonly split: string;
  readonly stage: Stage;
  readonly evaluation: Evaluation;
}

export interface TrainingCurve {
  /** Which network was trained. */
  readonly stage: 'initial' | 'final';
  readonly points: readonly CurvePoint[];
}

export interface CurvePoint {
  /** Counted from 1. */
  readonly epoch: number;
  /** Minutes since the training began. */
  readonly minutes: number;
  /** Mean training loss of the epoch. */
  readonly loss: number;
  /** Mean Dice on val in [0, 1], where it was measured after this epoch. */
  readonly valDice?: number;
}

export interface RefinedScores {
  /** What the score is, such as `Predicted IoU` or `Agreement with the initial mask (Dice)`. */
  readonly label: string;
  /** One per refined mask, in [0, 1]. */
  readonly scores: readonly number[];
  /** Masks with a score below this were not used for training, where there is such a rule. */
  readonly threshold?: number;
}

export interface TrustReport {
  /** What trust was calibrated on; absent where it was not. */
  readonly calibration?: {
    readonly masks: number;
    readonly images: number;
    /** What each number of the evidence is worth, in log odds of Dice per standard deviation. */
    readonly weights: readonly { readonly name: keyof Evidence; readonly weight: number }[];
  };
  /** Why trust is not calibrated, the end of a sentence. */
  readonly reason?: string;
  /** Where trust was compared with a ground truth: held-out labelled images, val, test. */
  readonly measured: readonly TrustMeasure[];
  /** Trust of each refined mask of the unlabelled images. */
  readonly pool: readonly number[];
  /** The least trusted of these masks, the least first. */
  readonly least: readonly {
    readonly fileName: string;
    readonly className: string;
    readonly trust: number;
  }[];
}

export interface TrustMeasure {
  /** Name of the split, such as `val`. */
  readonly split: string;
  readonly reliability: Reliability;
}

export interface Gallery {
  /** How the cases were chosen, such as `The 8 of 80 test images with the lowest Dice (final network)`. */
  readonly note: string;
  readonly cases: readonly GalleryCase[];
}

/** One row of the gallery. Panels that do not exist are left out. */
export interface GalleryCase {
  readonly fileName: string;
  /** Name of the split the image is from. */
  readonly split: string;
  /** Size of the image in px; outlines and prompts are in its pixels, whatever the size of the picture. */
  readonly width: number;
  readonly height: number;
  /** The image as a data URI (JPEG). */
  readonly picture: string;
  readonly truth?: GalleryPanel;
  readonly initial?: GalleryPanel;
  readonly refined?: GalleryPanel;
  readonly final?: GalleryPanel;
  readonly finalRefined?: GalleryPanel;
  readonly prompts: readonly PromptMarks[];
}

export interface GalleryPanel {
  readonly outlines: readonly GalleryOutline[];
  /** Mean Dice in [0, 1] of the classes that the ground truth shows; null where there is none. */
  readonly dice: number | null;
  /** Names of classes that the ground truth shows and this panel does not, and the other way round. */
  readonly missed: readonly string[];
  readonly invented: readonly string[];
}

export interface GalleryOutline {
  readonly classIndex: number;
  readonly className: string;
  /** SVG path data in half pixels; pixel (x, y) covers 2x..2x+2, 2y..2y+2. */
  readonly path: string;
  /** Expected Dice in [0, 1], of refined masks. */
  readonly trust?: number;
  /** Dice of this structure in [0, 1], where the ground truth shows it. */
  readonly dice?: number;
}

/** The prompts that a refiner was given for one class. */
export interface PromptMarks {
  readonly classIndex: number;
  readonly box?: BoxXyxy;
  readonly positive: readonly PointXy[];
  readonly negative: readonly PointXy[];
}
