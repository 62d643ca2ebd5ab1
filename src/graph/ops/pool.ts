/** @file Pooling, resizing and sampling of [N, C, H, W] tensors. */
import { int, ints, string } from '../onnx/model.ts';
import { apply, constant, type Operator, shapeError, type Tensor } from '../tensor.ts';
import { div, equal, mul, where } from './elementwise.ts';
import { matmul, swapLast } from './matmul.ts';
import { cast } from './unary.ts';

interface PoolAttributes {
  readonly size: number;
}

/** One value for each window of `size` x `size` px, windows side by side. */
function pooling(
  name: string,
  node: string,
  gradient: NonNullable<Operator<PoolAttributes>['gradient']>,
): Operator<PoolAttributes> {
  return {
    name,
    infer: ([x], { size }) => {
      const [batch, channels, height, width] = x!.shape;
      if (x!.shape.length !== 4 || height! % size !== 0 || width! % size !== 0) {
        throw shapeError(
          name,
          [x!],
          `windows of ${size} x ${size}`,
          `[N, C, H, W], H and W multiples of ${size}`,
        );
      }
      return [{ shape: [batch!, channels!, height! / size, width! / size], dtype: x!.dtype }];
    },
    emit: (emitter, { inputs: [x], attributes: { size } }) =>
      emitter.node(node, [emitter.name(x!)], {
        kernel_shape: ints([size, size]),
        strides: ints([size, size]),
      }),
    gradient,
  };
}

const averagePoolOperator = pooling('averagePool2d', 'AveragePool', ({ attributes: { size } }, [g]) => [
  upsampleNearest(mul(g!, 1 / size ** 2), size),
]);

/** The mean of each window of `size` x `size` px, windows side by side. */
export function averagePool2d(x: Tensor, size = 2): Tensor {
  return apply(averagePoolOperator, [x], { size });
}

const maxPoolOperator = pooling(
  'maxPool2d',
  'MaxPool',
  ({ inputs: [x], outputs: [y], attributes: { size } }, [g]) => {
    const isLargest = equal(x!, upsampleNearest(y!, size));
    const share = div(g!, sumWindows(cast(isLargest, 'float32'), size));
    return [where(isLargest, upsampleNearest(share, size), 0)];
  },
);

/**
 * The largest value of each window of `size` x `size` px, windows side by side. Pixels that all hold the largest value
 * share the gradient: unlike a single winner this is symmetric, and matters where images are constant, as in the black
 * beside a collimated field.
 */
export function maxPool2d(x: Tensor, size = 2): Tensor {
  return apply(maxPoolOperator, [x], { size });
}

const nearestOperator: Operator<PoolAttributes> = {
  name: 'upsampleNearest',
  infer: ([x], { size }) => {
    const [batch, channels, height, width] = x!.shape;
    if (x!.shape.length !== 4 || !Number.isInteger(size) || size < 1) {
      throw shapeError('upsampleNearest', [x!], `the factor ${size}`, '[N, C, H, W] and a whole factor');
    }
    return [{ shape: [batch!, channels!, height! * size, width! * size], dtype: x!.dtype }];
  },
  emit: (emitter, { inputs: [x], outputs: [y] }) =>
    emitter.node('Resize', [emitter.name(x!), '', '', emitter.int64(y!.shape)], {
      mode: string('nearest'),
      coordinate_transformation_mode: string('asymmetric'),
      nearest_mode: string('floor'),
    }),
  gradient: ({ attributes: { size } }, [g]) => [sumWindows(g!, size)],
};

/** Repeats each pixel `size` times along rows and columns. */
export function upsampleNearest(x: Tensor, size: number): Tensor {
  return apply(nearestOperator, [x], { size });
}

const sumWindows = (x: Tensor, size: number): Tensor => mul(averagePool2d(x, size), size ** 2);

interface ResizeAttributes {
  readonly height: number;
  readonly width: number;
}

/** Source pixels and their weights for target pixel `at` of an axis resized from `from` to `to` px. */
type Interpolation = (
  at: number,
  from: number,
  to: number,
) => readonly (readonly [pixel: number, weight: number])[];

/** Resizing is a product with one matrix per axis, so its gradient is the product with their transposes. */
function resize(
  name: string,
  interpolation: Interpolation,
  emit: Operator<ResizeAttributes>['emit'],
): Operator<ResizeAttributes> {
  return {
    name,
    infer: ([x], { height, width }) => {
      if (x!.shape.length !== 4 || height < 1 || width < 1) {
        throw shapeError(name, [x!], `the size ${height} x ${width}`, '[N, C, H, W] and at least 1 x 1 px');
      }
      return [{ shape: [x!.shape[0]!, x!.shape[1]!, height, width], dtype: x!.dtype }];
    },
    emit,
    gradient: ({ inputs: [x] }, [g]) => {
      const [, , height, width] = x!.shape as [number, number, number, number];
      const rows = interpolationMatrix(interpolation, height, g!.shape[2]!);
      const columns = interpolationMatrix(interpolation, width, g!.shape[3]!);
      return [matmul(rows, matmul(g!, swapLast(columns)))];
    },
  };
}

/** W [from, to]: column j holds the weights of the source pixels of target pixel j. */
function interpolationMatrix(interpolation: Interpolation, from: number, to: number): Tensor {
  const data = new Float32Array(from * to);
  for (let j = 0; j < to; j++) {
    for (const [pixel, weight] of interpolation(j, from, to)) data[pixel * to + j]! += weight;
  }
  return constant({ dtype: 'float32', shape: [from, to], data });
}

const bilinearOperator = resize(
  'resizeBilinear',
  (at, from, to) => {
    const place = Math.min(Math.max(((at + 0.5) * from) / to - 0.5, 0), from - 1);
    const low = Math.floor(place);
    return [
      [low, 1 - (place - low)],
      [Math.min(low + 1, from - 1), place - low],
    ];
  },
  (emitter, { inputs: [x], outputs: [y] }) =>
    emitter.node('Resize', [emitter.name(x!), '', '', emitter.int64(y!.shape)], {
      mode: string('linear'),
      coordinate_transformation_mode: string('half_pixel'),
    }),
);

/** Bilinear resampling to height x width px, half-pixel centres, edge pixels repeated, no antialiasing. */
export function resizeBilinear(x: Tensor, height: number, width: number): Tensor {
  return apply(bilinearOperator, [x], { height, width });
}

const nearestPixel = (at: number, from: number, to: number): number => Math.floor((at * from) / to);

/** Two Gathers: ONNX's Resize rounds its scale to float32, and takes the wrong pixel where it falls on an edge. */
const nearestResizeOperator = resize(
  'resizeNearest',
  (at, from, to) => [[nearestPixel(at, from, to), 1]],
  (emitter, { inputs: [x], outputs: [y] }) => {
    const pick = (name: string, axis: 2 | 3): string => {
      const [from, to] = [x!.shape[axis]!, y!.shape[axis]!];
      const pixels = Array.from({ length: to }, (_, at) => nearestPixel(at, from, to));
      return emitter.node('Gather', [name, emitter.int64(pixels)], { axis: int(axis) })[0]!;
    };
    return [pick(pick(emitter.name(x!), 2), 3)];
  },
);

/** Nearest resampling to height x width px as PyTorch's 'nearest': target pixel j shows pixel floor(j * from / to). */
export function resizeNearest(x: Tensor, height: number, width: number): Tensor {
  return apply(nearestResizeOperator, [x], { height, width });
}

interface GridSampleAttributes {
  readonly mode: 'bilinear' | 'nearest';
  readonly outside: 'zeros' | 'border';
}

const gridSampleOperator: Operator<GridSampleAttributes> = {
  name: 'gridSample',
  infer: ([x, grid]) => {
    const [batch, height, width, two] = grid!.shape;
    if (x!.shape.length !== 4 || grid!.shape.length !== 4 || two !== 2 || batch !== x!.shape[0]) {
      throw shapeError('gridSample', [x!, grid!], 'tensors that do not fit', '[N, C, H, W] and [N, h, w, 2]');
    }
    return [{ shape: [batch!, x!.shape[1]!, height!, width!], dtype: x!.dtype }];
  },
  emit: (emitter, { inputs, attributes: { mode, outside } }) =>
    emitter.node('GridSample', inputs.map(emitter.name), {
      mode: string(mode === 'bilinear' ? 'linear' : 'nearest'),
      padding_mode: string(outside),
      align_corners: int(0),
    }),
};

/**
 * Samples x [N, C, H, W] at grid [N, h, w, 2] (x, y in [-1, 1] from edge to edge of the image). Outside the
 * image lie zeros, or its border goes on. It is for images and labels, which have no gradient.
 */
export function gridSample(
  x: Tensor,
  grid: Tensor,
  mode: 'bilinear' | 'nearest' = 'bilinear',
  outside: 'zeros' | 'border' = 'zeros',
): Tensor {
  return apply(gridSampleOperator, [x, grid], { mode, outside });
}
