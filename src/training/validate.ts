/** @file The Dice of a network at its own resolution, quick enough to follow a training. */
import { buildModel } from '../graph/build.ts';
import { input } from '../graph/tensor.ts';
import { splitVector, vectorLength, vectorSource } from '../optim/parameter-vector.ts';
import { type ComputeOptions, openSession } from '../runtime/session.ts';
import type { Float32NdArray } from '../tensor/array.ts';
import { batchFeeds } from './batches.ts';
import { networkLogits, networkSpecs } from './network.ts';
import type { CachedSample } from './sample-cache.ts';
import type { Head, NetworkPlan } from './types.ts';

export interface Validator {
  /** Mean Dice over all (image, present class) pairs, in [0, 1]. */
  dice(parameters: Float32NdArray): Promise<number>;
  close(): Promise<void>;
}

export async function openValidator(
  plan: NetworkPlan,
  samples: readonly CachedSample[],
  compute: ComputeOptions,
): Promise<Validator> {
  const { height, width } = plan.inputSize;
  const specs = networkSpecs(plan);
  const parameters = splitVector(specs, input('parameters', [vectorLength(specs)]));
  const logits = networkLogits(plan, vectorSource(parameters), input('image', [1, 1, height, width]));
  const session = await openSession(buildModel({ logits }), compute);
  return {
    dice: async (vector) => {
      let total = 0;
      let pairs = 0;
      for (const sample of samples) {
        const { image } = batchFeeds([{ sample, flipped: false }], plan);
        const { logits: output } = await session.run({ image: image!, parameters: vector });
        const scores = diceOfPresent(output!.data as Float32Array, sample.target, plan.head, height * width);
        for (const score of scores) total += score;
        pairs += scores.length;
      }
      return pairs === 0 ? 0 : total / pairs;
    },
    close: () => session.close(),
  };
}

/** Dice of each class that the target has. Logits are [channels, pixels]. */
function diceOfPresent(logits: Float32Array, target: Uint8Array, head: Head, pixels: number): number[] {
  const channels = logits.length / pixels;
  const [both, predicted, truth] = [0, 1, 2].map(() => new Float64Array(channels)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  for (let pixel = 0; pixel < pixels; pixel++) {
    if (head === 'exclusive') {
      let best = 0;
      for (let c = 1; c < channels; c++)
        if (logits[c * pixels + pixel]! > logits[best * pixels + pixel]!) best = c;
      const label = target[pixel]!;
      predicted[best]! += 1;
      truth[label]! += 1;
      if (best === label) both[best]! += 1;
    } else {
      for (let c = 0; c < channels; c++) {
        const at = c * pixels + pixel;
        const positive = logits[at]! > 0 ? 1 : 0;
        predicted[c]! += positive;
        truth[c]! += target[at]!;
        both[c]! += positive * target[at]!;
      }
    }
  }
  const scores: number[] = [];
  for (let c = head === 'exclusive' ? 1 : 0; c < channels; c++) {
    if (truth[c]! > 0) scores.push((2 * both[c]!) / (predicted[c]! + truth[c]!));
  }
  return scores;
}
