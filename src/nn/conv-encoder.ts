/**
 * @file The image encoder of Foal: convolutions with instance norm and leaky ReLU, at 2, 4, 8, 16 and 32 px per place,
 * with attention among all of the few coarsest places. These are the operators that this engine runs and trains
 * fastest. Nothing depends on the size of the image: sides are multiples of 32 px.
 *
 * Images are grey, so the first step is the mean of the channels: the rest of the work is a third of what RGB takes.
 */
import { GraphError } from '../base/errors.ts';
import { add } from '../graph/ops/elementwise.ts';
import { mean } from '../graph/ops/reduce.ts';
import { transpose } from '../graph/ops/reshape.ts';
import type { Tensor } from '../graph/tensor.ts';
import {
  type ConvStage,
  contextBlock,
  convStage,
  fromCoarser,
  LEAKY_SLOPE,
  residualBlock,
} from './conv-blocks.ts';
import { convLayer, normLeaky } from './layers.ts';
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

/** Sides of the image are multiples of this. */
const COARSEST_PX = 32;

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
