/** @file What the labelled images of a data set are like: the figures from which input size and head are planned. */
import { rleBox } from '../masks/rle.ts';
import { type Case, casesOf, type Dataset } from './types.ts';
import { readCase } from './view.ts';

export interface DatasetStatistics {
  /** Number of labelled images. */
  readonly images: number;
  /** Mean and standard deviation of all pixels, intensities in [0, 1]. */
  readonly mean: number;
  readonly std: number;
  /** Median height and width of the labelled images, px. */
  readonly medianHeight: number;
  readonly medianWidth: number;
  /** Per class, the share of labelled images in which it occurs. */
  readonly classFrequency: readonly number[];
  /** Short side of the bounding boxes of all structures, px; all 0 where there is no structure. */
  readonly objectShortSide: Percentiles;
  /** Pixels in two or more classes divided by pixels in one or more; 0 where there is none. */
  readonly overlapFraction: number;
  /** Pixels in one or more classes divided by all pixels. */
  readonly foregroundFraction: number;
}

export interface Percentiles {
  readonly p5: number;
  readonly p25: number;
  readonly median: number;
  readonly p75: number;
  readonly p95: number;
}

/** Reads the labelled images of a checked data set. @throws the signal's reason when aborted. */
export async function computeStatistics(
  dataset: Dataset,
  options: { readonly signal?: AbortSignal } = {},
): Promise<DatasetStatistics> {
  const labelled = casesOf(dataset, 'labelled');
  let [sum, squares, count] = [0, 0, 0];
  for (const item of labelled) {
    options.signal?.throwIfAborted();
    const image = await readCase(item);
    const scale = 1 / (2 ** image.bits - 1);
    let [own, ownSquares] = [0, 0];
    for (const value of image.data) {
      own += value;
      ownSquares += value * value;
    }
    sum += own * scale;
    squares += ownSquares * scale * scale;
    count += image.data.length;
  }
  const mean = sum / Math.max(count, 1);
  return {
    images: labelled.length,
    mean,
    std: Math.sqrt(Math.max(squares / Math.max(count, 1) - mean * mean, 0)),
    medianHeight: quantile(ascending(labelled.map(({ size }) => size.height)), 0.5),
    medianWidth: quantile(ascending(labelled.map(({ size }) => size.width)), 0.5),
    ...annotationStatistics(labelled, dataset.classes.length),
  };
}

export type AnnotationStatistics = Pick<
  DatasetStatistics,
  'classFrequency' | 'objectShortSide' | 'overlapFraction' | 'foregroundFraction'
>;

/** The part that needs no pixels. */
export function annotationStatistics(cases: readonly Case[], classes: number): AnnotationStatistics {
  const seen = new Array<number>(classes).fill(0);
  const shortSides: number[] = [];
  let [pixels, covered, overlapped] = [0, 0, 0];
  for (const item of cases) {
    for (const { classIndex, rle } of item.structures ?? []) {
      const box = rleBox(rle);
      if (box === undefined) continue;
      seen[classIndex]! += 1;
      shortSides.push(Math.min(box[2] - box[0], box[3] - box[1]) + 1);
    }
    for (const layers of countLayers(item)) {
      if (layers > 0) covered++;
      if (layers > 1) overlapped++;
    }
    pixels += item.size.height * item.size.width;
  }
  const sides = ascending(shortSides);
  return {
    classFrequency: seen.map((images) => images / Math.max(cases.length, 1)),
    objectShortSide: {
      p5: quantile(sides, 0.05),
      p25: quantile(sides, 0.25),
      median: quantile(sides, 0.5),
      p75: quantile(sides, 0.75),
      p95: quantile(sides, 0.95),
    },
    overlapFraction: overlapped / Math.max(covered, 1),
    foregroundFraction: covered / Math.max(pixels, 1),
  };
}

/** Number of structures at each pixel, column by column as the runs are. */
function countLayers({ size, structures }: Case): Uint8Array {
  const layers = new Uint8Array(size.height * size.width);
  for (const { rle } of structures ?? []) {
    let position = 0;
    for (const [run, length] of rle.counts.entries()) {
      if (run % 2 === 1) for (let i = position; i < position + length; i++) layers[i]! += 1;
      position += length;
    }
  }
  return layers;
}

function ascending(values: readonly number[]): number[] {
  return [...values].sort((a, b) => a - b);
}

/** Linear interpolation between sorted values; 0 for none. */
function quantile(sorted: readonly number[], share: number): number {
  if (sorted.length === 0) return 0;
  const at = share * (sorted.length - 1);
  const low = sorted[Math.floor(at)]!;
  return low + (sorted[Math.ceil(at)]! - low) * (at - Math.floor(at));
}
