/** @file The feeds of a training, batch after batch: which images are drawn, and the numbers of their augmentation. */
import { createRng, type Rng } from '../base/rng.ts';
import type { Feeds } from '../runtime/session.ts';
import { float32 } from '../tensor/array.ts';
import { drawAugmentation, makeNoiseBank } from './augment.ts';
import { UNLABELLED } from './batch-loss.ts';
import { batchFeeds, drawSamples, imageFeed } from './batches.ts';
import { consistencyWeight, flipsUnlabelled, unlabelledPerBatch } from './consistency.ts';
import type { ResolvedTraining } from './resolved.ts';
import type { CachedImage, CachedSample } from './sample-cache.ts';
import type { NetworkPlan } from './types.ts';

/** The feeds of one batch after another; `progress` runs from 0 to 1 over the training. */
export type BatchSource = (progress: number) => Feeds;

export interface BatchInput {
  readonly plan: NetworkPlan;
  readonly settings: ResolvedTraining;
  readonly samples: readonly CachedSample[];
  /** Images without labels, for `settings.consistency`. */
  readonly unlabelled: readonly CachedImage[];
  readonly seed: number;
}

/** Batches of whole images, augmented. */
export function batchSource(
  { plan, settings, samples, unlabelled, seed }: BatchInput,
  rng: Rng,
): BatchSource {
  const { batch, augmentation, consistency, mirror } = settings;
  const noise = makeNoiseBank(createRng(seed).child('noise'), batch, plan.inputSize);
  const free = consistency === undefined ? 0 : unlabelledPerBatch(batch);
  return (progress) => {
    const draws = drawSamples(rng, samples, batch - free, mirror !== undefined);
    const flipped = draws.map((draw) => draw.flipped);
    const labelled = {
      ...batchFeeds(draws, plan, mirror),
      ...drawAugmentation(rng, augmentation, flipped, plan.inputSize, noise),
    };
    if (consistency === undefined) return labelled;
    const images = Array.from({ length: free }, () => unlabelled[rng.below(unlabelled.length)]!);
    const mayFlip = flipsUnlabelled(consistency, mirror);
    const turned = images.map(() => mayFlip && rng.uniform() < 0.5);
    return {
      ...labelled,
      [`${UNLABELLED}image`]: imageFeed(images, plan),
      ...(mayFlip && { [`${UNLABELLED}flipped`]: float32([free, 1, 1, 1], turned.map(Number)) }),
      ...drawAugmentation(rng, augmentation, turned, plan.inputSize, noise, UNLABELLED),
      consistencyWeight: float32([], [consistencyWeight(consistency, progress)]),
    };
  };
}
