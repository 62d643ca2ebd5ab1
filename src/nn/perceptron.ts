/** @file A small perceptron, as SAM's heads use it. */
import { relu } from '../graph/ops/unary.ts';
import type { Tensor } from '../graph/tensor.ts';
import { linear } from './linear.ts';
import type { ParameterSource } from './parameters.ts';

/** Linear layers `layers.0` ... of x [..., C] with ReLU between them: [..., features]. */
export function perceptron(
  source: ParameterSource,
  x: Tensor,
  layers: number,
  hidden: number,
  features: number,
): Tensor {
  let y = x;
  for (let i = 0; i < layers; i++) {
    y =
      i < layers - 1
        ? relu(linear(source, `layers.${i}`, y, hidden))
        : linear(source, `layers.${i}`, y, features);
  }
  return y;
}
