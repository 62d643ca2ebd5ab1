/**
 * @file What every annotation format is read into and written from.
 *
 * One structure per class and image: a reader merges (unions) several shapes of one class. Masks stay run-length
 * encoded, so that a data set of thousands of images with overlapping masks fits in memory.
 */
import type { Image } from '../imaging/image.ts';
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
  /** File name without folder; where the annotation file has several of one name, each with its folders. */
  readonly fileName: string;
  /** Its relative path as the annotation file gives it, with slashes; absent where that has no folder or leads away. */
  readonly path?: string;
  readonly width: number;
  readonly height: number;
  /** At most one per class, in class order. */
  readonly structures: readonly Structure[];
}

export interface AnnotationSet {
  readonly classes: readonly string[];
  readonly images: readonly AnnotatedImage[];
}

/** What comes back when masks are written in a format and read again. */
export interface FormatTraits {
  /** A pixel may belong to several classes. */
  readonly overlaps: boolean;
  /** Masks keep every pixel; otherwise they become outlines, and what reads those may differ by a pixel. */
  readonly exact: boolean;
  /** Classes keep their order, also those that no image shows. */
  readonly classList: boolean;
  /** Class names may hold line breaks and begin or end with white space. */
  readonly anyClassName: boolean;
  /** Images keep the endings of their names; otherwise `a.jpg` becomes the name of the mask file, such as `a.png`. */
  readonly fileEndings: boolean;
  /** Names of two images may differ in their endings alone. */
  readonly equalStems: boolean;
  /** What it keeps of what is known about a mask. */
  readonly notes: readonly MaskNote[];
}

/** What a structure may carry beside its mask. */
export type MaskNote = 'score' | 'trust' | 'provenance';

interface FormatIdentity {
  /** As the command line names it. */
  readonly id: string;
  /** As people name it. */
  readonly name: string;
  /** `.json` or `.xml` for a single file, `folder` for many. */
  readonly place: '.json' | '.xml' | 'folder';
  readonly holds: FormatTraits;
}

export interface ReadableFormat extends FormatIdentity {
  /** Whether `path` looks like this format (by its name and a short look inside). */
  matches(path: string): Promise<boolean>;
  read(path: string, options?: ReadAnnotationsOptions): Promise<AnnotationSet>;
}

export interface WritableFormat extends FormatIdentity {
  /** Its files hold the pixels of the images too, or refer to their files: `images` is then needed to write. */
  readonly needsImages?: 'pixels' | 'references';
  /** Its files tell where the pixels of the images lie, mm, if they are given to write. */
  readonly tellsPlaces?: true;
  /**
   * What this set loses beyond `holds`, and what somebody who uses its files should know: full sentences.
   * @throws AnnotationError for what cannot be held.
   */
  check?(set: AnnotationSet): readonly string[];
  /** `set` fits `holds`: see `fitToFormat`. */
  write(path: string, set: AnnotationSet, images?: ImageFinder): Promise<void>;
}

/** One format of annotations: read, written or both. */
export type AnnotationFormat = FormatIdentity & Partial<ReadableFormat> & Partial<WritableFormat>;

/** An image that annotations belong to. */
export interface FoundImage {
  readonly path: string;
  /** Which image of a file with several, counted from 0. */
  readonly frame?: number;
  /** Its pixels, in the frame of the file. @throws ImageError where they cannot be read. */
  read(): Promise<Image>;
}

/** The image that an annotation file calls `fileName`. @throws AnnotationError where there is none. */
export type ImageFinder = (fileName: string) => FoundImage;

export interface ReadAnnotationsOptions {
  /** The class list to use, in this order; a class outside it is an AnnotationError that names the nearest. */
  readonly classes?: readonly string[];
  /** CVAT: the attribute that holds the class, where the label does not. */
  readonly classAttribute?: string;
}
