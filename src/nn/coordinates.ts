/** @file Channels that hold each pixel's place: convolutions alone do not know where they look (Liu et al. 2018). */
import { concat } from '../graph/ops/join.ts';
import { expand } from '../graph/ops/reshape.ts';
import { constant, type Tensor } from '../graph/tensor.ts';

/** Maps [N, C, H, W] with two channels more, x and then y, from -1 at the first pixel to 1 at the last. */
export function withCoordinates(x: Tensor): Tensor {
  const [batch, , height, width] = x.shape as [number, number, number, number];
  const data = new Float32Array(2 * height * width);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      data[row * width + column] = (2 * column) / (width - 1) - 1;
      data[height * width + row * width + column] = (2 * row) / (height - 1) - 1;
    }
  }
  const map = constant({ dtype: 'float32', shape: [1, 2, height, width], data });
  return concat([x, expand(map, [batch, 2, height, width])], 1);
}
