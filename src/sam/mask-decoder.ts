/**
 * @file SAM's mask decoder: output tokens and prompt tokens exchange with the image in a two-way transformer; then
 * each mask token, by a small perceptron, becomes a filter over the upscaled image features.
 */
import { add } from '../graph/ops/elementwise.ts';
import { concat, pad, slice } from '../graph/ops/join.ts';
import { matmul, swapLast } from '../graph/ops/matmul.ts';
import { expand, reshape } from '../graph/ops/reshape.ts';
import { gelu } from '../graph/ops/unary.ts';
import type { Tensor } from '../graph/tensor.ts';
import { placesOf } from '../nn/linear.ts';
import type { ParameterSource } from '../nn/parameters.ts';
import { perceptron } from '../nn/perceptron.ts';
import { scoped } from '../nn/scope.ts';
import {
  type PlacePrompt,
  type TwoWayImage,
  twoWayImage,
  twoWayTransformer,
} from '../nn/two-way-transformer.ts';
import type { SamConfig } from './config.ts';
import { fineMask } from './high-quality.ts';
import { mixPlaces } from './place-mixing.ts';
import { toImages, upscale } from './upscaling.ts';

/** Layers of the perceptrons that make the filters. */
const FILTER_LAYERS = 3;

export interface DecoderInputs {
  readonly image: TwoWayImage;
  /** Prompt tokens [N, T, width]; T may be 0. */
  readonly tokens: Tensor;
  /** What mask prompts add to the places, where there are any. */
  readonly masks: PlacePrompt | undefined;
  /**
   * The image's fine features, where the model has them: of SAM-HQ [1, width / 8, 4 gridSize, 4 gridSize], of Foal
   * [N or 1, places * 16, width / 8] in the order of `upscale`.
   */
  readonly fine?: Tensor;
  /** In training, where prompts have unequal numbers of tokens: [N, T], 0 or, for tokens to be passed over, -1e4. */
  readonly absent?: Tensor;
}

/**
 * What all prompts of an image share. Parameter names are those below `mask_decoder.`.
 *
 * @param embedding image embedding [N, width, gridSize, gridSize]; N is 1 but in training
 * @param positions encoded positions of the image places [1, width, gridSize, gridSize]
 * @param offset [1, width], what every place gains whatever the prompt; in training [N, places, width]
 */
export function decoderImage(
  config: SamConfig,
  source: ParameterSource,
  embedding: Tensor,
  positions: Tensor,
  offset: Tensor,
): TwoWayImage {
  return twoWayImage(
    config.transformer,
    scoped(source, 'transformer.'),
    add(placesOf(embedding), offset),
    placesOf(positions),
  );
}

/**
 * The wanted candidates of N prompts: logits [N, wanted, 4 gridSize, 4 gridSize] and predicted IoU [N, wanted];
 * candidate 0 is the single mask. Parameter names are those below `mask_decoder.`.
 *
 * SAM-HQ's mask is added to every candidate. The original adds it to the one that it returns: of several, that of the
 * highest predicted IoU. Foal's fine features are added to the upscaled ones before the last GELU, as in SAM 2 (Ravi
 * et al. 2024): that costs a hundredth of SAM-HQ's convolutions and lets prompt and edges meet in a nonlinearity.
 */
export function maskDecoder(
  config: SamConfig,
  source: ParameterSource,
  inputs: DecoderInputs,
  wanted: readonly number[],
): { logits: Tensor; iou: Tensor } {
  const { width, gridSize, maskTokens, highQuality } = config;
  const { fine, absent } = inputs;
  const [batch] = inputs.tokens.shape as [number];
  const outputTokens = concat(
    [
      source('iou_token.weight', [1, width], { uniform: 1 }),
      source('mask_tokens.weight', [maskTokens, width], { uniform: 1 }),
      ...(highQuality ? [source('hf_token.weight', [1, width], { uniform: 1 })] : []),
    ],
    0,
  );
  const [count] = outputTokens.shape as [number];
  const repeated = expand(reshape(outputTokens, [1, count, width]), [batch, count, width]);
  const { tokens, places } = twoWayTransformer(
    config.transformer,
    scoped(source, 'transformer.'),
    inputs.tokens.shape[1] === 0 ? repeated : concat([repeated, inputs.tokens], 1),
    inputs.image,
    inputs.masks,
    highQuality ? count : 2 + Math.max(...wanted),
    absent && pad(absent, [0, count], [0, 0]),
  );
  const token = (i: number): Tensor => slice(tokens, [0, i, 0], [batch, i + 1, width]);

  const filters = wanted.map((i) =>
    perceptron(
      scoped(source, `output_hypernetworks_mlps.${i}.`),
      token(1 + i),
      FILTER_LAYERS,
      width,
      width / 8,
    ),
  );
  const mixed =
    config.mixing === undefined
      ? places
      : mixPlaces(scoped(source, 'mixing.'), places, config.mixing, gridSize);
  const upscaled = upscale(source, 'output_upscaling', mixed, width / 4, width / 8);
  const pixels = gelu(fine && !highQuality ? add(upscaled, fine) : upscaled);
  const logits = toImages(matmul(concat(filters, 1), swapLast(pixels)), gridSize);
  const iou = perceptron(
    scoped(source, 'iou_prediction_head.'),
    token(0),
    config.iouHead.depth,
    config.iouHead.width,
    maskTokens,
  );
  const wantedIou = concat(
    wanted.map((i) => slice(iou, [0, 0, i], [batch, 1, i + 1])),
    2,
  );
  return {
    logits: highQuality
      ? add(logits, fineMask(config, source, token(1 + maskTokens), pixels, fine!))
      : logits,
    iou: reshape(wantedIou, [batch, wanted.length]),
  };
}
