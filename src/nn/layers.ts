/**
 * @file Layers with weights. Initial values are PyTorch's: uniform in +-1 / sqrt(fan in), which is what He et al.'s
 * (2015) rule with a = sqrt 5 amounts to.
 */
import { conv2d, convTranspose2d } from '../graph/ops/conv.ts';
import { instanceNorm } from '../graph/ops/norm.ts';
import type { Tensor } from '../graph/tensor.ts';
import type { Initializer, ParameterSource } from './parameters.ts';

export interface ConvLayerOptions {
  readonly features: number;
  readonly kernel: number;
  readonly bias: boolean;
  readonly padding?: number;
  readonly stride?: number | readonly [rows: number, columns: number];
  /** How the weights start; PyTorch's way by default. */
  readonly initializer?: Initializer;
}

/** A convolution with weights `name`.weight [features, C, kernel, kernel] and, with a bias, `name`.bias. */
export function convLayer(
  source: ParameterSource,
  name: string,
  x: Tensor,
  options: ConvLayerOptions,
): Tensor {
  const { features, kernel, bias, padding = 0, stride = 1 } = options;
  const channels = x.shape[1]!;
  const usual = { uniform: 1 / Math.sqrt(channels * kernel * kernel) };
  const weight = source(`${name}.weight`, [features, channels, kernel, kernel], options.initializer ?? usual);
  return conv2d(x, weight, bias ? source(`${name}.bias`, [features], usual) : undefined, {
    padding,
    stride,
  });
}

/** A 2 x 2 transposed convolution of stride 2: twice the resolution. */
export function upConvLayer(source: ParameterSource, name: string, x: Tensor, features: number): Tensor {
  const initializer = { uniform: 1 / Math.sqrt(features * 4) };
  const weight = source(`${name}.weight`, [x.shape[1]!, features, 2, 2], initializer);
  return convTranspose2d(x, weight, source(`${name}.bias`, [features], initializer), { stride: 2 });
}

/** Instance norm with learnt scale and shift, then leaky ReLU. */
export function normLeaky(source: ParameterSource, name: string, x: Tensor, leakySlope: number): Tensor {
  const features = x.shape[1]!;
  const gamma = source(`${name}.weight`, [features], { constant: 1 });
  const beta = source(`${name}.bias`, [features], { constant: 0 });
  return instanceNorm(x, gamma, beta, { epsilon: 1e-5, leakySlope });
}
