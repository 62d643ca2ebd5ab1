/**
 * @file Distances between the outlines of two masks: HD95 and ASSD, exact by the Euclidean distance transform.
 *
 * The outline of a mask is its set pixels with an unset pixel, or the edge of the image, above, below, left or
 * right of them. From every outline pixel of one mask the distance to the nearest outline pixel of the other is
 * taken, both ways. HD95 is the larger of the two 95th percentiles (Huttenlocher et al. 1993, the percentile in
 * place of the maximum), ASSD the mean over all distances of both ways (Heimann et al. 2009).
 */
import { DatasetError } from '../base/errors.ts';
import type { BoxXyxy } from '../base/geometry.ts';
import { cropMask } from '../masks/crop.ts';
import { squaredDistanceTo } from '../masks/distance.ts';
import { emptyMask, type Mask, maskBox } from '../masks/mask.ts';
import { quantile } from './bootstrap.ts';

export interface SurfaceDistances {
  /** 95th percentile of the Hausdorff distance. */
  readonly hd95: number;
  /** Average symmetric surface distance. */
  readonly assd: number;
}

/**
 * Distances in px, or in the unit of `spacing` ([row, col] distance of pixel centres, such as mm). Undefined where
 * one of the masks is empty. Throws DatasetError where the sizes differ.
 */
export function surfaceDistances(
  truth: Mask,
  predicted: Mask,
  spacing: readonly [row: number, col: number] = [1, 1],
): SurfaceDistances | undefined {
  if (truth.height !== predicted.height || truth.width !== predicted.width) {
    throw new DatasetError({
      seen: `The true mask is ${truth.width} x ${truth.height} px, the predicted one ${predicted.width} x ${predicted.height} px`,
      need: 'Outlines are compared in the pixels of one image',
      fix: 'Predict at the resolution of the image',
    });
  }
  const [boxA, boxB] = [maskBox(truth), maskBox(predicted)];
  if (boxA === undefined || boxB === undefined) return undefined;
  // No shortest way between the outlines leaves the box around both, so nothing outside it matters.
  const box: BoxXyxy = [
    Math.min(boxA[0], boxB[0]),
    Math.min(boxA[1], boxB[1]),
    Math.max(boxA[2], boxB[2]),
    Math.max(boxA[3], boxB[3]),
  ];
  // Pixels on the border of the box are outline pixels either way: it is tight around both masks, so what lies
  // beyond it is unset.
  const [outlineA, outlineB] = [outline(cropMask(truth, box)), outline(cropMask(predicted, box))];
  const there = distancesFrom(outlineA, outlineB, spacing);
  const back = distancesFrom(outlineB, outlineA, spacing);
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  return {
    hd95: Math.max(quantile(there, 0.95), quantile(back, 0.95)),
    assd: (sum(there) + sum(back)) / (there.length + back.length),
  };
}

/** Distance from every set pixel of `from` to the nearest set pixel of `to`. */
function distancesFrom(from: Mask, to: Mask, spacing: readonly [number, number]): number[] {
  const squared = squaredDistanceTo(to, { spacing });
  const distances: number[] = [];
  for (let i = 0; i < from.data.length; i++) {
    if (from.data[i] === 1) distances.push(Math.sqrt(squared[i]!));
  }
  return distances;
}

/** Pixels of the mask with an unset 4-neighbour; outside the mask counts as unset. */
function outline(mask: Mask): Mask {
  const { height, width, data } = mask;
  const edge = emptyMask(mask);
  const at = (y: number, x: number): number =>
    y < 0 || x < 0 || y >= height || x >= width ? 0 : data[y * width + x]!;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (at(y, x) === 0) continue;
      const enclosed = at(y - 1, x) + at(y + 1, x) + at(y, x - 1) + at(y, x + 1) === 4;
      if (!enclosed) edge.data[y * width + x] = 1;
    }
  }
  return edge;
}
