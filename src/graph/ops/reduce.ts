/** @file Reductions over axes: sum, sum of squares, mean, max. */
import { int } from '../onnx/model.ts';
import { normalizeAxes, reducedShape } from '../shape.ts';
import { apply, type Operator, type Tensor } from '../tensor.ts';
import { div, equal, mul, where } from './elementwise.ts';
import { expand, reshape } from './reshape.ts';

export interface ReduceOptions {
  /** Axes to reduce over; all by default. */
  readonly axes?: readonly number[];
  /** Keep reduced axes with size 1. */
  readonly keepAxes?: boolean;
}

interface ReduceAttributes {
  readonly axes: readonly number[];
  readonly keepAxes: boolean;
}

type ReduceGradient = (x: Tensor, y: Tensor, gradient: Tensor, count: number) => Tensor;

/** `gradient` sees y and its gradient with the reduced axes kept. */
function reduction(name: string, type: string, gradient: ReduceGradient): Operator<ReduceAttributes> {
  return {
    name,
    infer: ([x], { axes, keepAxes }) => [{ shape: reducedShape(x!.shape, axes, keepAxes), dtype: x!.dtype }],
    emit: (emitter, { inputs: [x], attributes: { axes, keepAxes } }) =>
      emitter.node(type, [emitter.name(x!), emitter.int64(axes)], { keepdims: int(keepAxes ? 1 : 0) }),
    gradient: ({ inputs: [x], outputs: [y], attributes: { axes } }, [g]) => {
      const kept = reducedShape(x!.shape, axes, true);
      const count = axes.reduce((product, axis) => product * x!.shape[axis]!, 1);
      return [gradient(x!, reshape(y!, kept), reshape(g!, kept), count)];
    },
  };
}

const sumOperator = reduction('sum', 'ReduceSum', (x, _y, g) => expand(g, x.shape));
const sumSquaresOperator = reduction('sumSquares', 'ReduceSumSquare', (x, _y, g) => mul(mul(x, 2), g));
const meanOperator = reduction('mean', 'ReduceMean', (x, _y, g, count) => expand(mul(g, 1 / count), x.shape));
/** Where several elements are the largest, they share the gradient. */
const maxOperator = reduction('max', 'ReduceMax', (x, y, g) => {
  const isLargest = where(equal(x, y), 1, 0);
  const axes = y.shape.flatMap((size, axis) => (size === 1 && x.shape[axis] !== 1 ? [axis] : []));
  return mul(isLargest, div(g, sum(isLargest, { axes, keepAxes: true })));
});

function reduce(operator: Operator<ReduceAttributes>, x: Tensor, options: ReduceOptions): Tensor {
  const axes = normalizeAxes(options.axes, x.shape.length);
  // To ONNX an empty list of axes means all of them.
  if (axes.length === 0) return operator === sumSquaresOperator ? mul(x, x) : x;
  return apply(operator, [x], { axes, keepAxes: options.keepAxes ?? false });
}

export const sum = (x: Tensor, options: ReduceOptions = {}): Tensor => reduce(sumOperator, x, options);
export const sumSquares = (x: Tensor, options: ReduceOptions = {}): Tensor =>
  reduce(sumSquaresOperator, x, options);
export const mean = (x: Tensor, options: ReduceOptions = {}): Tensor => reduce(meanOperator, x, options);
export const max = (x: Tensor, options: ReduceOptions = {}): Tensor => reduce(maxOperator, x, options);
