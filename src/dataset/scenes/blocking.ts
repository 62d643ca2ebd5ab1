/**
 * @file The traces of lossy compression: blocks of 8 x 8 px are transformed by a discrete cosine transform (type II,
 * as in JPEG, ITU-T T.81), their coefficients rounded to steps that grow with frequency, and transformed back.
 */
import type { Size } from '../../base/geometry.ts';

const SIDE = 8;
/** `BASIS[u * SIDE + x]`: the orthonormal cosine of frequency u at x. */
const BASIS = Float64Array.from({ length: SIDE * SIDE }, (_, i) => {
  const [u, x] = [Math.floor(i / SIDE), i % SIDE];
  return (u === 0 ? Math.SQRT1_2 : 1) * 0.5 * Math.cos(((2 * x + 1) * u * Math.PI) / (2 * SIDE));
});

/** Rounds the values in place; `step` is that of the mean, in the values' units. An incomplete last block stays. */
export function addBlocking(values: Float32Array, { height, width }: Size, step: number): void {
  const steps = Float64Array.from(BASIS, (_, i) => step * (1 + 0.7 * (Math.floor(i / SIDE) + (i % SIDE))));
  const block = new Float64Array(SIDE * SIDE);
  const other = new Float64Array(SIDE * SIDE);
  for (let top = 0; top + SIDE <= height; top += SIDE) {
    for (let left = 0; left + SIDE <= width; left += SIDE) {
      for (let y = 0, i = 0; y < SIDE; y++) {
        for (let x = 0; x < SIDE; x++, i++) block[i] = values[(top + y) * width + left + x]!;
      }
      turn(block, other, false);
      turn(other, block, false);
      for (let i = 0; i < block.length; i++) block[i] = Math.round(block[i]! / steps[i]!) * steps[i]!;
      turn(block, other, true);
      turn(other, block, true);
      for (let y = 0, i = 0; y < SIDE; y++) {
        for (let x = 0; x < SIDE; x++, i++) values[(top + y) * width + left + x] = block[i]!;
      }
    }
  }
}

/** Transforms the rows, or transforms them back, and transposes: twice is the transform of the block. */
function turn(from: Float64Array, to: Float64Array, back: boolean): void {
  for (let row = 0; row < SIDE; row++) {
    for (let u = 0; u < SIDE; u++) {
      let sum = 0;
      for (let x = 0; x < SIDE; x++) {
        sum += from[row * SIDE + x]! * (back ? BASIS[x * SIDE + u]! : BASIS[u * SIDE + x]!);
      }
      to[u * SIDE + row] = sum;
    }
  }
}
