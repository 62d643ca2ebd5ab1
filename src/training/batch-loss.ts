/** @file The loss of one batch as a graph: of labelled images, and where wanted of images without labels. */
import { add, mul } from '../graph/ops/elementwise.ts';
import { concat, split } from '../graph/ops/join.ts';
import { input, type Tensor } from '../graph/tensor.ts';
import { augment, augmentationInputs } from './augment.ts';
import { targetChannels } from './batches.ts';
import { consistencyLoss, flipsUnlabelled, teachings, unlabelledPerBatch } from './consistency.ts';
import { networkLogits } from './network.ts';
import { asTarget, type Objective, objectiveLoss } from './objective.ts';
import type { ResolvedTraining } from './resolved.ts';
import type { LossBuilder } from './step.ts';
import type { NetworkPlan } from './types.ts';

/** Names of the inputs for images without labels begin like this. */
export const UNLABELLED = 'unlabelled.';

/**
 * Inputs: image [L, 1, H, W] and target [L, T, H, W] of the labelled images, the numbers of their augmentation; with
 * `settings.consistency` the same without a target under the prefix UNLABELLED, consistencyWeight [], and where these may
 * be flipped which ones are, [F, 1, 1, 1].
 */
export function batchLoss(plan: NetworkPlan, settings: ResolvedTraining, objective: Objective): LossBuilder {
  const { inputSize, head } = plan;
  const { height, width } = inputSize;
  const { batch, consistency } = settings;
  const images = (name: string, count: number): Tensor => input(name, [count, 1, height, width]);
  return (source, average) => {
    const free = consistency === undefined ? 0 : unlabelledPerBatch(batch);
    const labelled = batch - free;
    const target = asTarget(input('target', [labelled, targetChannels(plan), height, width], 'uint8'));
    const own = augment(images('image', labelled), target, augmentationInputs(labelled, inputSize));
    if (consistency === undefined) {
      const logits = networkLogits(plan, source, own.image);
      return { loss: objectiveLoss(objective, head, logits, own.target) };
    }
    const image = images(`${UNLABELLED}image`, free);
    const { mirror } = settings;
    const flips = flipsUnlabelled(consistency, mirror) && {
      flipped: input(`${UNLABELLED}flipped`, [free, 1, 1, 1]),
      mirror: mirror!,
    };
    const answers = networkLogits(plan, average, image);
    const taught = teachings(consistency, head, answers, flips || undefined);
    const others = augment(image, taught, augmentationInputs(free, inputSize, UNLABELLED));
    // One pass for both, which is quicker than two of half the size.
    const logits = networkLogits(plan, source, concat([own.image, others.image], 0));
    const [ofOwn, ofOthers] = split(logits, [labelled, free], 0) as [Tensor, Tensor];
    const disagreement = consistencyLoss(consistency, head, ofOthers, others.target);
    return {
      loss: add(
        objectiveLoss(objective, head, ofOwn, own.target),
        mul(input('consistencyWeight', []), disagreement),
      ),
      outputs: { disagreement },
    };
  };
}
