/**
 * @file The loss of prompted masks, as SAM's (Kirillov et al. 2023, appendix A): focal loss and Dice loss in the ratio
 * of 20 to 1, and the squared error of the predicted IoU. The single mask and the best of the alternatives both count:
 * alternatives may then specialise on what an ambiguous prompt can mean.
 *
 * Targets are shares of covered area, not zeros and ones: a logit then says where within its cell the edge runs, which
 * is what interpolating the logits to the image's size makes use of.
 */
import { customGradient } from '../graph/custom-gradient.ts';
import { add, div, greater, maximum, minimum, mul, sub } from '../graph/ops/elementwise.ts';
import { slice, split } from '../graph/ops/join.ts';
import { mean, sum } from '../graph/ops/reduce.ts';
import { reshape } from '../graph/ops/reshape.ts';
import { cast, log, neg, relu, sigmoid } from '../graph/ops/unary.ts';
import type { Tensor } from '../graph/tensor.ts';
import { meanSquaredError } from '../optim/losses.ts';

/** How much the focal loss counts beside Dice and IoU. */
const FOCAL_WEIGHT = 20;
const PIXELS = { axes: [2, 3] } as const;

export interface PromptLoss {
  readonly loss: Tensor;
  /** Logits of the single masks [N, 1, h, w]. */
  readonly single: Tensor;
  /** Their true IoU at the logits' resolution [N]. */
  readonly overlap: Tensor;
}

/**
 * @param logits [N, M, h, w], the single mask first
 * @param iou predicted [N, M]
 * @param target share of each cell that the object covers, [N, 1, h, w]
 */
export function promptLoss(logits: Tensor, iou: Tensor, target: Tensor): PromptLoss {
  const [count, candidates, height, width] = logits.shape as [number, number, number, number];
  const perMask = add(mul(focalLoss(logits, target), FOCAL_WEIGHT), diceLoss(logits, target));
  const [first, ...others] = split(perMask, new Array<number>(candidates).fill(1), 1) as [
    Tensor,
    ...Tensor[],
  ];
  const best = others.reduce<Tensor | undefined>(
    (least, one) => (least ? minimum(least, one) : one),
    undefined,
  );
  const ofMasks = mean(best ? add(first, best) : first);
  const overlaps = hardIou(logits, target);
  return {
    loss: add(ofMasks, meanSquaredError(iou, overlaps)),
    single: slice(logits, [0, 0, 0, 0], [count, 1, height, width]),
    overlap: reshape(slice(overlaps, [0, 0], [count, 1]), [count]),
  };
}

/**
 * Focal loss (Lin et al. 2017) for targets y in [0, 1]: the mean over pixels of (p - y)^2 times the cross entropy,
 * [N, M] (Li et al. 2020). Its gradient is (p - y) (2 p (1 - p) entropy + (p - y)^2).
 */
function focalLoss(x: Tensor, y: Tensor): Tensor {
  const pixels = x.shape[2]! * x.shape[3]!;
  const p = sigmoid(x);
  const rest = sub(1, p);
  const entropy = add(sub(relu(neg(x)), log(maximum(p, rest))), mul(x, sub(1, y)));
  const error = sub(p, y);
  const squared = mul(error, error);
  return customGradient(mean(mul(squared, entropy), PIXELS), [x], (g) => {
    const slope = mul(error, add(mul(mul(mul(p, rest), 2), entropy), squared));
    return [mul(slope, reshape(mul(g, 1 / pixels), [...g.shape, 1, 1]))];
  });
}

/** 1 - soft Dice of each mask: [N, M]. */
function diceLoss(x: Tensor, y: Tensor): Tensor {
  const p = sigmoid(x);
  const overlap = sum(mul(p, y), PIXELS);
  const total = add(sum(p, PIXELS), sum(y, PIXELS));
  return sub(1, div(add(mul(overlap, 2), 1), add(total, 1)));
}

/** IoU of the masks x > 0 with the cells that are covered by half: [N, M], without a gradient. */
function hardIou(x: Tensor, y: Tensor): Tensor {
  const [predicted, truth] = [cast(greater(x, 0), 'float32'), cast(greater(y, 0.5), 'float32')];
  const both = sum(mul(predicted, truth), PIXELS);
  return div(both, maximum(sum(maximum(predicted, truth), PIXELS), 1));
}
