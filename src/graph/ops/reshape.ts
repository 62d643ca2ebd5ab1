/** @file Operators that move or repeat elements without changing them: reshape, transpose, expand. */
import { elementCount } from '../../tensor/array.ts';
import { int, ints } from '../onnx/model.ts';
import { broadcastShapes, sameShape } from '../shape.ts';
import { apply, type Operator, type Shape, shapeError, type Tensor } from '../tensor.ts';
import { sumTo } from './elementwise.ts';

interface ShapeAttributes {
  readonly shape: Shape;
}

const reshapeOperator: Operator<ShapeAttributes> = {
  name: 'reshape',
  infer: ([x], { shape }) => {
    if (elementCount(shape) !== elementCount(x!.shape)) {
      throw shapeError('reshape', [x!], `the shape [${shape}]`, `${elementCount(x!.shape)} elements`);
    }
    return [{ shape, dtype: x!.dtype }];
  },
  emit: (emitter, { inputs: [x], attributes: { shape } }) =>
    emitter.node(
      'Reshape',
      [emitter.name(x!), emitter.int64(shape)],
      // A size of 0 would else be that of the input.
      shape.includes(0) ? { allowzero: int(1) } : {},
    ),
  gradient: ({ inputs: [x] }, [g]) => [reshape(g!, x!.shape)],
};

/** The same elements in row-major order under another shape; one size may be -1. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const open = shape.indexOf(-1);
  const known = shape.reduce((product, size) => (size === -1 ? product : product * size), 1);
  const full = open < 0 ? shape : shape.with(open, elementCount(x.shape) / known);
  return sameShape(x.shape, full) ? x : apply(reshapeOperator, [x], { shape: full });
}

interface TransposeAttributes {
  readonly order: readonly number[];
}

const transposeOperator: Operator<TransposeAttributes> = {
  name: 'transpose',
  infer: ([x], { order }) => {
    if ([...order].sort((a, b) => a - b).join() !== x!.shape.map((_, i) => i).join()) {
      throw shapeError('transpose', [x!], `the order [${order}]`, 'each axis once');
    }
    return [{ shape: order.map((axis) => x!.shape[axis]!), dtype: x!.dtype }];
  },
  emit: (emitter, { inputs: [x], attributes: { order } }) =>
    emitter.node('Transpose', [emitter.name(x!)], { perm: ints(order) }),
  gradient: ({ attributes: { order } }, [g]) => {
    const inverse: number[] = [];
    order.forEach((axis, i) => {
      inverse[axis] = i;
    });
    return [transpose(g!, inverse)];
  },
};

/** Axis i of the result is axis order[i] of x. */
export function transpose(x: Tensor, order: readonly number[]): Tensor {
  return order.every((axis, i) => axis === i) && order.length === x.shape.length
    ? x
    : apply(transposeOperator, [x], { order });
}

const expandOperator: Operator<ShapeAttributes> = {
  name: 'expand',
  infer: ([x], { shape }) => {
    const fits = broadcastShapes(x!.shape, shape);
    if (fits === undefined || !sameShape(fits, shape)) {
      throw shapeError('expand', [x!], `the shape [${shape}]`, 'a shape that x broadcasts to');
    }
    return [{ shape, dtype: x!.dtype }];
  },
  emit: (emitter, { inputs: [x], attributes: { shape } }) =>
    emitter.node('Expand', [emitter.name(x!), emitter.int64(shape)]),
  gradient: ({ inputs: [x] }, [g]) => [sumTo(g!, x!.shape)],
};

/** Repeats x along its axes of size 1 (and new leading axes) until it has the shape. */
export function expand(x: Tensor, shape: Shape): Tensor {
  return sameShape(x.shape, shape) ? x : apply(expandOperator, [x], { shape });
}
