/**
 * @file What every annotation format is read into and written from.
 *
 * One structure per class and image: a reader merges (unions) several shapes of one class. Masks stay run-length
 * encoded, so that a data set of thousands of images with overlapping masks fits in memory.
 */
import type { Rle } from '../masks/rle.ts';

/** One structure of one image. */
export interface Structure {
  /** Index into AnnotationSet.classes. */
  readonly classIndex: number;
  readonly rle: Rle;
  /** Confidence in [0, 1], where a model or refiner gave one. */
  readonly score?: number;
  /** Expected Dice with the truth, [0, 1], where it was estimated. */
  readonly trust?: number;
  /** What a refiner recorded about this mask (prompts, passes, predicted IoU, ...), plain JSON. */
  readonly provenance?: Readonly<Record<string, unknown>>;
}

export interface AnnotatedImage {
  /** File name as the annotation file gives it, without folder. */
  readonly fileName: string;
  readonly width: number;
  readonly height: number;
  /** At most one per class, in class order. */
  readonly structures: readonly Structure[];
}

export interface AnnotationSet {
  readonly classes: readonly string[];
  readonly images: readonly AnnotatedImage[];
}

/** One file format of annotations. */
export interface AnnotationFormat {
  readonly name: string;
  /** Whether `path` looks like this format (by extension and a short look inside). */
  matches(path: string): Promise<boolean>;
  read(path: string, options?: ReadAnnotationsOptions): Promise<AnnotationSet>;
  /** Absent where the format is only read. */
  write?(path: string, set: AnnotationSet): Promise<void>;
}

export interface ReadAnnotationsOptions {
  /** The class list to use, in this order; a class outside it is an AnnotationError that names the nearest. */
  readonly classes?: readonly string[];
  /** CVAT: the attribute that holds the class, where the label does not. */
  readonly classAttribute?: string;
}
