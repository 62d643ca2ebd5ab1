/**
 * @file SAM's image encoder: a vision transformer (or the small TinyViT) and a neck of two convolutions. Computed once
 * per image.
 */
import { conv2d } from '../graph/ops/conv.ts';
import { matmul, swapLast } from '../graph/ops/matmul.ts';
import { reshape, transpose } from '../graph/ops/reshape.ts';
import type { Tensor } from '../graph/tensor.ts';
import { layerNormLayer } from '../nn/linear.ts';
import type { ParameterSource } from '../nn/parameters.ts';
import { scoped } from '../nn/scope.ts';
import { tinyVit } from '../nn/tiny-vit.ts';
import { vit } from '../nn/vit.ts';
import type { SamConfig } from './config.ts';
import { fineFeatures } from './high-quality.ts';

/** Of the norms in the neck, which are over the features of each place. */
const NECK_EPSILON = 1e-6;

/** What a model keeps of an image; all of it depends on the image alone. */
interface EncodedFeatures {
  /** [1, width, gridSize, gridSize] */
  readonly embedding: Tensor;
  /** SAM-HQ only: [1, width / 8, 4 gridSize, 4 gridSize]. */
  readonly fine?: Tensor;
}

/**
 * The features of pixels [1, 3, imageSize, imageSize] as preprocess.ts makes them. The source is that of the whole
 * model: SAM-HQ needs some of the weights of its decoder here.
 */
export function encodePixels(config: SamConfig, source: ParameterSource, pixels: Tensor): EncodedFeatures {
  const { embedding, early } = imageEncoder(config, scoped(source, 'image_encoder.'), pixels);
  if (!config.highQuality) return { embedding };
  return { embedding, fine: fineFeatures(config, scoped(source, 'mask_decoder.'), embedding, early!) };
}

/** Whether encodePixels asks for a weight; all others are the decoder's. */
export function isEncoderWeight(name: string): boolean {
  return /^(image_encoder|mask_decoder\.(embedding_encoder|compress_vit_feat))\./.test(name);
}

/**
 * The embedding and, for SAM-HQ, the early features [gridSize, gridSize, C]. Parameter names are those below
 * `image_encoder.`.
 */
export function imageEncoder(
  config: SamConfig,
  source: ParameterSource,
  pixels: Tensor,
): { embedding: Tensor; early: Tensor | undefined } {
  const { encoder } = config;
  const { tokens, early } =
    encoder.kind === 'vit' ? vit(encoder, source, pixels) : tinyVit(encoder, source, pixels);
  return { embedding: neck(config, source, tokens), early };
}

/** Tokens [gridSize, gridSize, C] to maps [1, width, gridSize, gridSize]. */
function neck({ width, gridSize }: SamConfig, source: ParameterSource, tokens: Tensor): Tensor {
  const channels = tokens.shape.at(-1)!;
  // The first convolution is 1 x 1, a product over the features; norms want the features last.
  const mixing = source('neck.0.weight', [width, channels, 1, 1], { uniform: 1 / Math.sqrt(channels) });
  const flat = reshape(tokens, [gridSize * gridSize, channels]);
  const mixed = matmul(flat, swapLast(reshape(mixing, [width, channels])));
  const first = layerNormLayer(source, 'neck.1', reshape(mixed, [gridSize, gridSize, width]), NECK_EPSILON);
  const smoothing = source('neck.2.weight', [width, width, 3, 3], { uniform: 1 / Math.sqrt(9 * width) });
  const maps = reshape(transpose(first, [2, 0, 1]), [1, width, gridSize, gridSize]);
  const smoothed = conv2d(maps, smoothing, undefined, { padding: 1 });
  const last = layerNormLayer(source, 'neck.3', transpose(smoothed, [0, 2, 3, 1]), NECK_EPSILON);
  return transpose(last, [0, 3, 1, 2]);
}
