/**
 * @file Trust: the Dice that a mask is expected to have, from its evidence.
 *
 * Fitted on masks of labelled images made by networks that had not seen those images. A fractional logistic
 * regression on standardised evidence: shares in [0, 1] enter by their log odds, so that a mask whose every number
 * says .8 need not be bent to come out at .8; deviations enter by size, cut where larger ones say nothing more.
 */
import type { Evidence } from '../refine/evidence.ts';
import { fitLogistic, sigmoid } from './regression.ts';
import { type Judged, type Reliability, reliabilityOf } from './reliability.ts';

/** Evidence of one mask and what it was worth. */
export interface TrustPair {
  /** Name of the image. */
  readonly image: string;
  /** Which fold the image was held out in. */
  readonly fold: number;
  readonly classIndex: number;
  readonly evidence: Evidence;
  /** With the ground truth, [0, 1]; 0 for a structure that it does not show. */
  readonly dice: number;
}

export interface TrustFeature {
  readonly name: keyof Evidence;
  /** Of the transformed evidence over the pairs; a mask that lacks this evidence is taken to stand at the mean. */
  readonly mean: number;
  readonly deviation: number;
  /**
   * The range of the transformed evidence over the pairs. What lies beyond counts as its end: the network of a fold
   * has seen fewer images than the one whose masks are judged, and how the relation goes on there nobody has seen.
   */
  readonly low: number;
  readonly high: number;
  /** Log odds of Dice per deviation. */
  readonly weight: number;
}

export type TrustModel =
  | {
      readonly calibrated: true;
      readonly intercept: number;
      readonly features: readonly TrustFeature[];
    }
  | {
      readonly calibrated: false;
      /** Why there is no calibration, a sentence. */
      readonly reason: string;
    };

export interface FittedTrust {
  readonly model: TrustModel;
  /** Masks and images that it was fitted on. */
  readonly pairs: number;
  readonly images: number;
  /** Of each mask under a model fitted on other folds or images alone; absent where nothing was fitted. */
  readonly heldOut?: Reliability;
}

/** Fewer say too little about the shape of the relation. */
export const FEWEST_PAIRS = 30;
export const FEWEST_IMAGES = 3;
/** Parts of the images that are judged apart where one fold alone was held out. */
const IMAGE_GROUPS = 5;
/** Weight of the ridge, in masks: nothing among a thousand, and a support where there are few. */
const RIDGE = 3;

type Transform = (value: number) => number;

/** Shares beyond these odds are alike. */
const logOdds: Transform = (share) => {
  const inner = Math.min(0.99, Math.max(0.01, share));
  return Math.log(inner / (1 - inner));
};
const size: Transform = (deviation) => Math.min(5, Math.abs(deviation));

/** How each number of the evidence enters, in the order of the model. */
const TRANSFORMS: Readonly<Record<keyof Evidence, Transform>> = {
  confidence: logOdds,
  imageConfidence: logOdds,
  componentShare: logOdds,
  margin: (margin) => logOdds((1 + margin) / 2),
  agreement: logOdds,
  stability: logOdds,
  thresholdStability: logOdds,
  candidateAgreement: logOdds,
  predictedIou: logOdds,
  overlap: logOdds,
  frequency: logOdds,
  areaDeviation: size,
  placeDeviation: size,
  rivalry: logOdds,
};
const NAMES = Object.keys(TRANSFORMS) as (keyof Evidence)[];

/** Fits trust and says how it does on folds it was not fitted on. Without enough pairs the model is uncalibrated. */
export function fitTrust(pairs: readonly TrustPair[]): FittedTrust {
  const images = new Set(pairs.map(({ image }) => image)).size;
  const counts = { pairs: pairs.length, images };
  if (pairs.length < FEWEST_PAIRS || images < FEWEST_IMAGES) {
    const reason = `there are ${pairs.length} masks of ${images} labelled images to calibrate on, and it takes ${FEWEST_PAIRS} masks of ${FEWEST_IMAGES} images`;
    return { model: { calibrated: false, reason }, ...counts };
  }
  return { model: fitModel(pairs), ...counts, heldOut: reliabilityOf(judgeApart(pairs)) };
}

/**
 * Expected Dice, [0, 1], with four decimals. Without calibration the product of the network's confidence, the share
 * of the kept component, and the lower one of agreement and stability: each alone bounds what can be believed.
 */
export function trustOf(model: TrustModel, evidence: Evidence): number {
  return Math.round(1e4 * (model.calibrated ? expectedDice(model, evidence) : plainTrust(evidence))) / 1e4;
}

function plainTrust({ confidence, componentShare = 1, agreement, stability = 1 }: Evidence): number {
  return confidence * componentShare * Math.min(agreement, stability);
}

function expectedDice(model: TrustModel & { calibrated: true }, evidence: Evidence): number {
  const odds = model.features.reduce(
    (sum, feature) => sum + feature.weight * standardised(feature, evidence),
    model.intercept,
  );
  return sigmoid(odds);
}

function standardised(
  { name, mean, deviation, low, high }: Omit<TrustFeature, 'weight'>,
  evidence: Evidence,
): number {
  const value = evidence[name];
  if (value === undefined) return 0;
  return (Math.min(high, Math.max(low, TRANSFORMS[name](value))) - mean) / deviation;
}

function fitModel(pairs: readonly TrustPair[]): TrustModel & { calibrated: true } {
  const features = NAMES.flatMap((name) => {
    const values = pairs.flatMap(({ evidence }) => {
      const value = evidence[name];
      return value === undefined ? [] : [TRANSFORMS[name](value)];
    });
    const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(values.length, 1);
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(values.length, 1);
    // A number that never changes, or is never there, says nothing.
    if (variance < 1e-12) return [];
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return [{ name, mean, deviation: Math.sqrt(variance), low, high }];
  });
  const rows = pairs.map(({ evidence }) => features.map((feature) => standardised(feature, evidence)));
  const fit = fitLogistic(
    rows,
    pairs.map(({ dice }) => dice),
    RIDGE,
  );
  return {
    calibrated: true,
    intercept: fit.intercept,
    features: features.map((feature, i) => ({ ...feature, weight: fit.weights[i]! })),
  };
}

/** Each pair under a model of the other folds; where there is one fold alone, of its other images. */
function judgeApart(pairs: readonly TrustPair[]): Judged[] {
  const folds = new Set(pairs.map(({ fold }) => fold));
  const images = [...new Set(pairs.map(({ image }) => image))].sort();
  const groupOf = ({ fold, image }: TrustPair): number =>
    folds.size > 1 ? fold : images.indexOf(image) % IMAGE_GROUPS;
  return [...new Set(pairs.map(groupOf))].flatMap((group) => {
    const model = fitModel(pairs.filter((pair) => groupOf(pair) !== group));
    return pairs
      .filter((pair) => groupOf(pair) === group)
      .map(({ evidence, dice }) => ({ trust: trustOf(model, evidence), dice }));
  });
}
