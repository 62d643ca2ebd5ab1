/**
 * @file SAM's prompt encoder: points and boxes become a few tokens, a mask becomes an embedding per image place.
 *
 * Positions are encoded by random Fourier features (Tancik et al. 2020). Tokens are a few sines and a table, so they
 * are computed here rather than in a graph; the mask embedding is part of the decoder's graph.
 */
import type { BoxXyxy, PointXy } from '../base/geometry.ts';
import { concat } from '../graph/ops/join.ts';
import { swapLast } from '../graph/ops/matmul.ts';
import { reshape, transpose } from '../graph/ops/reshape.ts';
import { gelu } from '../graph/ops/unary.ts';
import type { Tensor } from '../graph/tensor.ts';
import { affine, layerNormLayer } from '../nn/linear.ts';
import type { ParameterSource, Weights } from '../nn/parameters.ts';
import type { PlacePrompt } from '../nn/two-way-transformer.ts';
import { type Float32NdArray, float32 } from '../tensor/array.ts';
import type { SamConfig } from './config.ts';
import type { PromptPoint } from './promptable.ts';

/** Of the norms between the convolutions that shrink a mask. */
const MASK_EPSILON = 1e-6;

/** The tokens of points and boxes: row `kind` of `kinds` is added to a position's encoding. */
export interface PointTokens {
  readonly width: number;
  /** [2, width / 2]: frequencies in x, then in y. */
  readonly frequencies: Float32Array;
  /** Outside, inside, upper left corner, lower right corner: [width] each. */
  readonly kinds: readonly Float32Array[];
  /** Stands for no point: [width]. */
  readonly nothing: Float32Array;
}

const FREQUENCIES = 'pe_layer.positional_encoding_gaussian_matrix';
const KINDS = [0, 1, 2, 3].map((kind) => `point_embeddings.${kind}.weight`);
const NOTHING = 'not_a_point_embed.weight';
const [OUTSIDE, INSIDE, UPPER_LEFT, LOWER_RIGHT, NO_POINT] = [0, 1, 2, 3, 4] as const;
/** Kinds of tokens, of which the last stands for no point and has no position. */
export const TOKEN_KINDS = 5;

/** The frequencies' name in a whole model; they are drawn once and never trained. */
export const FREQUENCIES_NAME = `prompt_encoder.${FREQUENCIES}`;

/** Asks for the parameters of points and boxes, below `prompt_encoder.`, so that they are listed with the others. */
export function listPointParameters(config: SamConfig, source: ParameterSource): void {
  source(FREQUENCIES, [2, config.width / 2], { uniform: 1 });
  kindTable(config, source);
}

/** What each kind of token adds to a position's encoding: [TOKEN_KINDS, width]. */
export function kindTable(config: SamConfig, source: ParameterSource): Tensor {
  const rows = [...KINDS, NOTHING].map((name) => source(name, [1, config.width], { uniform: 1 }));
  return concat(rows, 0);
}

/** The same from all weights of a model. */
export function pointTokens(config: SamConfig, weights: Weights): PointTokens {
  const data = (name: string): Float32Array => weights.get(`prompt_encoder.${name}`)!.data;
  return {
    width: config.width,
    frequencies: data(FREQUENCIES),
    kinds: KINDS.map(data),
    nothing: data(NOTHING),
  };
}

/** What positions are encoded with. */
export type PositionCode = Pick<PointTokens, 'width' | 'frequencies'>;

/** Encodes a position given in [0, 1] of the encoder's input into out[0 .. width): sines, then cosines. */
function encodePosition({ width, frequencies }: PositionCode, x: number, y: number, out: Float32Array): void {
  const half = width / 2;
  for (let i = 0; i < half; i++) {
    const phase = 2 * Math.PI * ((2 * x - 1) * frequencies[i]! + (2 * y - 1) * frequencies[half + i]!);
    out[i] = Math.sin(phase);
    out[half + i] = Math.cos(phase);
  }
}

/** The encoded positions of the image places' centres: [1, width, gridSize, gridSize]. */
export function imagePositions(tokens: PositionCode, gridSize: number): Float32NdArray {
  const { width } = tokens;
  const places = gridSize * gridSize;
  const data = new Float32Array(width * places);
  const encoded = new Float32Array(width);
  for (let place = 0; place < places; place++) {
    const x = ((place % gridSize) + 0.5) / gridSize;
    const y = (Math.floor(place / gridSize) + 0.5) / gridSize;
    encodePosition(tokens, x, y, encoded);
    for (let feature = 0; feature < width; feature++) data[feature * places + place] = encoded[feature]!;
  }
  return float32([1, width, gridSize, gridSize], data);
}

/** A token before it is encoded. */
export interface TokenPlace {
  /** In px of the encoder's input, pixel centres at whole numbers; a token that stands for no point has none. */
  readonly xy?: PointXy;
  /** A row of kindTable. */
  readonly kind: number;
}

/** The points, then one token that stands for no point if there are points but no box, then the box's two corners. */
export function tokenPlaces(points: readonly PromptPoint[], box: BoxXyxy | undefined): TokenPlace[] {
  return [
    ...points.map(({ xy, positive }) => ({ xy, kind: positive ? INSIDE : OUTSIDE })),
    ...(points.length > 0 && box === undefined ? [{ kind: NO_POINT }] : []),
    ...(box === undefined
      ? []
      : [
          { xy: [box[0], box[1]] as const, kind: UPPER_LEFT },
          { xy: [box[2], box[3]] as const, kind: LOWER_RIGHT },
        ]),
  ];
}

/** The encodings [T, width] of tokens' positions: zeros where a token has none. */
export function encodePlaces(
  code: PositionCode,
  imageSize: number,
  places: readonly TokenPlace[],
): Float32NdArray {
  const { width } = code;
  const data = new Float32Array(places.length * width);
  places.forEach(({ xy }, i) => {
    const row = data.subarray(i * width, (i + 1) * width);
    if (xy) encodePosition(code, (xy[0] + 0.5) / imageSize, (xy[1] + 0.5) / imageSize, row);
  });
  return float32([places.length, width], data);
}

/** The tokens [T, width] of points and a box in px of the encoder's input, see tokenPlaces. */
export function promptTokens(
  tokens: PointTokens,
  imageSize: number,
  points: readonly PromptPoint[],
  box: BoxXyxy | undefined,
): Float32NdArray {
  const places = tokenPlaces(points, box);
  const encoded = encodePlaces(tokens, imageSize, places);
  places.forEach(({ kind }, i) => {
    const offset = kind === NO_POINT ? tokens.nothing : tokens.kinds[kind]!;
    for (let k = 0; k < tokens.width; k++) encoded.data[i * tokens.width + k]! += offset[k]!;
  });
  return encoded;
}

/** What every place gains where no mask is given: [1, width]. Parameter names are those below `prompt_encoder.`. */
export function noMaskOffset(config: SamConfig, source: ParameterSource): Tensor {
  return source('no_mask_embed.weight', [1, config.width], { uniform: 1 });
}

/**
 * What places gain by mask logits [N, 1, 4 gridSize, 4 gridSize]: factors times basis (maskOffset comes on top). Parameter names are those below `prompt_encoder.`.
 *
 * The biases do not start at 0: the norm of what is 0 wherever a mask is would have a gradient of 1 / epsilon.
 *
 * Both convolutions have non-overlapping 2 x 2 kernels, so they are products over the pixels of each place; the
 * last, 1 x 1, is left to be merged with what comes after it.
 */
export function maskPrompt(config: SamConfig, source: ParameterSource, masks: Tensor): PlacePrompt {
  const { gridSize } = config;
  const [first, second] = config.maskChannels;
  const [batch] = masks.shape as [number];
  const places = gridSize * gridSize;
  // [N, place, quarter of the place, pixel of the quarter]
  const cut = reshape(masks, [batch, gridSize, 2, 2, gridSize, 2, 2]);
  const pixels = reshape(transpose(cut, [0, 1, 4, 2, 5, 3, 6]), [batch, places * 4, 4]);

  const weight1 = source('mask_downscaling.0.weight', [first, 1, 2, 2], { uniform: 0.5 });
  const bias1 = source('mask_downscaling.0.bias', [first], { uniform: 0.5 });
  const quarters = affine(pixels, swapLast(reshape(weight1, [first, 4])), bias1);
  const activated1 = gelu(layerNormLayer(source, 'mask_downscaling.1', quarters, MASK_EPSILON));

  const weight2 = source('mask_downscaling.3.weight', [second, first, 2, 2], { uniform: 0.5 });
  const bias2 = source('mask_downscaling.3.bias', [second], { uniform: 0.5 });
  const matrix2 = swapLast(reshape(transpose(weight2, [0, 2, 3, 1]), [second, 4 * first]));
  const merged = affine(reshape(activated1, [batch, places, 4 * first]), matrix2, bias2);
  const activated2 = gelu(layerNormLayer(source, 'mask_downscaling.4', merged, MASK_EPSILON));

  return { factors: activated2, basis: swapLast(maskMixing(config, source).weight) };
}

/** The offset [1, width] that goes with maskPrompt. */
export function maskOffset(config: SamConfig, source: ParameterSource): Tensor {
  return reshape(maskMixing(config, source).bias, [1, config.width]);
}

/** The 1 x 1 convolution behind the other two: weight [width, channels] and bias [width]. */
function maskMixing(
  { width, maskChannels }: SamConfig,
  source: ParameterSource,
): { weight: Tensor; bias: Tensor } {
  const channels = maskChannels[1];
  const initializer = { uniform: 1 / Math.sqrt(channels) };
  return {
    weight: reshape(source('mask_downscaling.6.weight', [width, channels, 1, 1], initializer), [
      width,
      channels,
    ]),
    bias: source('mask_downscaling.6.bias', [width], initializer),
  };
}
