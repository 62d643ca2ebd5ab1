/** @file Layers over the last axis, as transformers use them. Names and weight shapes are PyTorch's. */

import { add } from '../graph/ops/elementwise.ts';
import { matmul, swapLast } from '../graph/ops/matmul.ts';
import { layerNorm } from '../graph/ops/norm.ts';
import { reshape, transpose } from '../graph/ops/reshape.ts';
import type { Tensor } from '../graph/tensor.ts';
import type { ParameterSource } from './parameters.ts';

/** A layer whose weights have been asked for, to be applied to any number of tensors. */
export type Layer = (x: Tensor) => Tensor;

/** x [..., C] times the transpose of `name`.weight [features, C], plus `name`.bias [features]: [..., features]. */
export function linear(source: ParameterSource, name: string, x: Tensor, features: number): Tensor {
  return linearLayer(source, name, x.shape.at(-1)!, features)(x);
}

/** The same for tensors of `channels` features. */
export function linearLayer(
  source: ParameterSource,
  name: string,
  channels: number,
  features: number,
): Layer {
  const initializer = { uniform: 1 / Math.sqrt(channels) };
  const weight = swapLast(source(`${name}.weight`, [features, channels], initializer));
  const bias = source(`${name}.bias`, [features], initializer);
  return (x) => affine(x, weight, bias);
}

/**
 * x [..., C] times weight [C, D] plus bias [D]: [..., D]. Leading axes are flattened around the product, so that
 * ONNX Runtime adds the bias inside it.
 */
export function affine(x: Tensor, weight: Tensor, bias: Tensor): Tensor {
  const [channels, features] = weight.shape as [number, number];
  const product = add(matmul(reshape(x, [-1, channels]), weight), bias);
  return reshape(product, [...x.shape.slice(0, -1), features]);
}

/** Layer norm of the last axis with `name`.weight and `name`.bias. */
export function layerNormLayer(source: ParameterSource, name: string, x: Tensor, epsilon: number): Tensor {
  const features = x.shape.at(-1)!;
  const gamma = source(`${name}.weight`, [features], { constant: 1 });
  const beta = source(`${name}.bias`, [features], { constant: 0 });
  return layerNorm(x, gamma, beta, epsilon);
}

/** Maps [N, C, H, W] as places [N, H * W, C], row by row, for layers over the features. */
export function placesOf(maps: Tensor): Tensor {
  const [batch, features, height, width] = maps.shape as [number, number, number, number];
  return transpose(reshape(maps, [batch, features, height * width]), [0, 2, 1]);
}
