/** @file Batches: which samples a step sees, and their arrays. */
import type { Rng } from '../base/rng.ts';
import type { Feeds } from '../runtime/session.ts';
import { type Float32NdArray, float32 } from '../tensor/array.ts';
import { headChannels } from './objective.ts';
import type { CachedImage, CachedSample } from './sample-cache.ts';
import type { Head, NetworkPlan } from './types.ts';

/** Channels of a target: one label map, or a mask per class. */
export function targetChannels({ head, classes }: NetworkPlan): number {
  return head === 'exclusive' ? 1 : headChannels(head, classes.length);
}

/** `count` samples drawn with replacement, half of them flipped where flipping is allowed. */
export function drawSamples(
  rng: Rng,
  samples: readonly CachedSample[],
  count: number,
  mayFlip: boolean,
): Draw[] {
  return Array.from({ length: count }, () => ({
    sample: samples[rng.below(samples.length)]!,
    flipped: mayFlip && rng.uniform() < 0.5,
  }));
}

/** A sample, to be flipped left to right or not. Flipping renames classes here; the warp moves the pixels. */
export interface Draw {
  readonly sample: CachedSample;
  readonly flipped: boolean;
}

/**
 * image [N, 1, H, W] float32 in [0, 1] and target [N, T, H, W] bytes.
 * @param mirror The class that each class becomes in a flipped image.
 */
export function batchFeeds(draws: readonly Draw[], plan: NetworkPlan, mirror: readonly number[] = []): Feeds {
  const { height, width } = plan.inputSize;
  const pixels = height * width;
  const channels = targetChannels(plan);
  const target = new Uint8Array(draws.length * channels * pixels);
  draws.forEach(({ sample, flipped }, i) => {
    target.set(
      flipped ? mirroredTarget(sample.target, plan.head, pixels, mirror) : sample.target,
      i * channels * pixels,
    );
  });
  return {
    image: imageFeed(
      draws.map(({ sample }) => sample),
      plan,
    ),
    target: { dtype: 'uint8', shape: [draws.length, channels, height, width], data: target },
  };
}

/** Images as [N, 1, H, W]. */
export function imageFeed(images: readonly CachedImage[], { inputSize }: NetworkPlan): Float32NdArray {
  const { height, width } = inputSize;
  const data = new Float32Array(images.length * height * width);
  images.forEach(({ image }, i) => {
    data.set(image, i * height * width);
  });
  return float32([images.length, 1, height, width], data);
}

/** A target [T, pixels] with the classes of the flipped image; its pixels stay where they are. */
export function mirroredTarget(
  target: Uint8Array,
  head: Head,
  pixels: number,
  mirror: readonly number[],
): Uint8Array {
  if (head === 'exclusive') return target.map((label) => (label === 0 ? 0 : mirror[label - 1]! + 1));
  const out = new Uint8Array(target.length);
  mirror.forEach((to, from) => {
    out.set(target.subarray(from * pixels, (from + 1) * pixels), to * pixels);
  });
  return out;
}
