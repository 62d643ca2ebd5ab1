/**
 * @file A promptable model on B images with K prompts each, as one graph to be trained. It has the layers of the
 * predictor, which decodes one prompt of one image at a time; here prompts of unequal kinds go side by side, so that all
 * have equal shapes: absent tokens are passed over, and so are absent masks where the model knows prompts without one.
 */
import { add, mul, sub } from '../graph/ops/elementwise.ts';
import { matmul } from '../graph/ops/matmul.ts';
import { expand, reshape } from '../graph/ops/reshape.ts';
import { constant, input, type Tensor } from '../graph/tensor.ts';
import type { ParameterSource } from '../nn/parameters.ts';
import { scoped } from '../nn/scope.ts';
import type { SamConfig } from '../sam/config.ts';
import type { EncodedFeatures } from '../sam/image-encoder.ts';
import { decoderImage, maskDecoder } from '../sam/mask-decoder.ts';
import { paintsPrompts } from '../sam/painted-prompt.ts';
import {
  imagePositions,
  kindTable,
  maskOffset,
  maskPrompt,
  noMaskOffset,
  TOKEN_KINDS,
} from '../sam/prompt-encoder.ts';

/** Sizes of a step, which its graph is built for. */
export interface BatchSize {
  readonly images: number;
  /** Prompts of each image. */
  readonly prompts: number;
  /** Tokens of each prompt, absent ones included. */
  readonly tokens: number;
}

/** N prompts, those of an image next to each other. */
export interface PromptInputs {
  /** Encoded positions [N, T, width]. */
  readonly encodings: Tensor;
  /** Kinds of tokens, one-hot [N, T, TOKEN_KINDS]. */
  readonly kinds: Tensor;
  /** [N, T], 0 or, for tokens that are not there, -1e4. */
  readonly absent: Tensor;
  /** Logits [N, 1, 4 gridSize, 4 gridSize]; where the model paints its prompts, these painted (see paintPrompt). */
  readonly masks: Tensor;
  /** [N, 1, 1], 1 or, for prompts without a mask, 0; of models that paint their prompts there are none. */
  readonly shown?: Tensor;
}

/** The prompts' inputs, named as their fields. */
export function promptInputs(config: SamConfig, { images, prompts, tokens }: BatchSize): PromptInputs {
  const count = images * prompts;
  const side = 4 * config.gridSize;
  return {
    encodings: input('encodings', [count, tokens, config.width]),
    kinds: input('kinds', [count, tokens, TOKEN_KINDS]),
    absent: input('absent', [count, tokens]),
    masks: input('masks', [count, 1, side, side]),
    ...(!paintsPrompts(config) && { shown: input('shown', [count, 1, 1]) }),
  };
}

/**
 * All candidates of all prompts: logits [N, maskTokens, 4 gridSize, 4 gridSize] and predicted IoU [N, maskTokens].
 *
 * @param features of the B images, as encodePixels gives them
 * @param frequencies of the position encoding, [2, width / 2]
 */
export function promptedMasks(
  config: SamConfig,
  source: ParameterSource,
  features: EncodedFeatures,
  prompts: PromptInputs,
  frequencies: Float32Array,
): { logits: Tensor; iou: Tensor } {
  const { width, gridSize, maskTokens } = config;
  const { encodings, kinds, absent } = prompts;
  const [count] = encodings.shape as [number];
  const [images] = features.embedding.shape as [number];
  const forPrompts = (x: Tensor): Tensor => repeat(x, count / images);
  const ofPrompts = scoped(source, 'prompt_encoder.');
  const decoder = scoped(source, 'mask_decoder.');

  const tokens = add(encodings, matmul(kinds, kindTable(config, ofPrompts)));
  const positions = constant(imagePositions({ width, frequencies }, gridSize));
  const offset = placeOffset(config, ofPrompts, prompts);
  const image = decoderImage(config, decoder, forPrompts(features.embedding), positions, offset);
  const fine = features.fine && { fine: config.highQuality ? features.fine : forPrompts(features.fine) };
  const candidates = Array.from({ length: maskTokens }, (_, i) => i);
  return maskDecoder(config, decoder, { image, tokens, masks: undefined, absent, ...fine }, candidates);
}

/** What places gain by the prompts' masks, or by that there is none: [N, places, width]. */
function placeOffset(config: SamConfig, source: ParameterSource, { masks, shown }: PromptInputs): Tensor {
  const { factors, basis } = maskPrompt(config, source, masks);
  const ofMask = add(matmul(factors, basis), maskOffset(config, source));
  if (shown === undefined) return ofMask;
  return add(mul(shown, ofMask), mul(sub(1, shown), noMaskOffset(config, source)));
}

/** Each of the B parts of x [B, ...] `times` times: [B * times, ...]. */
function repeat(x: Tensor, times: number): Tensor {
  const [batch, ...rest] = x.shape as [number, ...number[]];
  const apart = expand(reshape(x, [batch, 1, ...rest]), [batch, times, ...rest]);
  return reshape(apart, [batch * times, ...rest]);
}
