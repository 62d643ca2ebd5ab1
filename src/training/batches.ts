/** @file Batches: which samples a step sees, and their arrays. */
import type { Rng } from '../base/rng.ts';
import type { Feeds } from '../runtime/session.ts';
import { float32 } from '../tensor/array.ts';
import { headChannels } from './objective.ts';
import type { CachedSample } from './sample-cache.ts';
import type { NetworkPlan } from './types.ts';

/** Channels of a target: one label map, or a mask per class. */
export function targetChannels({ head, classes }: NetworkPlan): number {
  return head === 'exclusive' ? 1 : headChannels(head, classes.length);
}

/** `count` samples drawn with replacement. */
export function drawSamples(rng: Rng, samples: readonly CachedSample[], count: number): CachedSample[] {
  return Array.from({ length: count }, () => samples[rng.below(samples.length)]!);
}

/** image [N, 1, H, W] float32 in [0, 1] and target [N, T, H, W] bytes. */
export function batchFeeds(samples: readonly CachedSample[], plan: NetworkPlan): Feeds {
  const { height, width } = plan.inputSize;
  const pixels = height * width;
  const channels = targetChannels(plan);
  const image = new Float32Array(samples.length * pixels);
  const target = new Uint8Array(samples.length * channels * pixels);
  samples.forEach((sample, i) => {
    image.set(sample.image, i * pixels);
    target.set(sample.target, i * channels * pixels);
  });
  return {
    image: float32([samples.length, 1, height, width], image),
    target: { dtype: 'uint8', shape: [samples.length, channels, height, width], data: target },
  };
}
