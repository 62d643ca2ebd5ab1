/** @file Max pooling and resizing of [N, C, H, W] tensors. */
import { elementCount } from '../../tensor/array.ts';
import { int, ints, string } from '../onnx/model.ts';
import { apply, constant, type Operator, shapeError, type Tensor } from '../tensor.ts';
import { equal, where } from './elementwise.ts';
import { matmul, swapLast } from './matmul.ts';
import { sum } from './reduce.ts';
import { reshape } from './reshape.ts';

interface PoolAttributes {
  readonly size: number;
}

const maxPoolOperator: Operator<PoolAttributes> = {
  name: 'maxPool2d',
  infer: ([x], { size }) => {
    const [batch, channels, height, width] = x!.shape;
    if (x!.shape.length !== 4 || height! % size !== 0 || width! % size !== 0) {
      throw shapeError(
        'maxPool2d',
        [x!],
        `windows of ${size} x ${size}`,
        `[N, C, H, W], H and W multiples of ${size}`,
      );
    }
    return [{ shape: [batch!, channels!, height! / size, width! / size], dtype: x!.dtype }];
  },
  emit: (emitter, { inputs: [x], attributes: { size } }) =>
    emitter.node('MaxPool', [emitter.name(x!)], {
      kernel_shape: ints([size, size]),
      strides: ints([size, size]),
    }),
  gradient: ({ inputs: [x], outputs: [y], attributes: { size } }, [g]) => [
    where(equal(x!, upsampleNearest(y!, size)), upsampleNearest(g!, size), 0),
  ],
};

/**
 * The largest value of each window of `size` x `size` px, windows side by side. Each pixel that holds the largest
 * value passes the whole gradient on: unlike a single winner this is symmetric, and for values that come from a
 * convolution ties do not occur but where a whole window is constant.
 */
export function maxPool2d(x: Tensor, size = 2): Tensor {
  return apply(maxPoolOperator, [x], { size });
}

const nearestOperator: Operator<PoolAttributes> = {
  name: 'upsampleNearest',
  infer: ([x], { size }) => {
    const [batch, channels, height, width] = x!.shape;
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

function sumWindows(x: Tensor, size: number): Tensor {
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  const windows = reshape(x, [batch, channels, height / size, size, width / size, size]);
  return sum(windows, { axes: [3, 5] });
}

interface ResizeAttributes {
  readonly height: number;
  readonly width: number;
}

const bilinearOperator: Operator<ResizeAttributes> = {
  name: 'resizeBilinear',
  infer: ([x], { height, width }) => {
    if (x!.shape.length !== 4) throw shapeError('resizeBilinear', [x!], 'another rank', '[N, C, H, W]');
    return [{ shape: [x!.shape[0]!, x!.shape[1]!, height, width], dtype: x!.dtype }];
  },
  emit: (emitter, { inputs: [x], outputs: [y] }) =>
    emitter.node('Resize', [emitter.name(x!), '', '', emitter.int64(y!.shape)], {
      mode: string('linear'),
      coordinate_transformation_mode: string('half_pixel'),
    }),
  gradient: ({ inputs: [x] }, [g]) => {
    const [batch, channels, height, width] = x!.shape as [number, number, number, number];
    const rows = interpolationMatrix(height, g!.shape[2]!);
    const columns = interpolationMatrix(width, g!.shape[3]!);
    const byRow = matmul(reshape(rows, [1, 1, ...rows.shape]), matmul(g!, swapLast(columns)));
    return [reshape(byRow, [batch, channels, height, width])];
  },
};

/** Bilinear resampling to height x width px, half-pixel centres, edge pixels repeated, no antialiasing. */
export function resizeBilinear(x: Tensor, height: number, width: number): Tensor {
  return apply(bilinearOperator, [x], { height, width });
}

/** W [from, to]: column j holds the weights of the source pixels of target pixel j. */
function interpolationMatrix(from: number, to: number): Tensor {
  const data = new Float32Array(elementCount([from, to]));
  for (let j = 0; j < to; j++) {
    const at = Math.min(Math.max(((j + 0.5) * from) / to - 0.5, 0), from - 1);
    const low = Math.floor(at);
    const high = Math.min(low + 1, from - 1);
    data[low * to + j]! += 1 - (at - low);
    data[high * to + j]! += at - low;
  }
  return constant({ dtype: 'float32', shape: [from, to], data });
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
