/**
 * @file What SAM-HQ (Ke et al. 2023) adds to the mask decoder: one more output token, whose mask is taken on pixels
 * that also know the encoder's early, still sharp features. That mask is added to each of SAM's own.
 *
 * The part that depends on the image alone is computed with its embedding: it is kept and stored in place of the
 * early features, which are wider.
 */

import { add } from '../graph/ops/elementwise.ts';
import { matmul, swapLast } from '../graph/ops/matmul.ts';
import { reshape, transpose } from '../graph/ops/reshape.ts';
import { gelu } from '../graph/ops/unary.ts';
import type { Tensor } from '../graph/tensor.ts';
import { convLayer } from '../nn/layers.ts';
import { layerNormLayer } from '../nn/linear.ts';
import type { ParameterSource } from '../nn/parameters.ts';
import { perceptron } from '../nn/perceptron.ts';
import { scoped } from '../nn/scope.ts';
import type { SamConfig } from './config.ts';
import { toImages, upscale } from './upscaling.ts';

/** Of the norm between the convolutions over the mask's pixels. */
const EPSILON = 1e-6;
/** Layers of the perceptron that makes the filter. */
const FILTER_LAYERS = 3;

/**
 * The fine features [1, width / 8, 4 gridSize, 4 gridSize] of an image, from its embedding [1, width, gridSize,
 * gridSize] and the encoder's early features [gridSize, gridSize, C]. Parameter names are those below
 * `mask_decoder.`.
 */
export function fineFeatures(
  config: SamConfig,
  source: ParameterSource,
  embedding: Tensor,
  early: Tensor,
): Tensor {
  const { width, gridSize } = config;
  const places = gridSize * gridSize;
  const late = transpose(reshape(embedding, [1, width, places]), [0, 2, 1]);
  const fromLate = upscale(source, 'embedding_encoder', late, width / 4, width / 8);
  const fromEarly = upscale(
    source,
    'compress_vit_feat',
    reshape(early, [1, places, early.shape.at(-1)!]),
    width,
    width / 8,
  );
  return toImages(swapLast(add(fromLate, fromEarly)), gridSize);
}

/**
 * The mask logits [N, 1, 4 gridSize, 4 gridSize] that are added to SAM's. Parameter names are those below
 * `mask_decoder.`.
 *
 * @param token [N, 1, width], what the transformer made of the additional token
 * @param pixels [N, places * 16, width / 8], the upscaled image features, as SAM's own filters see them
 * @param fine [1, width / 8, 4 gridSize, 4 gridSize]
 */
export function fineMask(
  config: SamConfig,
  source: ParameterSource,
  token: Tensor,
  pixels: Tensor,
  fine: Tensor,
): Tensor {
  const { width, gridSize } = config;
  const [batch, count, features] = pixels.shape as [number, number, number];
  const convolve = (name: string, x: Tensor, to: number): Tensor =>
    convLayer(source, name, x, { features: to, kernel: 3, bias: true, padding: 1 });
  const widened = convolve('embedding_maskfeature.0', toImages(swapLast(pixels), gridSize), width / 4);
  const normed = layerNormLayer(source, 'embedding_maskfeature.1', transpose(widened, [0, 2, 3, 1]), EPSILON);
  const seen = convolve('embedding_maskfeature.3', transpose(gelu(normed), [0, 3, 1, 2]), features);
  const filter = perceptron(scoped(source, 'hf_mlp.'), token, FILTER_LAYERS, width, features);
  const logits = matmul(filter, reshape(add(seen, fine), [batch, features, count]));
  return reshape(logits, [batch, 1, 4 * gridSize, 4 * gridSize]);
}
