/**
 * @file A convolution followed by batch norm (Ioffe and Szegedy 2015) with the statistics it was trained to: for
 * inference only. Such a norm is affine, so it goes into the filter and the bias: (w x - mean) s + beta with
 * s = gamma / sqrt(variance + epsilon) is (s w) x + (beta - s mean). Of constant weights ONNX Runtime computes that
 * once, as it opens the session.
 */
import { conv2d } from '../graph/ops/conv.ts';
import { add, div, mul, sub } from '../graph/ops/elementwise.ts';
import { reshape } from '../graph/ops/reshape.ts';
import { sqrt } from '../graph/ops/unary.ts';
import type { Tensor } from '../graph/tensor.ts';
import type { ParameterSource } from './parameters.ts';

/** PyTorch's default. */
const EPSILON = 1e-5;

export interface ConvNormOptions {
  readonly features: number;
  /** Side of the odd kernel; the image is padded by half of it. */
  readonly kernel: number;
  readonly stride?: number;
  /** One filter per channel: features equals the channels of the input. */
  readonly depthwise?: boolean;
}

/** Maps [N, features, H / stride, W / stride] of x [N, C, H, W], with weights `name`.c and `name`.bn. */
export function convNorm(
  source: ParameterSource,
  name: string,
  x: Tensor,
  { features, kernel, stride = 1, depthwise = false }: ConvNormOptions,
): Tensor {
  const groups = depthwise ? features : 1;
  const channels = x.shape[1]! / groups;
  const weight = source(`${name}.c.weight`, [features, channels, kernel, kernel], {
    uniform: 1 / Math.sqrt(channels * kernel * kernel),
  });
  const gamma = source(`${name}.bn.weight`, [features], { constant: 1 });
  const beta = source(`${name}.bn.bias`, [features], { constant: 0 });
  const mean = source(`${name}.bn.running_mean`, [features], { constant: 0 });
  const variance = source(`${name}.bn.running_var`, [features], { constant: 1 });
  const scale = div(gamma, sqrt(add(variance, EPSILON)));
  return conv2d(x, mul(weight, reshape(scale, [features, 1, 1, 1])), sub(beta, mul(mean, scale)), {
    stride,
    padding: (kernel - 1) / 2,
    groups,
  });
}
