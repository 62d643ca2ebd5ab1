/** @file Pooling of [N, C, H, W] tensors, and its counterpart: repeating pixels. */
import { ints, string } from '../onnx/model.ts';
import { apply, type Operator, shapeError, type Tensor } from '../tensor.ts';
import { div, equal, mul, where } from './elementwise.ts';
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
