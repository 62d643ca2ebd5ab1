/**
 * @file Foal on B images with K prompts each, as one graph to be trained. It has the layers of the predictor, which
 * decodes one prompt of one image at a time; here prompts of unequal kinds go side by side, so that all have equal
 * shapes: absent tokens are passed over.
 */
import { add } from '../graph/ops/elementwise.ts';
import { matmul } from '../graph/ops/matmul.ts';
import { expand, reshape } from '../graph/ops/reshape.ts';
import { constant, input, type Tensor } from '../graph/tensor.ts';
import type { ParameterSource } from '../nn/parameters.ts';
import { scoped } from '../nn/scope.ts';
import type { SamConfig } from '../sam/config.ts';
import { encodePixels } from '../sam/image-encoder.ts';
import { decoderImage, maskDecoder } from '../sam/mask-decoder.ts';
import { imagePositions, kindTable, maskOffset, maskPrompt, TOKEN_KINDS } from '../sam/prompt-encoder.ts';

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
  /** Painted, see paintPrompt: [N, 1, 4 gridSize, 4 gridSize]. */
  readonly masks: Tensor;
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
  };
}

/**
 * All candidates of all prompts: logits [N, maskTokens, 4 gridSize, 4 gridSize] and predicted IoU [N, maskTokens].
 *
 * @param pixels grey images [B, 1, imageSize, imageSize], as the encoder takes them
 * @param frequencies of the position encoding, [2, width / 2]
 */
export function promptedMasks(
  config: SamConfig,
  source: ParameterSource,
  pixels: Tensor,
  prompts: PromptInputs,
  frequencies: Float32Array,
): { logits: Tensor; iou: Tensor } {
  const { width, gridSize, maskTokens } = config;
  const { encodings, kinds, absent, masks } = prompts;
  const [count, ,] = encodings.shape as [number, number, number];
  const [images] = pixels.shape as [number];
  const forPrompts = (x: Tensor): Tensor => repeat(x, count / images);
  const encoder = encodePixels(config, source, pixels);
  const ofPrompts = scoped(source, 'prompt_encoder.');
  const decoder = scoped(source, 'mask_decoder.');

  const tokens = add(encodings, matmul(kinds, kindTable(config, ofPrompts)));
  const { factors, basis } = maskPrompt(config, ofPrompts, masks);
  const offset = add(matmul(factors, basis), maskOffset(config, ofPrompts));
  const positions = constant(imagePositions({ width, frequencies }, gridSize));
  const image = decoderImage(config, decoder, forPrompts(encoder.embedding), positions, offset);
  const fine = encoder.fine && { fine: forPrompts(encoder.fine) };
  const candidates = Array.from({ length: maskTokens }, (_, i) => i);
  return maskDecoder(config, decoder, { image, tokens, masks: undefined, absent, ...fine }, candidates);
}

/** Each of the B parts of x [B, ...] `times` times: [B * times, ...]. */
function repeat(x: Tensor, times: number): Tensor {
  const [batch, ...rest] = x.shape as [number, ...number[]];
  const apart = expand(reshape(x, [batch, 1, ...rest]), [batch, times, ...rest]);
  return reshape(apart, [batch * times, ...rest]);
}
