/**
 * @file Asking a network twice, about an image and about its mirror image: where classes have twins it knows both, and
 * the mean of its answers is better than one (docs/benchmarks.md).
 */
import { add, mul } from '../graph/ops/elementwise.ts';
import { concat, gather, split } from '../graph/ops/join.ts';
import { constant, type Tensor } from '../graph/tensor.ts';
import { int64 } from '../tensor/array.ts';

/**
 * @param maps from images [N, 1, H, W] to maps of classes [N, C, H, W]
 * @param image [1, 1, H, W]
 * @param mirror the class that each class is in the mirror image; of pairs, so that it goes both ways
 * @returns [1, C, H, W], the mean of what is said about both, in the frame of `image`
 */
export function mirroredMean(
  maps: (images: Tensor) => Tensor,
  image: Tensor,
  mirror: readonly number[],
): Tensor {
  const width = image.shape[3]!;
  const fromRight = indices(Array.from({ length: width }, (_, x) => width - 1 - x));
  const both = maps(concat([image, gather(image, fromRight, 3)], 0));
  const [upright, flipped] = split(both, [1, 1], 0) as [Tensor, Tensor];
  const back = gather(gather(flipped, fromRight, 3), indices(mirror), 1);
  return mul(add(upright, back), 0.5);
}

const indices = (values: readonly number[]): Tensor => constant(int64([values.length], values));
