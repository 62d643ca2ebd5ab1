/**
 * @file Labels from a teacher for images without labels: the moving average of the weights labels an image as it is,
 * and the network is to say the same of it warped, recoloured and perhaps flipped (weak to strong: FixMatch, Sohn et
 * al. 2020, with the teacher of Tarvainen and Valpola 2017). A pixel weighs by how sure the teacher is of it.
 */
import { add, div, equal, greater, maximum, minimum, mul, sub, where } from '../graph/ops/elementwise.ts';
import { concat, gather, split } from '../graph/ops/join.ts';
import { softmax } from '../graph/ops/matmul.ts';
import { max, sum } from '../graph/ops/reduce.ts';
import { cast, log, neg, sigmoid } from '../graph/ops/unary.ts';
import { constant, type Tensor } from '../graph/tensor.ts';
import { oneHot, softDiceLoss } from '../optim/losses.ts';
import { float32, int64 } from '../tensor/array.ts';
import { foreground } from './objective.ts';
import type { Head } from './types.ts';

/** Probability from which on a pixel weighs at all; at 1 it weighs 1. */
const SURE_FROM = 0.5;

/** Which images will be flipped [N, 1, 1, 1], 1 or 0, and the class that each class then becomes. */
export interface Flips {
  readonly flipped: Tensor;
  readonly mirror: readonly number[];
}

/**
 * Labels and weights in one tensor, to be warped as the image is: for 'exclusive' [N, 2, H, W], the label map and a
 * weight; for 'overlapping' [N, 2 C, H, W], a mask and a weight for each class.
 */
export function taughtLabels(head: Head, logits: Tensor, flips?: Flips): Tensor {
  return head === 'exclusive' ? labelMap(softmax(logits, 1), flips) : labelMasks(sigmoid(logits), flips);
}

function labelMap(p: Tensor, flips: Flips | undefined): Tensor {
  const channels = p.shape[1]!;
  const sure = max(p, { axes: [1], keepAxes: true });
  const codes = constant(
    float32(
      [1, channels, 1, 1],
      Float32Array.from({ length: channels }, (_, i) => i),
    ),
  );
  // Where two classes are equally sure their codes add up; such a pixel weighs next to nothing.
  const codeSum = sum(mul(cast(equal(p, sure), 'float32'), codes), { axes: [1], keepAxes: true });
  const label = minimum(codeSum, channels - 1);
  return concat([flips ? flippedLabel(label, flips) : label, weightOf(sure)], 1);
}

function flippedLabel(label: Tensor, { flipped, mirror }: Flips): Tensor {
  const twins = constant(float32([mirror.length + 1], [0, ...mirror.map((to) => to + 1)]));
  return where(equal(flipped, 1), gather(twins, cast(label, 'int64')), label);
}

function labelMasks(p: Tensor, flips: Flips | undefined): Tensor {
  const named = flips ? flippedMaps(p, flips) : p;
  return concat([cast(greater(named, 0.5), 'float32'), weightOf(maximum(named, sub(1, named)))], 1);
}

function flippedMaps(p: Tensor, { flipped, mirror }: Flips): Tensor {
  // Pairs change places, so a class comes from where it goes.
  const from = constant(int64([mirror.length], mirror));
  return where(equal(flipped, 1), gather(p, from, 1), p);
}

const weightOf = (sure: Tensor): Tensor => mul(maximum(sub(sure, SURE_FROM), 0), 1 / (1 - SURE_FROM));

/**
 * Cross entropy of the weighted pixels, summed over the classes of 'overlapping', and soft Dice over them.
 *
 * @param logits of the network, [N, C, H, W]
 * @param taught warped `taughtLabels`; pixels from outside have the weight 0
 */
export function labelLoss(head: Head, logits: Tensor, taught: Tensor): Tensor {
  const half = taught.shape[1]! / 2;
  const [label, weight] = split(taught, [half, half], 1) as [Tensor, Tensor];
  if (head === 'overlapping') {
    const p = sigmoid(logits);
    const right = add(mul(p, label), mul(sub(1, p), sub(1, label)));
    const pixels = div(sum(weight), half);
    const entropy = neg(div(sum(mul(log(maximum(right, 1e-7)), weight)), maximum(pixels, 1)));
    return add(entropy, softDiceLoss(mul(p, weight), mul(label, weight)));
  }
  const p = softmax(logits, 1);
  const y = oneHot(label, logits.shape[1]!);
  const right = sum(mul(p, y), { axes: [1], keepAxes: true });
  const entropy = neg(div(sum(mul(log(maximum(right, 1e-12)), weight)), maximum(sum(weight), 1)));
  return add(entropy, softDiceLoss(mul(foreground(p), weight), mul(foreground(y), weight)));
}
