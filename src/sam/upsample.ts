/**
 * @file From the decoder's logits to masks of the original size: enlarged to the encoder's square input, cut to the
 * part that holds the image, and resized to the original, both times linearly with half-pixel centres (PyTorch's
 * interpolate with align_corners=False), then thresholded at 0.
 *
 * Both steps are linear and separable, so they are one: per axis each output is a mean of at most four inputs.
 */
import type { Size } from '../base/geometry.ts';
import type { Mask } from '../masks/mask.ts';

/** For each output of an axis four inputs and their weights. */
interface AxisTaps {
  readonly indices: Int32Array;
  readonly weights: Float32Array;
}

const TAPS = 4;

/**
 * The mask at the original size.
 *
 * @param logits [side, side], row-major
 * @param imageSize side of the encoder's input, of which `resized` is the part that holds the image
 */
export function upsampleMask(
  logits: Float32Array,
  side: number,
  imageSize: number,
  resized: Size,
  original: Size,
): Mask {
  const columns = axisTaps(side, imageSize, resized.width, original.width);
  const lines = axisTaps(side, imageSize, resized.height, original.height);
  const { height, width } = original;
  const wide = new Float32Array(side * width);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let t = x * TAPS; t < (x + 1) * TAPS; t++)
        sum += logits[y * side + columns.indices[t]!]! * columns.weights[t]!;
      wide[y * width + x] = sum;
    }
  }
  const data = new Uint8Array(height * width);
  for (let y = 0; y < height; y++) {
    const [a, b, c, d] = lines.indices
      .subarray(y * TAPS, (y + 1) * TAPS)
      .map((line) => line * width) as unknown as [number, number, number, number];
    const [p, q, r, s] = lines.weights.subarray(y * TAPS, (y + 1) * TAPS) as unknown as [
      number,
      number,
      number,
      number,
    ];
    for (let x = 0; x < width; x++) {
      const logit = wide[a + x]! * p + wide[b + x]! * q + wide[c + x]! * r + wide[d + x]! * s;
      data[y * width + x] = logit > 0 ? 1 : 0;
    }
  }
  return { height, width, data };
}

/** The two resizings of one axis, side -> imageSize, cut to `inner`, -> outer, as one. */
function axisTaps(side: number, imageSize: number, inner: number, outer: number): AxisTaps {
  const indices = new Int32Array(outer * TAPS);
  const weights = new Float32Array(outer * TAPS);
  for (let i = 0; i < outer; i++) {
    linearTaps(i, inner, outer).forEach(([middle, share], j) => {
      linearTaps(middle, side, imageSize).forEach(([index, weight], k) => {
        indices[i * TAPS + 2 * j + k] = index;
        weights[i * TAPS + 2 * j + k] = share * weight;
      });
    });
  }
  return { indices, weights };
}

/** The two neighbours of output i among `from` inputs, and their weights. */
function linearTaps(i: number, from: number, to: number): [index: number, weight: number][] {
  const at = Math.max(0, ((i + 0.5) * from) / to - 0.5);
  const low = Math.min(from - 1, Math.floor(at));
  const fraction = at - low;
  return [
    [low, 1 - fraction],
    [Math.min(from - 1, low + 1), fraction],
  ];
}
