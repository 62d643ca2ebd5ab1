/**
 * @file The vision transformer (Dosovitskiy et al. 2021) in the form of ViTDet (Li et al. 2022): absolute position
 * embeddings, pre-norm blocks, attention in windows except for a few global blocks, relative positions in each.
 */
import { conv2d } from '../graph/ops/conv.ts';
import { add } from '../graph/ops/elementwise.ts';
import { pad, slice } from '../graph/ops/join.ts';
import { reshape, transpose } from '../graph/ops/reshape.ts';
import { gelu } from '../graph/ops/unary.ts';
import type { Tensor } from '../graph/tensor.ts';
import { gridAttention } from './attention.ts';
import { layerNormLayer, linear } from './linear.ts';
import type { ParameterSource } from './parameters.ts';

export interface VitConfig {
  /** Side of a square patch in px. */
  readonly patchSize: number;
  /** Features of a token. */
  readonly width: number;
  readonly heads: number;
  /** Hidden features of each block's two-layer perceptron. */
  readonly mlpWidth: number;
  /** Per block the side of its attention windows in tokens; 0 for attention among all tokens. */
  readonly windows: readonly number[];
  readonly relativePositions: boolean;
  readonly layerNormEpsilon: number;
}

/** Standard deviation of position embeddings at the start, as a uniform bound. */
const POSITION_BOUND = 0.02;

/** Tokens [H / patch, W / patch, width] of pixels [1, 3, H, W]; H and W are multiples of the patch size. */
export function vit(config: VitConfig, source: ParameterSource, pixels: Tensor): Tensor {
  const { patchSize, width } = config;
  const weight = source('patch_embed.proj.weight', [width, pixels.shape[1]!, patchSize, patchSize], {
    uniform: 1 / Math.sqrt(pixels.shape[1]! * patchSize * patchSize),
  });
  const bias = source('patch_embed.proj.bias', [width], { constant: 0 });
  const patches = conv2d(pixels, weight, bias, { stride: patchSize });
  const [, , rows, columns] = patches.shape as [number, number, number, number];
  const positions = source('pos_embed', [1, rows, columns, width], { uniform: POSITION_BOUND });
  let x = add(
    reshape(transpose(patches, [0, 2, 3, 1]), [rows, columns, width]),
    reshape(positions, [rows, columns, width]),
  );
  config.windows.forEach((window, i) => {
    const block: ParameterSource = (name, shape, initializer) =>
      source(`blocks.${i}.${name}`, shape, initializer);
    x = vitBlock(config, window, block, x);
  });
  return x;
}

/** One block over tokens [H, W, width]. */
function vitBlock(config: VitConfig, window: number, source: ParameterSource, x: Tensor): Tensor {
  const normed = layerNormLayer(source, 'norm1', x, config.layerNormEpsilon);
  const attended = add(x, windowedAttention(config, window, source, normed));
  const hidden = linear(
    source,
    'mlp.lin1',
    layerNormLayer(source, 'norm2', attended, config.layerNormEpsilon),
    config.mlpWidth,
  );
  return add(attended, linear(source, 'mlp.lin2', gelu(hidden), config.width));
}

/**
 * Self-attention within windows of `window` x `window` tokens. The grid is padded with zero tokens right and below
 * to whole windows; those take part as keys, as in the original, and are cut off again.
 */
function windowedAttention(config: VitConfig, window: number, source: ParameterSource, x: Tensor): Tensor {
  const { width, heads, relativePositions } = config;
  const [rows, columns] = x.shape as [number, number, number];
  const [height, side] = window === 0 ? [rows, columns] : [window, window];
  const [down, across] = [Math.ceil(rows / height), Math.ceil(columns / side)];
  const d = width / heads;

  const padded = pad(x, [0, 0, 0], [down * height - rows, across * side - columns, 0]);
  const qkv = reshape(linear(source, 'attn.qkv', padded, 3 * width), [
    down,
    height,
    across,
    side,
    3,
    heads,
    d,
  ]);
  const grids = reshape(transpose(qkv, [4, 0, 2, 5, 1, 3, 6]), [3 * down * across * heads, height * side, d]);
  const positions = relativePositions
    ? {
        rows: source('attn.rel_pos_h', [2 * height - 1, d], { uniform: POSITION_BOUND }),
        columns: source('attn.rel_pos_w', [2 * side - 1, d], { uniform: POSITION_BOUND }),
      }
    : undefined;
  const attended = reshape(gridAttention(grids, [height, side], positions), [
    down,
    across,
    heads,
    height,
    side,
    d,
  ]);
  const merged = reshape(transpose(attended, [0, 3, 1, 4, 2, 5]), [down * height, across * side, width]);
  return linear(source, 'attn.proj', slice(merged, [0, 0, 0], [rows, columns, width]), width);
}
