/**
 * @file What lets the places of Foal's decoder see each other once they know the prompt. In SAM they exchange with the
 * tokens alone, and what belongs together the encoder must have said before anything was asked; that takes its large
 * training. Here an hourglass of convolutions, with attention among its coarse places, spreads over the image what box,
 * points and tokens say of a place: as networks that see image and prompt together do (Sofiiuk et al. 2022), for
 * 0.13 billion multiplications on a window of 32 x 32 places.
 */
import { add } from '../graph/ops/elementwise.ts';
import { swapLast } from '../graph/ops/matmul.ts';
import { reshape } from '../graph/ops/reshape.ts';
import type { Tensor } from '../graph/tensor.ts';
import { contextBlock, convStage, fromCoarser, LEAKY_SLOPE, residualBlock } from '../nn/conv-blocks.ts';
import { convLayer, normLeaky } from '../nn/layers.ts';
import { placesOf } from '../nn/linear.ts';
import type { ParameterSource } from '../nn/parameters.ts';
import { scoped } from '../nn/scope.ts';

/**
 * Places [N, gridSize * gridSize, C] with what they learn from each other added, nothing at first: a model trained
 * without can go on from where it was. Parameter names are those below `mask_decoder.mixing.`.
 *
 * @param width features of the hourglass, a multiple of HEAD_WIDTH
 * @param gridSize even
 */
export function mixPlaces(source: ParameterSource, places: Tensor, width: number, gridSize: number): Tensor {
  const [batch, , channels] = places.shape as [number, number, number];
  const maps = reshape(swapLast(places), [batch, channels, gridSize, gridSize]);
  const narrow = convLayer(source, 'in.conv', maps, { features: width, kernel: 1, bias: false });
  const seen = normLeaky(source, 'in.norm', narrow, LEAKY_SLOPE);
  const coarse = convStage({ width, depth: 1 }, scoped(source, 'coarse.'), seen);
  const context = contextBlock(scoped(source, 'context.'), coarse);
  const fused = residualBlock(
    scoped(source, 'fuse.'),
    add(seen, fromCoarser(source, 'lateral', context, width)),
  );
  const learnt = convLayer(source, 'out', fused, {
    features: channels,
    kernel: 1,
    bias: false,
    initializer: { constant: 0 },
  });
  return add(places, placesOf(learnt));
}
