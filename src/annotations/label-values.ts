/**
 * @file One number a pixel, as label maps of all files have it, to structures and back. What a number stands for is
 * the format's: a class, or in nnU-Net's regions several.
 */
import { AnnotationError } from '../base/errors.ts';
import type { Size } from '../base/geometry.ts';
import { decodeRle, type Rle } from '../masks/rle.ts';
import type { Values } from '../volumes/values.ts';
import type { AnnotatedImage } from './types.ts';

/** Numbers from 0 (background) on, row-major, of any stored type. */
export interface LabelValues extends Size {
  readonly data: ArrayLike<number>;
}

/** The slices of a volume: columns and rows are its first two axes, all others count slices. */
export function slicesOf([width = 1, height = 1]: readonly number[], data: Values): LabelValues[] {
  const count = width * height;
  return Array.from({ length: data.length / count }, (_, i) => ({
    width,
    height,
    data: data.subarray(i * count, (i + 1) * count),
  }));
}

/** What one file of labels holds. */
export interface LabelFile {
  /** At least one; a volume has several. */
  readonly slices: readonly LabelValues[];
  /** What its numbers mean, where the file tells it. */
  readonly names?: ReadonlyMap<number, string>;
}

/** The pixels of each number that occurs, numbers in order, without the background. */
export interface ValueMask {
  readonly value: number;
  readonly rle: Rle;
}

/**
 * One walk down the columns, in the order of run-length codes, however many numbers there are.
 * @throws AnnotationError for a number for which `known` does not hold; `path` and `need` are for the error.
 */
export function masksOfValues(
  { width, height, data }: LabelValues,
  path: string,
  known: (value: number) => boolean,
  need: string,
): ValueMask[] {
  /** Of each number: where its runs begin and end, by turns. */
  const bounds = new Map<number, number[]>();
  for (let x = 0; x < width; x++) {
    for (let y = 0; y < height; ) {
      const value = data[y * width + x]!;
      const start = y++;
      while (y < height && data[y * width + x] === value) y++;
      if (value === 0) continue;
      const ends = bounds.get(value);
      const from = x * height + start;
      if (ends === undefined) {
        if (!known(value)) throw unknownValue(value, need, `${path} at (${x}, ${start})`);
        bounds.set(value, [from, x * height + y]);
      } else if (ends.at(-1) === from) ends[ends.length - 1] = x * height + y;
      else ends.push(from, x * height + y);
    }
  }
  return [...bounds]
    .sort(([a], [b]) => a - b)
    .map(([value, ends]) => ({ value, rle: rleFromBounds(ends, { width, height }) }));
}

/** The runs that begin and end, by turns, at these column-major places. */
function rleFromBounds(ends: readonly number[], { width, height }: Size): Rle {
  const whole = width * height;
  const closed = ends.at(-1) === whole ? ends : [...ends, whole];
  const counts = Uint32Array.from(closed, (end, i) => end - (i === 0 ? 0 : closed[i - 1]!));
  return { width, height, counts };
}

function unknownValue(value: number, need: string, where: string): AnnotationError {
  return new AnnotationError({
    seen: `${where} has the value ${value}`,
    need,
    fix: 'Complete the class list, set pixels to be ignored to 0, or check that the file is a label map and not a picture',
  });
}

/** Room for so many labels, of 8 bits where the classes allow it, else of 16. */
export function labelArray(count: number, classCount: number): Uint8Array | Uint16Array {
  return classCount > 255 ? new Uint16Array(count) : new Uint8Array(count);
}

/**
 * The label map of an image in which the k-th class is k, of 8 bits where `classCount` allows it, else of 16.
 * @throws AnnotationError where two classes overlap: a caller that can do something about it looks before.
 */
export function labelsOf(
  image: AnnotatedImage,
  classCount: number,
): Size & { readonly data: Uint8Array | Uint16Array } {
  const { width, height, fileName } = image;
  const data = labelArray(width * height, classCount);
  for (const { classIndex, rle } of image.structures) {
    const mask = decodeRle(rle).data;
    for (let i = 0; i < mask.length; i++) {
      if (mask[i] === 0) continue;
      if (data[i] !== 0) {
        throw new AnnotationError({
          seen: `Structures of ${fileName} overlap`,
          need: 'A label map holds one class a pixel',
          fix: 'Write COCO JSON or per-class PNGs, which keep overlaps',
        });
      }
      data[i] = classIndex + 1;
    }
  }
  return { width, height, data };
}
