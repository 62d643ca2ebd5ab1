/**
 * @file nnU-Net's loss: cross entropy and soft Dice of the classes over the batch, at every resolution of the decoder but
 * the lowest, each weighing half of the next finer one (deep supervision). For classes that overlap, which nnU-Net
 * refuses unless they are nested, each has a sigmoid of its own, as its region-based training has.
 */
import { add, mul } from '../graph/ops/elementwise.ts';
import { softmax } from '../graph/ops/matmul.ts';
import { resizeNearest } from '../graph/ops/resize.ts';
import { sigmoid } from '../graph/ops/unary.ts';
import type { Tensor } from '../graph/tensor.ts';
import { bceWithLogits, crossEntropy, oneHot, softDiceLoss } from '../optim/losses.ts';
import { foreground } from '../training/objective.ts';
import type { Head } from '../training/types.ts';

/** Added to both sides of the fraction of Dice. */
const SMOOTHING = 1e-5;

/** Resolutions that are supervised, of a network with so many stages. */
export const supervised = (stages: number): number => Math.max(1, stages - 2);

/** Weights 1, 1/2, 1/4, ... that add up to 1. */
export function supervisionWeights(count: number): number[] {
  const total = 2 - 2 ** (1 - count);
  return Array.from({ length: count }, (_, i) => 2 ** -i / total);
}

/**
 * @param logits [N, channels, h, w] at each supervised resolution, the finest first
 * @param target [N, T, H, W] at the finest, as rasterTarget makes it, float32
 */
export function deepLoss(head: Head, logits: readonly Tensor[], target: Tensor): Tensor {
  const weights = supervisionWeights(logits.length);
  return logits
    .map((own, i) => {
      const [, , height, width] = own.shape as [number, number, number, number];
      const labels = i === 0 ? target : resizeNearest(target, height, width);
      return mul(dicePlusEntropy(head, own, labels), weights[i]!);
    })
    .reduce(add);
}

function dicePlusEntropy(head: Head, logits: Tensor, target: Tensor): Tensor {
  if (head === 'overlapping') {
    return add(bceWithLogits(logits, target), softDiceLoss(sigmoid(logits), target, SMOOTHING));
  }
  const p = softmax(logits, 1);
  const y = oneHot(target, logits.shape[1]!);
  return add(crossEntropy(p, y), softDiceLoss(foreground(p), foreground(y), SMOOTHING));
}
