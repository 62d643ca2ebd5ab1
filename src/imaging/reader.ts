/** @file What a kind of image file needs to be read: one object per format, and one contract test for all. */
import { ImageError } from '../base/errors.ts';
import type { Size } from '../base/geometry.ts';
import type { VolumeGrid } from '../volumes/affine.ts';
import type { Image } from './image.ts';
import type { IntensityWindow } from './window.ts';

export type ImageFileFormat = 'png' | 'jpeg' | 'tiff' | 'dicom' | 'nifti' | 'metaimage' | 'nrrd';

/** What the head of an image file says. Height and width in px, after EXIF orientation. */
export interface ImageHeader extends Size {
  readonly format: ImageFileFormat;
  /** Of the grey image that it becomes. */
  readonly bits: 8 | 16;
  /** Channels in the file: 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha. */
  readonly channels: number;
  /** Images in the file, all of one size. */
  readonly frames: number;
  /** As of an image. */
  readonly spacingMm?: Image['spacingMm'];
  /** Of a volume, of which the images are the slices. */
  readonly volume?: VolumeGrid;
  /** What names this picture among all in the world. It leads to a patient: to be hashed, never to be written. */
  readonly identity?: string;
  /** Which side of the body it shows, where the file tells it. */
  readonly side?: Side;
}

export type Side = 'left' | 'right';

export interface ReadImageOptions {
  /** Largest number of pixels to decode. Default MAX_PIXELS (100 million). */
  readonly maxPixels?: number;
  /** Which image of a file with several, counted from 0. Default 0. */
  readonly frame?: number;
  /**
   * Which values are black and which white, in the file's own units (DICOM: after the modality's rescaling). Default:
   * what the file says, which for PNG, JPEG and TIFF is that 0 is black and the largest possible value white.
   */
  readonly window?: IntensityWindow;
  /** Told, as a sentence that names the file, of a file that could be decoded but may be damaged. */
  readonly onDoubt?: (doubt: string) => void;
}

export interface ImageReader {
  readonly format: ImageFileFormat;
  /** Endings of file names, lower case. */
  readonly extensions: readonly string[];
  /** Whether a file that begins with these bytes (at least 132, or all it has) is of this format. */
  recognises(start: Uint8Array): boolean;
  /** Where a file may have its pixels in another one: the file at `path` with them in it. @throws ImageError as decode. */
  gather?(bytes: Uint8Array, path: string): Promise<Uint8Array>;
  /** Without decoding pixels. @throws ImageError as decode. */
  header(path: string, options: ReadImageOptions): Promise<ImageHeader>;
  /** `bytes` are recognised; `name` is the file's name, for errors. @throws ImageError for whatever is wrong. */
  decode(bytes: Uint8Array, name: string, options: ReadImageOptions): Promise<Image>;
}

/** @throws ImageError unless a file of so many images has the one that is asked for. */
export function requireFrame(frame: number, frames: number, name: string): void {
  if (frame < frames) return;
  throw new ImageError({
    seen: `${name} has ${frames} ${frames === 1 ? 'image' : 'images'}, and number ${frame + 1} is asked for`,
    need: 'The number of an image that the file has, counted from 1',
    fix: 'Choose another one',
  });
}
