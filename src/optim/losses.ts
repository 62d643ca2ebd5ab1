/** @file Losses on logits, with gradient rules where writing them out saves passes over the pixels. */
import { customGradient } from '../graph/custom-gradient.ts';
import { add, div, equal, maximum, mul, sub } from '../graph/ops/elementwise.ts';
import { mean, sum } from '../graph/ops/reduce.ts';
import { reshape } from '../graph/ops/reshape.ts';
import { cast, log, neg, relu, sigmoid } from '../graph/ops/unary.ts';
import { constant, type Tensor } from '../graph/tensor.ts';
import { elementCount } from '../tensor/array.ts';

/**
 * Mean binary cross entropy of logits x [N, C, H, W] with targets y in [0, 1] of the same shape:
 * -(w y log s(x) + (1 - y) log(1 - s(x))), where w [C] weighs the positives of each class (1 by default).
 * The gradient of an element is ((1 - y + w y) s(x) - w y) / count; targets and weights have theirs too.
 */
export function bceWithLogits(x: Tensor, y: Tensor, positiveWeight?: Tensor): Tensor {
  const count = elementCount(x.shape);
  const w = positiveWeight && reshape(positiveWeight, [1, x.shape[1]!, 1, 1]);
  const p = sigmoid(x);
  // log(1 + exp(-x)) = relu(-x) - log max(p, 1 - p): the logarithm sees values in [0.5, 1] only.
  const softplusOfMinus = sub(relu(neg(x)), log(maximum(p, sub(1, p))));
  const weighted = w ? mul(softplusOfMinus, add(mul(y, sub(w, 1)), 1)) : softplusOfMinus;
  const loss = mean(add(weighted, mul(x, sub(1, y))));
  return customGradient(
    loss,
    [x, y, ...(positiveWeight ? [positiveWeight] : [])],
    (g, [ofX, ofY, ofWeight]) => {
      const share = mul(g, 1 / count);
      const residual = w ? sub(mul(p, add(mul(y, sub(w, 1)), 1)), mul(y, w)) : sub(p, y);
      const slope = w ? sub(mul(softplusOfMinus, sub(w, 1)), x) : neg(x);
      return [
        ofX ? mul(residual, share) : undefined,
        ofY ? mul(slope, share) : undefined,
        ofWeight ? mul(sum(mul(softplusOfMinus, y), { axes: [0, 2, 3] }), share) : undefined,
      ];
    },
  );
}

/**
 * 1 - mean soft Dice over classes (Milletari et al. 2016; sums over the batch and all pixels):
 * Dice_c = (2 sum p y + s) / (sum p + sum y + s), for probabilities p and targets y [N, C, H, W].
 */
export function softDiceLoss(p: Tensor, y: Tensor, smoothing = 1): Tensor {
  const perClass = { axes: [0, 2, 3] } as const;
  const overlap = sum(mul(p, y), perClass);
  const total = add(sum(p, perClass), sum(y, perClass));
  return sub(1, mean(div(add(mul(overlap, 2), smoothing), add(total, smoothing))));
}

/** One channel per class from a label map [N, 1, H, W] (float32 whole numbers, 0 is background): [N, classes, H, W]. */
export function oneHot(labels: Tensor, classes: number): Tensor {
  const codes = constant({
    dtype: 'float32',
    shape: [1, classes, 1, 1],
    data: Float32Array.from({ length: classes }, (_, i) => i),
  });
  return cast(equal(labels, codes), 'float32');
}

/** Mean cross entropy of logits' softmax p over channels with one-hot targets y, both [N, C, H, W]. */
export function crossEntropy(p: Tensor, y: Tensor): Tensor {
  const ofTruth = sum(mul(p, y), { axes: [1] });
  return neg(mean(log(maximum(ofTruth, 1e-12))));
}

/** Mean squared difference. */
export function meanSquaredError(a: Tensor, b: Tensor): Tensor {
  const difference = sub(a, b);
  return mean(mul(difference, difference));
}
