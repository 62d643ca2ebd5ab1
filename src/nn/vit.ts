/**
 * @file The vision transformer (Dosovitskiy et al. 2021) in the form of ViTDet (Li et al. 2022): absolute position
 * embeddings, pre-norm blocks, attention in windows except for a few global blocks, relative positions in each.
 */
import { conv2d } from '../graph/ops/conv.ts';
import { add } from '../graph/ops/elementwise.ts';
import { concat, pad, slice, split } from '../graph/ops/join.ts';
import { matmul, swapLast } from '../graph/ops/matmul.ts';
import { reshape, transpose } from '../graph/ops/reshape.ts';
import { gelu } from '../graph/ops/unary.ts';
import type { Tensor } from '../graph/tensor.ts';
import { CHUNK_ELEMENTS, chunkSizes, gridAttention } from './attention.ts';
import { affine, layerNormLayer, linear, linearLayer } from './linear.ts';
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

/** Tokens [H / patch, W / patch, width] of an image. */
export interface VitTokens {
  readonly tokens: Tensor;
  /** What the first block with attention among all tokens made of them; undefined without such a block. */
  readonly early: Tensor | undefined;
}

/** The tokens of pixels [1, 3, H, W]; H and W are multiples of the patch size. */
export function vit(config: VitConfig, source: ParameterSource, pixels: Tensor): VitTokens {
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
  let early: Tensor | undefined;
  config.windows.forEach((window, i) => {
    const block: ParameterSource = (name, shape, initializer) =>
      source(`blocks.${i}.${name}`, shape, initializer);
    x = vitBlock(config, window, block, x);
    if (window === 0) early ??= x;
  });
  return { tokens: x, early };
}

/** One block over tokens [H, W, width]. */
function vitBlock(config: VitConfig, window: number, source: ParameterSource, x: Tensor): Tensor {
  const normed = layerNormLayer(source, 'norm1', x, config.layerNormEpsilon);
  const attended = add(x, windowedAttention(config, window, source, normed));
  // The hidden features are the widest array of a block: a few rows at a time, they stay in the cache.
  const [rows, columns] = x.shape as [number, number, number];
  const perChunk = Math.max(1, Math.floor(CHUNK_ELEMENTS / (columns * config.mlpWidth)));
  const parts = split(
    layerNormLayer(source, 'norm2', attended, config.layerNormEpsilon),
    chunkSizes(rows, perChunk),
    0,
  );
  const widen = linearLayer(source, 'mlp.lin1', config.width, config.mlpWidth);
  const narrow = linearLayer(source, 'mlp.lin2', config.mlpWidth, config.width);
  return add(
    attended,
    concat(
      parts.map((part) => narrow(gelu(widen(part)))),
      0,
    ),
  );
}

/** Self-attention within windows of `window` x `window` tokens, or among all for a window of 0. */
function windowedAttention(config: VitConfig, window: number, source: ParameterSource, x: Tensor): Tensor {
  const { width, heads, relativePositions } = config;
  const [rows, columns] = x.shape as [number, number, number];
  const grid = window === 0 ? ([rows, columns] as const) : ([window, window] as const);
  const d = width / heads;
  const initializer = { uniform: 1 / Math.sqrt(width) };
  const weight = swapLast(source('attn.qkv.weight', [3 * width, width], initializer));
  const bias = source('attn.qkv.bias', [3 * width], initializer);
  // The zero tokens that fill up windows have the bias as query, key and value, so they need no product.
  const isWhole = rows % grid[0] === 0 && columns % grid[1] === 0;
  const qkv = isWhole
    ? toWindows(affine(x, weight, bias), grid)
    : add(
        toWindows(reshape(matmul(reshape(x, [-1, width]), weight), [rows, columns, 3 * width]), grid),
        bias,
      );
  const positions = relativePositions
    ? {
        rows: source('attn.rel_pos_h', [2 * grid[0] - 1, d], { uniform: POSITION_BOUND }),
        columns: source('attn.rel_pos_w', [2 * grid[1] - 1, d], { uniform: POSITION_BOUND }),
      }
    : undefined;
  const attended = fromWindows(gridAttention(qkv, grid, heads, positions), grid, rows, columns);
  return linear(source, 'attn.proj', attended, width);
}

/**
 * Tokens [H, W, C] as windows [count, height * width, C], row by row. The grid is padded with zero tokens right and
 * below to whole windows; those take part as keys, as in the original.
 */
export function toWindows(x: Tensor, [height, width]: readonly [number, number]): Tensor {
  const [rows, columns, features] = x.shape as [number, number, number];
  const [down, across] = [Math.ceil(rows / height), Math.ceil(columns / width)];
  const padded = pad(x, [0, 0, 0], [down * height - rows, across * width - columns, 0]);
  if (down * across === 1) return reshape(padded, [1, height * width, features]);
  const cut = reshape(padded, [down, height, across, width, features]);
  return reshape(transpose(cut, [0, 2, 1, 3, 4]), [down * across, height * width, features]);
}

/** The inverse of toWindows: tokens [rows, columns, C], the padding cut off. */
export function fromWindows(
  windows: Tensor,
  [height, width]: readonly [number, number],
  rows: number,
  columns: number,
): Tensor {
  const features = windows.shape[2]!;
  const [down, across] = [Math.ceil(rows / height), Math.ceil(columns / width)];
  const grid = [down * height, across * width, features];
  if (down * across === 1) return slice(reshape(windows, grid), [0, 0, 0], [rows, columns, features]);
  const ordered = transpose(reshape(windows, [down, across, height, width, features]), [0, 2, 1, 3, 4]);
  return slice(reshape(ordered, grid), [0, 0, 0], [rows, columns, features]);
}
