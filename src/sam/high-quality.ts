/**
 * @file What SAM-HQ (Ke et al. 2023) adds to the mask decoder: one more output token, whose mask is taken on pixels
 * that also know the encoder's early, still sharp features. That mask is added to each of SAM's own.
 *
 * The part that depends on the image alone is computed with its embedding: it is kept and stored in place of the
 * early features, which are wider.
 */

import { add } from '../graph/ops/elementwise.ts';
import { pad, slice } from '../graph/ops/join.ts';
import { matmul, swapLast } from '../graph/ops/matmul.ts';
import { reshape, transpose } from '../graph/ops/reshape.ts';
import { gelu } from '../graph/ops/unary.ts';
import type { Tensor } from '../graph/tensor.ts';
import { convLayer } from '../nn/layers.ts';
import { layerNormLayer, placesOf } from '../nn/linear.ts';
import type { ParameterSource } from '../nn/parameters.ts';
import { perceptron } from '../nn/perceptron.ts';
import { scoped } from '../nn/scope.ts';
import type { SamConfig } from './config.ts';
import { inRows, upscale } from './upscaling.ts';

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
  const late = placesOf(embedding);
  const fromLate = upscale(source, 'embedding_encoder', late, width / 4, width / 8);
  const fromEarly = upscale(
    source,
    'compress_vit_feat',
    reshape(early, [1, places, early.shape.at(-1)!]),
    width,
    width / 8,
  );
  const pixels = swapLast(inRows(add(fromLate, fromEarly), gridSize));
  return reshape(pixels, [1, width / 8, 4 * gridSize, 4 * gridSize]);
}

/**
 * The mask logits [N, 1, 4 gridSize, 4 gridSize] that are added to SAM's. Parameter names are those below
 * `mask_decoder.`.
 *
 * The original filters (convolution 2 of (convolution 1 of pixels) + fine) with what a perceptron makes of the token.
 * The filter is applied to convolution 2 itself instead: then that has one output in place of width / 8.
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
  const side = 4 * gridSize;
  const filter = perceptron(scoped(source, 'hf_mlp.'), token, FILTER_LAYERS, width, features);

  const image = reshape(swapLast(inRows(pixels, gridSize)), [batch, features, side, side]);
  const hidden = width / 4;
  const widened = convLayer(source, 'embedding_maskfeature.0', image, {
    features: hidden,
    kernel: 3,
    bias: true,
    padding: 1,
  });
  const channelsLast = transpose(widened, [0, 2, 3, 1]);
  const seen = gelu(layerNormLayer(source, 'embedding_maskfeature.1', channelsLast, EPSILON));

  const initializer = { uniform: 1 / Math.sqrt(9 * hidden) };
  const weight = source('embedding_maskfeature.3.weight', [features, hidden, 3, 3], initializer);
  const bias = source('embedding_maskfeature.3.bias', [features], initializer);
  const taps = transpose(reshape(weight, [features, hidden, 9]), [0, 2, 1]);
  const kernels = reshape(matmul(filter, reshape(taps, [features, 9 * hidden])), [batch, 9, hidden]);
  const perTap = matmul(kernels, swapLast(reshape(seen, [batch, count, hidden])));
  const shift = matmul(filter, reshape(bias, [features, 1]));
  const rest = add(matmul(filter, reshape(fine, [1, features, count])), shift);
  return add(sumTaps(reshape(perTap, [batch, 9, side, side])), reshape(rest, [batch, 1, side, side]));
}

/**
 * A 3 x 3 convolution of which the products are there: result[y, x] is the sum over r and s in 0..2 of
 * tap[3 r + s][y + r - 1, x + s - 1], zero beyond the edge. From taps [N, 9, H, W] to [N, 1, H, W].
 */
function sumTaps(taps: Tensor): Tensor {
  const [batch, count, height, width] = taps.shape as [number, number, number, number];
  const padded = pad(taps, [0, 0, 1, 1], [0, 0, 1, 1]);
  const shifted = Array.from({ length: count }, (_, tap) => {
    const [r, s] = [Math.floor(tap / 3), tap % 3];
    return slice(padded, [0, tap, r, s], [batch, tap + 1, r + height, s + width]);
  });
  return shifted.reduce((total, one) => add(total, one));
}
