/**
 * @file The blocks of Foal: convolutions with instance norm and leaky ReLU, and attention among few places. These are the
 * operators that this engine runs and trains fastest.
 */
import { add } from '../graph/ops/elementwise.ts';
import { upsampleNearest } from '../graph/ops/pool.ts';
import { reshape, transpose } from '../graph/ops/reshape.ts';
import { gelu } from '../graph/ops/unary.ts';
import type { Tensor } from '../graph/tensor.ts';
import { selfAttention } from './attention.ts';
import { convLayer, normLeaky } from './layers.ts';
import { layerNormLayer, linear, placesOf } from './linear.ts';
import type { ParameterSource } from './parameters.ts';
import { scoped } from './scope.ts';

export interface ConvStage {
  readonly width: number;
  /** Residual blocks of two 3 x 3 convolutions. */
  readonly depth: number;
}

/** Features of one attention head. */
export const HEAD_WIDTH = 32;
export const LEAKY_SLOPE = 0.01;
const EPSILON = 1e-6;
/** Hidden features of an attention block's perceptron, as a multiple of its width. */
const MLP_FACTOR = 2;

/** Half the resolution, then residual blocks. */
export function convStage({ width, depth }: ConvStage, source: ParameterSource, x: Tensor): Tensor {
  const halved = convLayer(source, 'down.conv', x, { features: width, kernel: 2, bias: false, stride: 2 });
  let h = normLeaky(source, 'down.norm', halved, LEAKY_SLOPE);
  for (let i = 0; i < depth; i++) h = residualBlock(scoped(source, `blocks.${i}.`), h);
  return h;
}

/** Two 3 x 3 convolutions beside the identity. */
export function residualBlock(source: ParameterSource, x: Tensor): Tensor {
  const options = { features: x.shape[1]!, kernel: 3, bias: false, padding: 1 };
  const first = normLeaky(source, 'norm0', convLayer(source, 'conv0', x, options), LEAKY_SLOPE);
  return add(x, normLeaky(source, 'norm1', convLayer(source, 'conv1', first, options), LEAKY_SLOPE));
}

/** Maps of half the resolution, mixed to `features` and enlarged. */
export function fromCoarser(source: ParameterSource, name: string, x: Tensor, features: number): Tensor {
  return upsampleNearest(convLayer(source, name, x, { features, kernel: 1, bias: true }), 2);
}

/** A pre-norm transformer block over the places of maps [N, C, H, W], which tell their positions themselves. */
export function contextBlock(source: ParameterSource, maps: Tensor): Tensor {
  const width = maps.shape[1]!;
  const x = placesOf(maps);
  const normed = layerNormLayer(source, 'norm0', x, EPSILON);
  const heads = width / HEAD_WIDTH;
  const attended = add(x, selfAttention(source, 'attention', normed, normed, { width, heads }));
  const hidden = linear(
    source,
    'mlp.0',
    layerNormLayer(source, 'norm1', attended, EPSILON),
    MLP_FACTOR * width,
  );
  const y = add(attended, linear(source, 'mlp.1', gelu(hidden), width));
  return reshape(transpose(y, [0, 2, 1]), maps.shape);
}
