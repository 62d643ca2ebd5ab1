/**
 * @file From the decoder's logits to masks of the original size: enlarged to the encoder's square input, cut to the
 * part that holds the image, and resized to the original, both times linearly with half-pixel centres (PyTorch's
 * interpolate with align_corners=False), then thresholded at 0.
 *
 * Both steps are linear and separable, so they are one: per axis each output is a mean of at most four inputs.
 */
import type { Size } from '../base/geometry.ts';
import { emptyMask, type Mask } from '../masks/mask.ts';

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
  const { height, width } = original;
  const mask = emptyMask(original);
  // A mean is positive only where one of its inputs is: outside of those the mask stays empty.
  const positive = positiveBounds(logits, side);
  if (positive === undefined) return mask;
  const columns = axisTaps(side, imageSize, resized.width, width);
  const lines = axisTaps(side, imageSize, resized.height, height);
  const [left, right] = reached(columns, width, positive.left, positive.right);
  const [top, bottom] = reached(lines, height, positive.top, positive.bottom);

  const across = right - left;
  const wide = new Float32Array(side * across);
  // A line outside the positive ones may still be a neighbour of one.
  const [firstLine, lastLine] = [lines.indices[top * TAPS]!, lines.indices[bottom * TAPS - 1]!];
  for (let y = firstLine; y <= lastLine; y++) {
    for (let x = left; x < right; x++) {
      let sum = 0;
      for (let t = x * TAPS; t < (x + 1) * TAPS; t++)
        sum += logits[y * side + columns.indices[t]!]! * columns.weights[t]!;
      wide[y * across + x - left] = sum;
    }
  }
  for (let y = top; y < bottom; y++) {
    const [a, b, c, d] = fourOf(lines.indices, y).map((line) => line * across) as Four;
    const [p, q, r, s] = fourOf(lines.weights, y);
    const row = y * width + left;
    for (let x = 0; x < across; x++) {
      const logit = wide[a + x]! * p + wide[b + x]! * q + wide[c + x]! * r + wide[d + x]! * s;
      mask.data[row + x] = logit > 0 ? 1 : 0;
    }
  }
  return mask;
}

type Four = [number, number, number, number];

function fourOf(values: ArrayLike<number>, i: number): Four {
  return [values[4 * i]!, values[4 * i + 1]!, values[4 * i + 2]!, values[4 * i + 3]!];
}

/** First and last row and column that hold a positive logit; undefined where there is none. */
function positiveBounds(
  logits: Float32Array,
  side: number,
): { top: number; bottom: number; left: number; right: number } | undefined {
  let [top, bottom, left, right] = [side, -1, side, -1];
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      if (!(logits[y * side + x]! > 0)) continue;
      if (top > y) top = y;
      bottom = y;
      if (x < left) left = x;
      if (x > right) right = x;
    }
  }
  return bottom < 0 ? undefined : { top, bottom, left, right };
}

/** The outputs [from, to) of an axis that have an input in [first, last]. */
function reached({ indices }: AxisTaps, outputs: number, first: number, last: number): [number, number] {
  let from = 0;
  while (from < outputs && indices[from * TAPS + TAPS - 1]! < first) from++;
  let to = outputs;
  while (to > from && indices[(to - 1) * TAPS]! > last) to--;
  return [from, to];
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
