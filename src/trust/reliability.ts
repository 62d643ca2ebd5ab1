/**
 * @file How far trust can be trusted: predicted against true Dice in bins, the expected calibration error (Naeini et
 * al. 2015, for a mean instead of a probability), and the rank correlation.
 */
import { meanOf } from '../base/mean.ts';
import { spearman } from './rank.ts';

/** A mask whose true Dice is known. */
export interface Judged {
  /** [0, 1]. */
  readonly trust: number;
  /** [0, 1]; 0 for a structure that the ground truth does not show. */
  readonly dice: number;
}

export interface ReliabilityBin {
  /** Trust from low (inclusive) to high (exclusive; the last bin holds 1). */
  readonly low: number;
  readonly high: number;
  readonly count: number;
  readonly meanTrust: number;
  readonly meanDice: number;
}

export interface Reliability {
  readonly masks: number;
  /** Of trust and true Dice; null where it cannot be told. */
  readonly spearman: number | null;
  /** Mean distance of mean trust and mean Dice over the bins, weighted by their masks, [0, 1]; null without masks. */
  readonly calibrationError: number | null;
  readonly meanTrust: number | null;
  readonly meanDice: number | null;
  /** Without the empty ones, ascending. */
  readonly bins: readonly ReliabilityBin[];
}

/** Equal bins of trust. */
const BINS = 10;

export function reliabilityOf(judged: readonly Judged[]): Reliability {
  const masks = judged.length;
  const bins = Array.from({ length: BINS }, (_, bin) => {
    const inside = judged.filter(({ trust }) => Math.min(BINS - 1, Math.floor(trust * BINS)) === bin);
    return {
      low: bin / BINS,
      high: (bin + 1) / BINS,
      count: inside.length,
      meanTrust: meanOf(inside.map(({ trust }) => trust)) ?? 0,
      meanDice: meanOf(inside.map(({ dice }) => dice)) ?? 0,
    };
  }).filter(({ count }) => count > 0);
  const distance = bins.reduce(
    (sum, { count, meanTrust, meanDice }) => sum + count * Math.abs(meanTrust - meanDice),
    0,
  );
  return {
    masks,
    spearman: spearman(
      judged.map(({ trust }) => trust),
      judged.map(({ dice }) => dice),
    ),
    calibrationError: masks === 0 ? null : distance / masks,
    meanTrust: meanOf(judged.map(({ trust }) => trust)) ?? null,
    meanDice: meanOf(judged.map(({ dice }) => dice)) ?? null,
    bins,
  };
}
