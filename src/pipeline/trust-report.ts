/** @file What a report says about trust, from the files of a run. */
import type { AnnotatedImage } from '../annotations/types.ts';
import type { TrustReport } from '../report/data.ts';
import type { FittedTrust } from '../trust/model.ts';
import type { TrustResult } from './stages/evaluate.ts';

/** Masks in the list of the least trusted ones. */
const LISTED = 12;

/**
 * @param measured on splits with a ground truth
 * @param pool the unlabelled images with their refined masks
 */
export function trustReport(
  { model, pairs, images, heldOut }: FittedTrust,
  measured: readonly TrustResult[],
  pool: readonly AnnotatedImage[],
  classes: readonly string[],
): TrustReport {
  const trusted = pool.flatMap(({ fileName, structures }) =>
    structures.flatMap(({ classIndex, trust }) =>
      trust === undefined ? [] : [{ fileName, className: classes[classIndex]!, trust }],
    ),
  );
  return {
    ...(model.calibrated
      ? {
          calibration: {
            masks: pairs,
            images,
            weights: model.features.map(({ name, weight }) => ({ name, weight })),
          },
        }
      : { reason: model.reason }),
    measured: [...(heldOut === undefined ? [] : [{ split: 'labelled', reliability: heldOut }]), ...measured],
    pool: trusted.map(({ trust }) => trust),
    least: [...trusted].sort((a, b) => a.trust - b.trust).slice(0, LISTED),
  };
}
