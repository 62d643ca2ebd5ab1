/** @file SAM's image encoder: a vision transformer and a neck of two convolutions. Computed once per image. */
import { conv2d } from '../graph/ops/conv.ts';
import { matmul, swapLast } from '../graph/ops/matmul.ts';
import { reshape, transpose } from '../graph/ops/reshape.ts';
import type { Tensor } from '../graph/tensor.ts';
import { layerNormLayer } from '../nn/linear.ts';
import type { ParameterSource } from '../nn/parameters.ts';
import { vit } from '../nn/vit.ts';
import type { SamConfig } from './config.ts';

/** Of the norms in the neck, which are over the features of each place. */
const NECK_EPSILON = 1e-6;

/**
 * The embedding [1, width, gridSize, gridSize] of pixels [1, 3, imageSize, imageSize] as preprocess.ts makes them.
 * Parameter names are those below `image_encoder.`.
 */
export function imageEncoder(config: SamConfig, source: ParameterSource, pixels: Tensor): Tensor {
  const { width, gridSize } = config;
  const tokens = vit(config.encoder, source, pixels);
  const places = [gridSize, gridSize, width];
  // The first convolution is 1 x 1, a product over the features; norms want the features last.
  const mixing = source('neck.0.weight', [width, config.encoder.width, 1, 1], {
    uniform: 1 / Math.sqrt(config.encoder.width),
  });
  const flat = reshape(tokens, [gridSize * gridSize, config.encoder.width]);
  const mixed = matmul(flat, swapLast(reshape(mixing, [width, config.encoder.width])));
  const first = layerNormLayer(source, 'neck.1', reshape(mixed, places), NECK_EPSILON);
  const smoothing = source('neck.2.weight', [width, width, 3, 3], { uniform: 1 / Math.sqrt(9 * width) });
  const maps = reshape(transpose(first, [2, 0, 1]), [1, width, gridSize, gridSize]);
  const smoothed = conv2d(maps, smoothing, undefined, { padding: 1 });
  const last = layerNormLayer(source, 'neck.3', transpose(smoothed, [0, 2, 3, 1]), NECK_EPSILON);
  return transpose(last, [0, 3, 1, 2]);
}
