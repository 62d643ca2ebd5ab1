/**
 * @file Fourfold resolution by two transposed convolutions, 2 x 2 of stride 2: each pixel becomes four by a product.
 * The pixels stay in the order [place, first quarter, second quarter] until they are needed as an image.
 */
import { concat } from '../graph/ops/join.ts';
import { reshape, transpose } from '../graph/ops/reshape.ts';
import { gelu } from '../graph/ops/unary.ts';
import type { Tensor } from '../graph/tensor.ts';
import { affine, layerNormLayer } from '../nn/linear.ts';
import type { ParameterSource } from '../nn/parameters.ts';

/** Of the norm between the two layers. */
const EPSILON = 1e-6;

/**
 * Places [N, P, C] to pixels [N, P * 16, features], with a norm and GELU after the first layer, of `middle` features.
 * Parameters are `name`.0, `name`.1 (the norm) and `name`.3.
 */
export function upscale(
  source: ParameterSource,
  name: string,
  places: Tensor,
  middle: number,
  features: number,
): Tensor {
  const [batch, count] = places.shape as [number, number, number];
  const first = quadruple(source, `${name}.0`, places, middle);
  const normed = layerNormLayer(source, `${name}.1`, reshape(first, [batch, count * 4, middle]), EPSILON);
  const second = quadruple(source, `${name}.3`, gelu(normed), features);
  return reshape(second, [batch, count * 16, features]);
}

/** x [N, P, C] to [N, P, 4 * features], the four pixels of each place in row-major order. */
function quadruple(source: ParameterSource, name: string, x: Tensor, features: number): Tensor {
  const channels = x.shape.at(-1)!;
  const weight = source(`${name}.weight`, [channels, features, 2, 2], { uniform: 1 / Math.sqrt(channels) });
  const bias = source(`${name}.bias`, [features], { constant: 0 });
  const matrix = reshape(transpose(weight, [0, 2, 3, 1]), [channels, 4 * features]);
  return affine(x, matrix, concat([bias, bias, bias, bias], 0));
}

/** Maps [N, M, place * 16] in the order of `upscale` as images [N, M, 4 gridSize, 4 gridSize]. */
export function toImages(maps: Tensor, gridSize: number): Tensor {
  const [batch, count] = maps.shape as [number, number, number];
  const cut = reshape(maps, [batch, count, gridSize, gridSize, 2, 2, 2, 2]);
  return reshape(transpose(cut, [0, 1, 2, 4, 6, 3, 5, 7]), [batch, count, 4 * gridSize, 4 * gridSize]);
}

/** Pixels [N, place * 16, C] in the order of `upscale`, row by row: [N, 4 gridSize * 4 gridSize, C]. */
export function inRows(pixels: Tensor, gridSize: number): Tensor {
  const [batch, , features] = pixels.shape as [number, number, number];
  const cut = reshape(pixels, [batch, gridSize, gridSize, 2, 2, 2, 2, features]);
  return reshape(transpose(cut, [0, 1, 3, 5, 2, 4, 6, 7]), pixels.shape);
}

/** The inverse of `inRows`, from maps: [N, C, 4 gridSize, 4 gridSize] to pixels [N, place * 16, C]. */
export function fromRows(maps: Tensor, gridSize: number): Tensor {
  const [batch, features] = maps.shape as [number, number];
  const cut = reshape(maps, [batch, features, gridSize, 2, 2, gridSize, 2, 2]);
  const ordered = transpose(cut, [0, 2, 5, 3, 6, 4, 7, 1]);
  return reshape(ordered, [batch, gridSize * gridSize * 16, features]);
}
