/** @file What an image looks like as a whole, from its embedding: near points are images that look alike. */
import type { Size } from '../base/geometry.ts';
import type { Float32NdArray } from '../tensor/array.ts';

/**
 * Mean and deviation of each channel of an embedding [1, C, side, side] over the places that show the image: 2 C
 * numbers.
 * @param shown the image's size inside the encoder's square input, px
 * @param inputSide the side of that input, px
 */
export function describeEmbedding(
  { shape, data }: Float32NdArray,
  shown: Size,
  inputSide: number,
): Float32Array {
  const [, channels, height, width] = shape as [number, number, number, number];
  const rows = Math.max(1, Math.min(height, Math.round((shown.height / inputSide) * height)));
  const columns = Math.max(1, Math.min(width, Math.round((shown.width / inputSide) * width)));
  const point = new Float32Array(2 * channels);
  for (let channel = 0; channel < channels; channel++) {
    let [sum, squares] = [0, 0];
    for (let y = 0; y < rows; y++) {
      const row = (channel * height + y) * width;
      for (let x = 0; x < columns; x++) {
        const value = data[row + x]!;
        sum += value;
        squares += value * value;
      }
    }
    const mean = sum / (rows * columns);
    point[channel] = mean;
    point[channels + channel] = Math.sqrt(Math.max(0, squares / (rows * columns) - mean * mean));
  }
  return point;
}
