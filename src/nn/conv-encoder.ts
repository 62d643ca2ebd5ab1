/**
 * @file The image encoder of Foal: convolutions with instance norm and leaky ReLU, at 2, 4, 8, 16 and 32 px per place,
 * with attention among all of the few coarsest places. These are the operators that this engine runs and trains
 * fastest. Nothing depends on the size of the image: sides are multiples of 32 px.
 *
 * Images are grey, so the first step is the mean of the channels: the rest of the work is a third of what RGB takes.
 */
import { GraphError } from '../base/errors.ts';
import { add } from '../graph/ops/elementwise.ts';
import { upsampleNearest } from '../graph/ops/pool.ts';
import { mean } from '../graph/ops/reduce.ts';
import { reshape, transpose } from '../graph/ops/reshape.ts';
import { gelu } from '../graph/ops/unary.ts';
import type { Tensor } from '../graph/tensor.ts';
import { selfAttention } from './attention.ts';
import { convLayer, normLeaky } from './layers.ts';
import { layerNormLayer, linear, placesOf } from './linear.ts';
import type { ParameterSource } from './parameters.ts';
import { scoped } from './scope.ts';

export interface ConvEncoderConfig {
  /** Features at 2 px per place. */
  readonly stem: number;
  /** At 4, 8, 16 and 32 px per place. */
  readonly stages: readonly [ConvStage, ConvStage, ConvStage, ConvStage];
  /** Blocks of attention among all places of the last stage, whose width is a multiple of HEAD_WIDTH. */
  readonly contexts: number;
}

export interface ConvStage {
  readonly width: number;
  /** Residual blocks of two 3 x 3 convolutions. */
  readonly depth: number;
}

/** Features of one attention head. */
export const HEAD_WIDTH = 32;
/** Sides of the image are multiples of this. */
const COARSEST_PX = 32;
const LEAKY_SLOPE = 0.01;
const EPSILON = 1e-6;
/** Hidden features of an attention block's perceptron, as a multiple of its width. */
const MLP_FACTOR = 2;

/**
 * The features of pixels [N, C, H, W]: `places` [N, H / 16, W / 16, width of the third stage], and `early` maps
 * [N, width of the first stage, H / 4, W / 4].
 */
export function convEncoder(
  config: ConvEncoderConfig,
  source: ParameterSource,
  pixels: Tensor,
): { places: Tensor; early: Tensor } {
  const [, channels, height, width] = pixels.shape as [number, number, number, number];
  if (height % COARSEST_PX !== 0 || width % COARSEST_PX !== 0) {
    throw new GraphError({
      seen: `The encoder was given images of [${pixels.shape}]`,
      need: `Height and width are multiples of ${COARSEST_PX}`,
      fix: 'Change the input size',
    });
  }
  const grey = channels === 1 ? pixels : mean(pixels, { axes: [1], keepAxes: true });
  const stem = { features: config.stem, kernel: 3, bias: false, stride: 2, padding: 1 };
  let h = normLeaky(source, 'stem.norm', convLayer(source, 'stem.conv', grey, stem), LEAKY_SLOPE);
  const [quarter, eighth, sixteenth, coarsest] = config.stages.map((stage, i) => {
    h = convStage(stage, scoped(source, `stages.${i}.`), h);
    return h;
  }) as [Tensor, Tensor, Tensor, Tensor];

  let context = coarsest;
  for (let i = 0; i < config.contexts; i++) {
    context = contextBlock(scoped(source, `contexts.${i}.`), context);
  }
  const late = add(sixteenth, fromCoarser(source, 'lateral.0', context, config.stages[2].width));
  const early = add(quarter, fromCoarser(source, 'lateral.1', eighth, config.stages[0].width));
  const fused = residualBlock(scoped(source, 'fuse.'), late);
  return { places: transpose(fused, [0, 2, 3, 1]), early };
}

/** Half the resolution, then residual blocks. */
function convStage({ width, depth }: ConvStage, source: ParameterSource, x: Tensor): Tensor {
  const halved = convLayer(source, 'down.conv', x, { features: width, kernel: 2, bias: false, stride: 2 });
  let h = normLeaky(source, 'down.norm', halved, LEAKY_SLOPE);
  for (let i = 0; i < depth; i++) h = residualBlock(scoped(source, `blocks.${i}.`), h);
  return h;
}

function residualBlock(source: ParameterSource, x: Tensor): Tensor {
  const options = { features: x.shape[1]!, kernel: 3, bias: false, padding: 1 };
  const first = normLeaky(source, 'norm0', convLayer(source, 'conv0', x, options), LEAKY_SLOPE);
  return add(x, normLeaky(source, 'norm1', convLayer(source, 'conv1', first, options), LEAKY_SLOPE));
}

/** Maps of half the resolution, mixed to `features` and enlarged. */
function fromCoarser(source: ParameterSource, name: string, x: Tensor, features: number): Tensor {
  return upsampleNearest(convLayer(source, name, x, { features, kernel: 1, bias: true }), 2);
}

/** A pre-norm transformer block over the places of maps [N, C, H, W], which tell their positions themselves. */
function contextBlock(source: ParameterSource, maps: Tensor): Tensor {
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
