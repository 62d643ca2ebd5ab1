/**
 * @file The gradient of a convolution's filter: dW[f, c, r, s] = sum over n, i, j of dY[n, f, i, j] * X[n, c, i + r, j + s].
 *
 * It is a matrix product over pixels. X and dY are padded to rows of equal width once; in that flat memory a shift by
 * (r, s) is a contiguous run, which copies at the speed of memory where padding anew for each shift does not. The row
 * shifts are taken of X and the column shifts of dY: 6 runs for a 3 x 3 kernel where shifting one side alone takes 9,
 * and the column shifts side by side make products [kw * F, pixels] x [pixels, C] that run at full speed even for 16
 * channels.
 */
import type { Shape, Tensor } from '../tensor.ts';
import type { ConvAttributes } from './conv.ts';
import { concat, pad, slice } from './join.ts';
import { matmul, swapLast } from './matmul.ts';
import { sum } from './reduce.ts';
import { reshape, transpose } from './reshape.ts';

/**
 * @param x Input [N, groups * C, H, W].
 * @param g Gradient of the output [N, F, h, w].
 * @param shape Shape of the filter, [F, C, kh, kw].
 */
export function filterGradient(x: Tensor, g: Tensor, shape: Shape, attributes: ConvAttributes): Tensor {
  const { stride, padding } = attributes;
  const [kh, kw] = shape.slice(2) as [number, number];
  const [down, right] = stride;
  if (kh === down && kw === right && padding === 0) return patchFilterGradient(x, g, shape, attributes);
  const isDense = down === 1 && right === 1;
  return shiftedFilterGradient(x, isDense ? g : spread(g, stride), shape, attributes);
}

/** Kernel and stride of equal size: each input pixel belongs to one patch, so patches are a mere reordering. */
function patchFilterGradient(x: Tensor, g: Tensor, shape: Shape, { stride, groups }: ConvAttributes): Tensor {
  const [features, channels, kh, kw] = shape as [number, number, number, number];
  const [batch, , h, w] = g.shape as [number, number, number, number];
  const cropped = crop(x, h * stride[0], w * stride[1]);
  const pixels = reshape(cropped, [batch, groups, channels, h, kh, w, kw]);
  const patches = kh * kw === 1 ? pixels : transpose(pixels, [0, 1, 2, 4, 6, 3, 5]);
  const rows = reshape(patches, [batch, groups, channels * kh * kw, h * w]);
  const gradient = reshape(g, [batch, groups, features / groups, h * w]);
  return reshape(sum(matmul(gradient, swapLast(rows)), { axes: [0] }), shape);
}

function shiftedFilterGradient(
  x: Tensor,
  g: Tensor,
  shape: Shape,
  { padding, groups }: ConvAttributes,
): Tensor {
  const [features, channels, kh, kw] = shape as [number, number, number, number];
  const [batch, , h, w] = g.shape as [number, number, number, number];
  const width = w + kw - 1;
  const pixels = h * width;
  const [bottom, right] = [h + kh - 1 - x.shape[2]! - padding, width - x.shape[3]! - padding];
  const tall = flat(pad(x, [0, 0, padding, padding], [0, 0, bottom, right]));
  const wide = flat(pad(g, [0, 0, 1, 0], [0, 0, 0, kw - 1]));
  const run = (from: Tensor, start: number): Tensor =>
    slice(from, [0, 0, start], [batch, from.shape[1]!, start + pixels]);
  const columns = concat(
    Array.from({ length: kw }, (_, s) => run(wide, width - s)),
    1,
  );
  // In one group all column shifts go into one product; in several, the shifts are one more batch axis.
  const [leftShape, rightShape] =
    groups === 1
      ? [
          [batch, kw * features],
          [batch, channels],
        ]
      : [
          [batch, kw, groups, features / groups],
          [batch, 1, groups, channels],
        ];
  const left = reshape(columns, [...leftShape, pixels]);
  const perRow = Array.from({ length: kh }, (_, r) => {
    const product = matmul(left, swapLast(reshape(run(tall, r * width), [...rightShape, pixels])));
    return reshape(sum(product, { axes: [0] }), [1, kw, features, channels]);
  });
  return transpose(concat(perRow, 0), [2, 3, 0, 1]);
}

/** [N, C, H, W] as [N, C, H * W]. */
function flat(x: Tensor): Tensor {
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  return reshape(x, [batch, channels, height * width]);
}

/** Puts stride - 1 zeros between neighbouring pixels. */
function spread(g: Tensor, [down, right]: ConvAttributes['stride']): Tensor {
  const [batch, channels, h, w] = g.shape as [number, number, number, number];
  const apart = pad(
    reshape(g, [batch, channels, h, 1, w, 1]),
    [0, 0, 0, 0, 0, 0],
    [0, 0, 0, down - 1, 0, right - 1],
  );
  const dense = reshape(apart, [batch, channels, h * down, w * right]);
  return pad(dense, [0, 0, 0, 0], [0, 0, 1 - down, 1 - right]);
}

/** The top left part. */
function crop(x: Tensor, height: number, width: number): Tensor {
  return pad(x, [0, 0, 0, 0], [0, 0, height - x.shape[2]!, width - x.shape[3]!]);
}
