/**
 * @file SAM's image encoder: a vision transformer (or the small TinyViT, or convolutions) and a neck of two
 * convolutions. Computed once per image.
 */
import { conv2d } from '../graph/ops/conv.ts';
import { matmul, swapLast } from '../graph/ops/matmul.ts';
import { reshape, transpose } from '../graph/ops/reshape.ts';
import type { Tensor } from '../graph/tensor.ts';
import { convEncoder } from '../nn/conv-encoder.ts';
import { convLayer } from '../nn/layers.ts';
import { layerNormLayer } from '../nn/linear.ts';
import type { ParameterSource } from '../nn/parameters.ts';
import { scoped } from '../nn/scope.ts';
import { tinyVit } from '../nn/tiny-vit.ts';
import { vit } from '../nn/vit.ts';
import type { SamConfig } from './config.ts';
import { fineFeatures } from './high-quality.ts';
import type { FeatureShapes } from './store.ts';
import { fromRows } from './upscaling.ts';

/** Of the norms in the neck, which are over the features of each place. */
const NECK_EPSILON = 1e-6;

/** What a model keeps of N images; all of it depends on the image alone. */
export interface EncodedFeatures {
  /** [N, width, gridSize, gridSize] */
  readonly embedding: Tensor;
  /** See fineShape. */
  readonly fine?: Tensor;
}

/**
 * The features of pixels [N, 3, imageSize, imageSize] as preprocess.ts makes them; N is 1 but for convolutional
 * encoders, to which grey pixels [N, 1, imageSize, imageSize] may also be given (the mean of the three). The source is that of the whole
 * model: SAM-HQ needs some of the weights of its decoder here.
 */
export function encodePixels(config: SamConfig, source: ParameterSource, pixels: Tensor): EncodedFeatures {
  const { embedding, early } = imageEncoder(config, scoped(source, 'image_encoder.'), pixels);
  if (config.encoder.kind === 'conv') return { embedding, fine: earlyPixels(config, source, early!) };
  if (!config.highQuality) return { embedding };
  return { embedding, fine: fineFeatures(config, scoped(source, 'mask_decoder.'), embedding, early!) };
}

/** The shape of one image's fine features; undefined for a model without them. */
export function fineShape({ encoder, highQuality, width, gridSize }: SamConfig): number[] | undefined {
  const features = width / 8;
  if (encoder.kind === 'conv') return [1, 16 * gridSize * gridSize, features];
  return highQuality ? [1, features, 4 * gridSize, 4 * gridSize] : undefined;
}

/** The shapes of what encodePixels gives for one image. */
export function featureShapes(config: SamConfig): FeatureShapes {
  const { width, gridSize } = config;
  const fine = fineShape(config);
  return { embedding: [1, width, gridSize, gridSize], ...(fine && { fine }) };
}

/** Early maps [N, C, 4 gridSize, 4 gridSize] as what the mask decoder adds to its upscaled pixels. */
function earlyPixels({ width, gridSize }: SamConfig, source: ParameterSource, early: Tensor): Tensor {
  const options = { features: width / 8, kernel: 3, bias: true, padding: 1 };
  return fromRows(convLayer(source, 'image_encoder.early', early, options), gridSize);
}

/** Whether encodePixels asks for a weight; all others are the decoder's. */
export function isEncoderWeight(name: string): boolean {
  return /^(image_encoder|mask_decoder\.(embedding_encoder|compress_vit_feat))\./.test(name);
}

/**
 * The embedding [N, width, gridSize, gridSize] and the early features: tokens [gridSize, gridSize, C] of one image or,
 * of a convolutional encoder, maps [N, C, 4 gridSize, 4 gridSize]. Parameter names are those below `image_encoder.`.
 */
export function imageEncoder(
  config: SamConfig,
  source: ParameterSource,
  pixels: Tensor,
): { embedding: Tensor; early: Tensor | undefined } {
  const { encoder } = config;
  if (encoder.kind === 'conv') {
    const { places, early } = convEncoder(encoder, source, pixels);
    return { embedding: neck(config, source, places), early };
  }
  const { tokens, early } =
    encoder.kind === 'vit' ? vit(encoder, source, pixels) : tinyVit(encoder, source, pixels);
  return { embedding: neck(config, source, reshape(tokens, [1, ...tokens.shape])), early };
}

/** Places [N, gridSize, gridSize, C] to maps [N, width, gridSize, gridSize]. */
function neck({ width, gridSize }: SamConfig, source: ParameterSource, places: Tensor): Tensor {
  const channels = places.shape.at(-1)!;
  const [batch] = places.shape as [number];
  // The first convolution is 1 x 1, a product over the features; norms want the features last.
  const mixing = source('neck.0.weight', [width, channels, 1, 1], { uniform: 1 / Math.sqrt(channels) });
  const flat = reshape(places, [batch * gridSize * gridSize, channels]);
  const mixed = matmul(flat, swapLast(reshape(mixing, [width, channels])));
  const normed = layerNormLayer(
    source,
    'neck.1',
    reshape(mixed, [batch, gridSize, gridSize, width]),
    NECK_EPSILON,
  );
  const smoothing = source('neck.2.weight', [width, width, 3, 3], { uniform: 1 / Math.sqrt(9 * width) });
  const smoothed = conv2d(transpose(normed, [0, 3, 1, 2]), smoothing, undefined, { padding: 1 });
  const last = layerNormLayer(source, 'neck.3', transpose(smoothed, [0, 2, 3, 1]), NECK_EPSILON);
  return transpose(last, [0, 3, 1, 2]);
}
