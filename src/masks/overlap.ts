/**
 * @file How far two masks of one structure cover each other: pixel counts, Dice and IoU.
 *
 * Dice (1945) is 2|A and B| / (|A| + |B|), the Jaccard index (IoU) is |A and B| / |A or B|; each follows from the
 * other, Dice = 2 IoU / (1 + IoU). Run-length encoded masks are compared run by run and never decoded.
 */
import { DatasetError } from '../base/errors.ts';
import type { Size } from '../base/geometry.ts';
import type { Mask } from './mask.ts';
import { type Rle, rleArea } from './rle.ts';

/** Pixel counts of a true and a predicted mask of the same image. */
export interface Overlap {
  /** Pixels set in the ground truth. */
  readonly truth: number;
  /** Pixels set in the prediction. */
  readonly predicted: number;
  /** Pixels set in both. */
  readonly intersection: number;
}

/** Overlap of two dense masks. Throws DatasetError where the sizes differ. */
export function maskOverlap(truth: Mask, predicted: Mask): Overlap {
  requireSameSize(truth, predicted);
  let [inTruth, inPredicted, inBoth] = [0, 0, 0];
  for (let i = 0; i < truth.data.length; i++) {
    const t = truth.data[i]!;
    const p = predicted.data[i]!;
    inTruth += t;
    inPredicted += p;
    inBoth += t & p;
  }
  return { truth: inTruth, predicted: inPredicted, intersection: inBoth };
}

/**
 * Overlap of two run-length encoded masks, in time proportional to their number of runs; undefined stands for an
 * empty mask. Throws DatasetError where the sizes differ.
 */
export function rleOverlap(truth: Rle | undefined, predicted: Rle | undefined): Overlap {
  if (truth !== undefined && predicted !== undefined) requireSameSize(truth, predicted);
  return {
    truth: truth === undefined ? 0 : rleArea(truth),
    predicted: predicted === undefined ? 0 : rleArea(predicted),
    intersection: truth === undefined || predicted === undefined ? 0 : sharedPixels(truth, predicted),
  };
}

/** Walks both lists of runs at once, from one run boundary of either to the next. */
function sharedPixels(a: Rle, b: Rle): number {
  let [runA, runB] = [0, 0];
  let [leftA, leftB] = [a.counts[0] ?? 0, b.counts[0] ?? 0];
  let both = 0;
  while (runA < a.counts.length && runB < b.counts.length) {
    const step = Math.min(leftA, leftB);
    if (runA % 2 === 1 && runB % 2 === 1) both += step;
    leftA -= step;
    leftB -= step;
    if (leftA === 0) leftA = a.counts[++runA] ?? 0;
    if (leftB === 0) leftB = b.counts[++runB] ?? 0;
  }
  return both;
}

/** Dice in [0, 1]; undefined where both masks are empty, because nothing was to be found and nothing was. */
export function dice(overlap: Overlap): number | undefined {
  const sum = overlap.truth + overlap.predicted;
  return sum === 0 ? undefined : (2 * overlap.intersection) / sum;
}

/** Dice of two dense masks; 1 where both are empty, as they then say the same. */
export function maskAgreement(a: Mask, b: Mask): number {
  return dice(maskOverlap(a, b)) ?? 1;
}

/** In how many of some masks of one size each pixel lies, row-major. */
export function countCoverage(masks: readonly Mask[]): Uint16Array {
  const coverage = new Uint16Array(masks[0]?.data.length ?? 0);
  for (const { data } of masks) for (let i = 0; i < data.length; i++) coverage[i]! += data[i]!;
  return coverage;
}

/** IoU (Jaccard index) in [0, 1]; undefined where both masks are empty. */
export function iou(overlap: Overlap): number | undefined {
  const union = overlap.truth + overlap.predicted - overlap.intersection;
  return union === 0 ? undefined : overlap.intersection / union;
}

/** The Dice that belongs to an IoU: 2j / (1 + j). */
export function diceFromIou(value: number): number {
  return (2 * value) / (1 + value);
}

function requireSameSize(truth: Size, predicted: Size): void {
  if (truth.height === predicted.height && truth.width === predicted.width) return;
  throw new DatasetError({
    seen: `The true mask is ${truth.width} x ${truth.height} px, the predicted one ${predicted.width} x ${predicted.height} px`,
    need: 'Masks are compared pixel by pixel and must have the size of their image',
    fix: 'Predict at the resolution of the image, or resample one of the two',
  });
}
