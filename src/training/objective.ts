/** @file From logits to loss and to probabilities, for both heads. */
import { add, mul } from '../graph/ops/elementwise.ts';
import { slice } from '../graph/ops/join.ts';
import { softmax } from '../graph/ops/matmul.ts';
import { cast, sigmoid } from '../graph/ops/unary.ts';
import { constant, type Tensor } from '../graph/tensor.ts';
import { bceWithLogits, crossEntropy, oneHot, softDiceLoss } from '../optim/losses.ts';
import { float32 } from '../tensor/array.ts';
import type { Head } from './types.ts';

/** Channels a head has for a number of classes: 'exclusive' has one more, the background, first. */
export function headChannels(head: Head, classes: number): number {
  return head === 'exclusive' ? classes + 1 : classes;
}

export type Objective =
  /** Cross entropy plus soft Dice of the classes (and for 'overlapping' summed binary cross entropy plus Dice). */
  | { readonly kind: 'entropy+dice' }
  /** Mean binary cross entropy with a weight per class on the positives: the paper's. */
  | { readonly kind: 'weighted-bce'; readonly positiveWeight: readonly number[] };

/**
 * The loss of logits [N, channels, H, W]. `target` is [N, 1, H, W] with labels for 'exclusive', [N, classes, H, W]
 * with zeros and ones for 'overlapping', float32.
 */
export function objectiveLoss(objective: Objective, head: Head, logits: Tensor, target: Tensor): Tensor {
  const channels = logits.shape[1]!;
  if (objective.kind === 'weighted-bce') {
    return bceWithLogits(logits, target, constant(float32([channels], objective.positiveWeight)));
  }
  if (head === 'exclusive') {
    const p = softmax(logits, 1);
    const y = oneHot(target, channels);
    return add(crossEntropy(p, y), softDiceLoss(foreground(p), foreground(y)));
  }
  // Summed over classes: each pixel weighs as much as under softmax. The mean would make the many empty maps of
  // a class list of 32 outvote the one that is set.
  return add(mul(bceWithLogits(logits, target), channels), softDiceLoss(sigmoid(logits), target));
}

/** All channels but the background. */
export function foreground(x: Tensor): Tensor {
  return slice(x, [0, 1, 0, 0], x.shape);
}

/** Probabilities of the classes [N, classes, H, W], background left out. */
export function classProbabilities(head: Head, logits: Tensor): Tensor {
  return head === 'exclusive' ? foreground(softmax(logits, 1)) : sigmoid(logits);
}

/** A target as the cache holds it (bytes) as float32. */
export const asTarget = (bytes: Tensor): Tensor => cast(bytes, 'float32');
