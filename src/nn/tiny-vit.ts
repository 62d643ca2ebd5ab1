/**
 * @file TinyViT (Wu et al. 2022) as MobileSAM (Zhang et al. 2023) uses it: convolutions down to 8 px per place, then
 * three stages of attention within windows, the last two at 16 px per place. A block is attention, a convolution per
 * channel, and a perceptron. What a score gains by the distance of two places is one learnt number per distance.
 */
import { add, mul } from '../graph/ops/elementwise.ts';
import { gather, split } from '../graph/ops/join.ts';
import { matmul, softmax, swapLast } from '../graph/ops/matmul.ts';
import { reshape, transpose } from '../graph/ops/reshape.ts';
import { gelu } from '../graph/ops/unary.ts';
import { constant, type Tensor } from '../graph/tensor.ts';
import { int64 } from '../tensor/array.ts';
import { convNorm } from './conv-norm.ts';
import { layerNormLayer, linear } from './linear.ts';
import type { ParameterSource } from './parameters.ts';
import { scoped } from './scope.ts';
import { fromWindows, toWindows, type VitTokens } from './vit.ts';

export interface TinyVitConfig {
  /** Features of the first of the two patch convolutions. */
  readonly stem: number;
  /** The stage of convolutions, at 4 px per place; the second patch convolution has its width. */
  readonly convolutions: { readonly width: number; readonly depth: number; readonly hidden: number };
  /** The stages of attention, at 8, 16 and 16 px per place. */
  readonly stages: readonly [AttentionStage, AttentionStage, AttentionStage];
}

export interface AttentionStage {
  /** Features of a place. */
  readonly width: number;
  readonly depth: number;
  readonly heads: number;
  /** Side of the attention windows in places. */
  readonly window: number;
  /** Hidden features of each block's two-layer perceptron. */
  readonly mlpWidth: number;
}

/** PyTorch's default for nn.LayerNorm. */
const EPSILON = 1e-5;
/** Of the merging convolution before each stage of attention. */
const MERGING_STRIDES = [2, 2, 1] as const;
/** The early features are those with which this stage begins. */
const EARLY_STAGE = 1;

/** The tokens [H / 16, W / 16, width] of pixels [1, 3, H, W], H and W multiples of 16, and the early ones. */
export function tinyVit(config: TinyVitConfig, source: ParameterSource, pixels: Tensor): VitTokens {
  const { stem, convolutions } = config;
  const halved = convNorm(source, 'patch_embed.seq.0', pixels, { features: stem, kernel: 3, stride: 2 });
  let maps = convNorm(source, 'patch_embed.seq.2', gelu(halved), {
    features: convolutions.width,
    kernel: 3,
    stride: 2,
  });
  for (let i = 0; i < convolutions.depth; i++) {
    maps = convBlock(scoped(source, `layers.0.blocks.${i}.`), maps, convolutions.hidden);
  }
  let early: Tensor | undefined;
  config.stages.forEach((stage, i) => {
    maps = merge(scoped(source, `layers.${i}.downsample.`), maps, stage.width, MERGING_STRIDES[i]!);
    if (i === EARLY_STAGE) early = toTokens(maps);
    for (let block = 0; block < stage.depth; block++) {
      maps = attentionBlock(stage, scoped(source, `layers.${i + 1}.blocks.${block}.`), maps);
    }
  });
  return { tokens: toTokens(maps), early };
}

/** The inverted bottleneck of MobileNetV2 (Sandler et al. 2018): widen, filter each channel, narrow. */
function convBlock(source: ParameterSource, x: Tensor, hidden: number): Tensor {
  const widened = gelu(convNorm(source, 'conv1', x, { features: hidden, kernel: 1 }));
  const filtered = gelu(convNorm(source, 'conv2', widened, { features: hidden, kernel: 3, depthwise: true }));
  return gelu(add(convNorm(source, 'conv3', filtered, { features: x.shape[1]!, kernel: 1 }), x));
}

/** Fewer and wider places, or with a stride of 1 only wider ones. */
function merge(source: ParameterSource, x: Tensor, features: number, stride: number): Tensor {
  const widened = gelu(convNorm(source, 'conv1', x, { features, kernel: 1 }));
  const merged = gelu(convNorm(source, 'conv2', widened, { features, kernel: 3, stride, depthwise: true }));
  return convNorm(source, 'conv3', merged, { features, kernel: 1 });
}

/** Maps [1, C, H, W] to maps of the same shape. */
function attentionBlock(stage: AttentionStage, source: ParameterSource, maps: Tensor): Tensor {
  const { width, mlpWidth } = stage;
  const x = toTokens(maps);
  const attended = toMaps(add(x, windowAttention(stage, scoped(source, 'attn.'), x)));
  const mixed = toTokens(
    convNorm(source, 'local_conv', attended, { features: width, kernel: 3, depthwise: true }),
  );
  const normed = layerNormLayer(source, 'mlp.norm', mixed, EPSILON);
  const hidden = gelu(linear(source, 'mlp.fc1', normed, mlpWidth));
  return toMaps(add(mixed, linear(source, 'mlp.fc2', hidden, width)));
}

/**
 * Self-attention of tokens x [H, W, width] within windows. Windows are filled up with zero tokens before the norm, so
 * that those take part with the norm's shift, as in the original.
 */
function windowAttention(stage: AttentionStage, source: ParameterSource, x: Tensor): Tensor {
  const { width, heads, window } = stage;
  const [rows, columns] = x.shape as [number, number, number];
  const windows = layerNormLayer(source, 'norm', toWindows(x, [window, window]), EPSILON);
  const [count, places] = windows.shape as [number, number, number];
  const d = width / heads;
  // Query, key and value lie together head by head.
  const qkv = reshape(linear(source, 'qkv', windows, 3 * width), [count, places, heads, 3, d]);
  const [q, k, v] = split(transpose(qkv, [3, 0, 2, 1, 4]), [1, 1, 1], 0).map((part) =>
    reshape(part, [count, heads, places, d]),
  ) as [Tensor, Tensor, Tensor];
  const scores = mul(matmul(q, swapLast(k)), 1 / Math.sqrt(d));
  const attended = matmul(softmax(add(scores, distanceBiases(stage, source))), v);
  const joined = reshape(transpose(attended, [0, 2, 1, 3]), [count, places, width]);
  return fromWindows(linear(source, 'proj', joined, width), [window, window], rows, columns);
}

/** [heads, places, places]: what the score of each pair of places gains by their distance in rows and columns. */
function distanceBiases({ heads, window }: AttentionStage, source: ParameterSource): Tensor {
  const places = window * window;
  const table = source('attention_biases', [heads, places], { constant: 0 });
  const indices = Array.from({ length: places * places }, (_, i) => {
    const [a, b] = [Math.floor(i / places), i % places];
    const down = Math.abs(Math.floor(a / window) - Math.floor(b / window));
    return down * window + Math.abs((a % window) - (b % window));
  });
  return gather(table, constant(int64([places, places], indices)), 1);
}

/** Maps [1, C, H, W] as tokens [H, W, C]. */
function toTokens(maps: Tensor): Tensor {
  const [, channels, rows, columns] = maps.shape as [number, number, number, number];
  return transpose(reshape(maps, [channels, rows, columns]), [1, 2, 0]);
}

/** Tokens [H, W, C] as maps [1, C, H, W]. */
function toMaps(tokens: Tensor): Tensor {
  const [rows, columns, channels] = tokens.shape as [number, number, number];
  return reshape(transpose(tokens, [2, 0, 1]), [1, channels, rows, columns]);
}
