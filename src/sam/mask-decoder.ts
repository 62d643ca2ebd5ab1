/**
 * @file SAM's mask decoder: output tokens and prompt tokens exchange with the image in a two-way transformer; then
 * each mask token, by a small perceptron, becomes a filter over the upscaled image features.
 */
import { add } from '../graph/ops/elementwise.ts';
import { concat, slice } from '../graph/ops/join.ts';
import { matmul, swapLast } from '../graph/ops/matmul.ts';
import { expand, reshape, transpose } from '../graph/ops/reshape.ts';
import { gelu, relu } from '../graph/ops/unary.ts';
import type { Tensor } from '../graph/tensor.ts';
import { affine, layerNormLayer, linear } from '../nn/linear.ts';
import type { ParameterSource } from '../nn/parameters.ts';
import { scoped } from '../nn/scope.ts';
import { twoWayTransformer } from '../nn/two-way-transformer.ts';
import type { SamConfig } from './config.ts';

/** Of the norm between the two upscaling layers. */
const UPSCALING_EPSILON = 1e-6;
/** Layers of the perceptrons that make the filters. */
const FILTER_LAYERS = 3;

export interface DecoderInputs {
  /** Image embedding [1, width, gridSize, gridSize]. */
  readonly embedding: Tensor;
  /** Encoded positions of the image places, of the same shape. */
  readonly positions: Tensor;
  /** Prompt tokens [N, T, width]; T may be 0. */
  readonly tokens: Tensor;
  /** Embedding of the mask prompts, [N, places, width] or [1, 1, width]. */
  readonly masks: Tensor;
}

/**
 * All candidates of N prompts: logits [N, maskTokens, 4 gridSize, 4 gridSize] and predicted IoU [N, maskTokens];
 * candidate 0 is the single mask. Parameter names are those below `mask_decoder.`.
 */
export function maskDecoder(
  config: SamConfig,
  source: ParameterSource,
  inputs: DecoderInputs,
): { logits: Tensor; iou: Tensor } {
  const { width, gridSize, maskTokens } = config;
  const [batch] = inputs.tokens.shape as [number];
  const asPlaces = (maps: Tensor): Tensor =>
    transpose(reshape(maps, [1, width, gridSize * gridSize]), [0, 2, 1]);
  const outputTokens = concat(
    [
      source('iou_token.weight', [1, width], { uniform: 1 }),
      source('mask_tokens.weight', [maskTokens, width], { uniform: 1 }),
    ],
    0,
  );
  const repeated = expand(reshape(outputTokens, [1, 1 + maskTokens, width]), [batch, 1 + maskTokens, width]);
  const { tokens, places } = twoWayTransformer(
    config.transformer,
    scoped(source, 'transformer.'),
    inputs.tokens.shape[1] === 0 ? repeated : concat([repeated, inputs.tokens], 1),
    add(asPlaces(inputs.embedding), inputs.masks),
    asPlaces(inputs.positions),
  );
  const token = (i: number): Tensor => slice(tokens, [0, i, 0], [batch, i + 1, width]);

  const filters = Array.from({ length: maskTokens }, (_, i) =>
    perceptron(
      scoped(source, `output_hypernetworks_mlps.${i}.`),
      token(1 + i),
      FILTER_LAYERS,
      width,
      width / 8,
    ),
  );
  const logits = matmul(concat(filters, 1), swapLast(upscale(config, source, places)));
  const iou = perceptron(
    scoped(source, 'iou_prediction_head.'),
    token(0),
    config.iouHead.depth,
    config.iouHead.width,
    maskTokens,
  );
  return { logits: unshuffle(logits, gridSize), iou: reshape(iou, [batch, maskTokens]) };
}

/** Linear layers with ReLU between them. */
function perceptron(
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

/**
 * Fourfold resolution by two transposed convolutions, 2 x 2 of stride 2: each pixel becomes four by a product. The
 * pixels stay in the order [place, first quarter, second quarter] until only the masks are left to be sorted.
 *
 * @param places [N, P, width]
 * @returns [N, P * 16, width / 8]
 */
function upscale(config: SamConfig, source: ParameterSource, places: Tensor): Tensor {
  const { width } = config;
  const [batch, count] = places.shape as [number, number, number];
  const first = quadruple(source, 'output_upscaling.0', places, width / 4);
  const normed = layerNormLayer(
    source,
    'output_upscaling.1',
    reshape(first, [batch, count * 4, width / 4]),
    UPSCALING_EPSILON,
  );
  const second = quadruple(source, 'output_upscaling.3', gelu(normed), width / 8);
  return gelu(reshape(second, [batch, count * 16, width / 8]));
}

/** x [N, P, C] to [N, P, 4 * features], the four pixels of each place in row-major order. */
function quadruple(source: ParameterSource, name: string, x: Tensor, features: number): Tensor {
  const channels = x.shape.at(-1)!;
  const weight = source(`${name}.weight`, [channels, features, 2, 2], { uniform: 1 / Math.sqrt(channels) });
  const bias = source(`${name}.bias`, [features], { constant: 0 });
  const matrix = reshape(transpose(weight, [0, 2, 3, 1]), [channels, 4 * features]);
  return affine(x, matrix, concat([bias, bias, bias, bias], 0));
}

/** [N, M, place, 2 x 2, 2 x 2] to the image [N, M, 4 gridSize, 4 gridSize]. */
function unshuffle(logits: Tensor, gridSize: number): Tensor {
  const [batch, masks] = logits.shape as [number, number, number];
  const cut = reshape(logits, [batch, masks, gridSize, gridSize, 2, 2, 2, 2]);
  return reshape(transpose(cut, [0, 1, 2, 4, 6, 3, 5, 7]), [batch, masks, 4 * gridSize, 4 * gridSize]);
}
