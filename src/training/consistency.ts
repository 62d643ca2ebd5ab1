/**
 * @file Learning from images without labels by agreement with a teacher: the network is to say about a warped and
 * recoloured image what the moving average of its weights says about the image as it is (mean teacher, Tarvainen and
 * Valpola 2017), be it numbers or labels (self-training.ts). The teacher's answer is warped like the image, so that both speak of the same pixels; no gradient
 * goes through it.
 */
import { div, maximum, mul, sub } from '../graph/ops/elementwise.ts';
import { concat, split } from '../graph/ops/join.ts';
import { softmax } from '../graph/ops/matmul.ts';
import { sum } from '../graph/ops/reduce.ts';
import { sigmoid } from '../graph/ops/unary.ts';
import { constant, type Tensor } from '../graph/tensor.ts';
import { float32 } from '../tensor/array.ts';
import { type Flips, labelLoss, taughtLabels } from './self-training.ts';
import type { Head } from './types.ts';

export interface ConsistencySettings {
  /** What is to be equal. Logits have no bounds, so that the surest pixels weigh most; the reference compares them. */
  readonly compare: 'probabilities' | 'logits' | 'labels';
  /** Weight beside the loss of the labelled images. */
  readonly weight: number;
  /** Share of the training over which the weight rises: a teacher that has learnt nothing teaches nothing. */
  readonly rampUp: number;
}

export const CONSISTENCY: Readonly<Record<'usual' | 'reference' | 'labels', ConsistencySettings>> = {
  usual: { compare: 'probabilities', weight: 10, rampUp: 0.4 },
  /** As in the code of arXiv 2411.12602: logits, at full weight from the first step. */
  reference: { compare: 'logits', weight: 1, rampUp: 0 },
  /** Labels weigh as much as true ones do, once the teacher has learnt something. */
  labels: { compare: 'labels', weight: 1, rampUp: 0.4 },
};

/** Decay of the teacher, as in arXiv 2411.12602. */
export const TEACHER_DECAY = 0.996;

/** Whether images without labels may be flipped: labels change their names then, numbers would have to change places. */
export function flipsUnlabelled(
  { compare }: ConsistencySettings,
  mirror: readonly number[] | undefined,
): boolean {
  return compare === 'labels' && mirror !== undefined;
}

/** Images of a batch without labels. */
export function unlabelledPerBatch(batch: number): number {
  return Math.floor(batch / 2);
}

/** The weight of a step; `progress` runs from 0 to 1. It rises as exp(-5 (1 - t)^2) (Laine and Aila 2017). */
export function consistencyWeight({ weight, rampUp }: ConsistencySettings, progress: number): number {
  if (progress >= rampUp) return weight;
  return weight * Math.exp(-5 * (1 - progress / rampUp) ** 2);
}

/**
 * What the teacher says, to be warped as the image is: numbers with a channel of ones behind them that tells which
 * pixels a warp takes from outside, or labels with weights that do.
 */
export function teachings(settings: ConsistencySettings, head: Head, logits: Tensor, flips?: Flips): Tensor {
  if (settings.compare === 'labels') return taughtLabels(head, logits, flips);
  const [n, , height, width] = logits.shape as [number, number, number, number];
  const inside = constant(float32([n, 1, height, width], new Float32Array(n * height * width).fill(1)));
  return concat([compared(settings, head, logits), inside], 1);
}

/**
 * Squared difference or loss of labels, the first summed over channels as the loss of labelled pixels is, mean over the pixels inside.
 *
 * @param logits of the network, [N, C, H, W]
 * @param taught warped `teachings`, of numbers [N, C + 1, H, W]
 */
export function consistencyLoss(
  settings: ConsistencySettings,
  head: Head,
  logits: Tensor,
  taught: Tensor,
): Tensor {
  if (settings.compare === 'labels') return labelLoss(head, logits, taught);
  const [answer, inside] = split(taught, [logits.shape[1]!, 1], 1) as [Tensor, Tensor];
  const difference = mul(sub(compared(settings, head, logits), answer), inside);
  return div(sum(mul(difference, difference)), maximum(sum(inside), 1));
}

function compared({ compare }: ConsistencySettings, head: Head, logits: Tensor): Tensor {
  if (compare === 'logits') return logits;
  return head === 'exclusive' ? softmax(logits, 1) : sigmoid(logits);
}
