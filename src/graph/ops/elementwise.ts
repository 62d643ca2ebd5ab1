/**
 * @file Elementwise operators with two inputs and numpy broadcasting.
 *
 * The gradient of a broadcast input is the sum of its gradient over the axes along which it was repeated.
 */
import type { DType } from '../../tensor/array.ts';
import { broadcastShapes, sameShape } from '../shape.ts';
import {
  apply,
  asTensor,
  type Operator,
  type Shape,
  shapeError,
  type Tensor,
  type TensorLike,
} from '../tensor.ts';
import { sum } from './reduce.ts';
import { reshape } from './reshape.ts';
import { neg } from './unary.ts';

type BinaryGradient = (
  a: Tensor,
  b: Tensor,
  gradient: Tensor,
  output: Tensor,
) => [() => Tensor, () => Tensor];

function binary(name: string, type: string, gradient?: BinaryGradient, dtype?: DType): Operator<undefined> {
  return {
    name,
    infer: ([a, b]) => {
      const shape = broadcastShapes(a!.shape, b!.shape);
      if (shape === undefined || a!.dtype !== b!.dtype) {
        throw shapeError(name, [a!, b!], 'operands that do not fit', 'one dtype and shapes that broadcast');
      }
      return [{ shape, dtype: dtype ?? a!.dtype }];
    },
    emit: (emitter, { inputs: [a, b] }) => emitter.node(type, [emitter.name(a!), emitter.name(b!)]),
    ...(gradient && {
      gradient: ({ inputs: [a, b], outputs }, [g], needed) => {
        const [ofA, ofB] = gradient(a!, b!, g!, outputs[0]!);
        return [
          needed[0] ? sumTo(ofA(), a!.shape) : undefined,
          needed[1] ? sumTo(ofB(), b!.shape) : undefined,
        ];
      },
    }),
  };
}

/** Sums a tensor over the axes along which `shape` was broadcast to it. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const lead = x.shape.length - shape.length;
  const axes = x.shape.flatMap((size, axis) =>
    axis < lead || (shape[axis - lead] === 1 && size !== 1) ? [axis] : [],
  );
  return reshape(axes.length > 0 ? sum(x, { axes, keepAxes: true }) : x, shape);
}

const addOperator = binary('add', 'Add', (_a, _b, g) => [() => g, () => g]);
const subOperator = binary('sub', 'Sub', (_a, _b, g) => [() => g, () => neg(g)]);
const mulOperator = binary('mul', 'Mul', (a, b, g) => [() => mul(g, b), () => mul(g, a)]);
const divOperator = binary('div', 'Div', (_a, b, g, y) => [() => div(g, b), () => neg(div(mul(g, y), b))]);
/** Where both are equal, each gets half of the gradient. */
const maximumOperator = binary('maximum', 'Max', (a, b, g) => [
  () => mul(g, shareOfLarger(a, b)),
  () => mul(g, shareOfLarger(b, a)),
]);
const minimumOperator = binary('minimum', 'Min', (a, b, g) => [
  () => mul(g, shareOfLarger(b, a)),
  () => mul(g, shareOfLarger(a, b)),
]);
const equalOperator = binary('equal', 'Equal', undefined, 'bool');
const greaterOperator = binary('greater', 'Greater', undefined, 'bool');
const lessOperator = binary('less', 'Less', undefined, 'bool');

function pair(a: TensorLike, b: TensorLike): [Tensor, Tensor] {
  const dtype = typeof a !== 'number' ? a.dtype : typeof b !== 'number' ? b.dtype : 'float32';
  return [asTensor(a, dtype), asTensor(b, dtype)];
}

export const add = (a: TensorLike, b: TensorLike): Tensor => apply(addOperator, pair(a, b), undefined);
export const sub = (a: TensorLike, b: TensorLike): Tensor => apply(subOperator, pair(a, b), undefined);
export const mul = (a: TensorLike, b: TensorLike): Tensor => apply(mulOperator, pair(a, b), undefined);
export const div = (a: TensorLike, b: TensorLike): Tensor => apply(divOperator, pair(a, b), undefined);
export const maximum = (a: TensorLike, b: TensorLike): Tensor =>
  apply(maximumOperator, pair(a, b), undefined);
export const minimum = (a: TensorLike, b: TensorLike): Tensor =>
  apply(minimumOperator, pair(a, b), undefined);
/** a == b, as bool. */
export const equal = (a: TensorLike, b: TensorLike): Tensor => apply(equalOperator, pair(a, b), undefined);
/** a > b, as bool. */
export const greater = (a: TensorLike, b: TensorLike): Tensor =>
  apply(greaterOperator, pair(a, b), undefined);
/** a < b, as bool. */
export const less = (a: TensorLike, b: TensorLike): Tensor => apply(lessOperator, pair(a, b), undefined);

/** 1 where a > b, 0.5 where equal, 0 elsewhere. */
function shareOfLarger(a: Tensor, b: Tensor): Tensor {
  return where(greater(a, b), 1, where(equal(a, b), 0.5, 0));
}

const whereOperator: Operator<undefined> = {
  name: 'where',
  infer: ([condition, a, b]) => {
    const inner = broadcastShapes(a!.shape, b!.shape);
    const shape = inner && broadcastShapes(condition!.shape, inner);
    if (shape === undefined || condition!.dtype !== 'bool' || a!.dtype !== b!.dtype) {
      throw shapeError(
        'where',
        [condition!, a!, b!],
        'operands that do not fit',
        'bool, and two of one dtype',
      );
    }
    return [{ shape, dtype: a!.dtype }];
  },
  emit: (emitter, { inputs }) => emitter.node('Where', inputs.map(emitter.name)),
  gradient: ({ inputs: [condition, a, b] }, [g], needed) => [
    undefined,
    needed[1] ? sumTo(where(condition!, g!, 0), a!.shape) : undefined,
    needed[2] ? sumTo(where(condition!, 0, g!), b!.shape) : undefined,
  ],
};

/** a where the condition (bool) holds, b elsewhere; all three broadcast. */
export function where(condition: Tensor, a: TensorLike, b: TensorLike): Tensor {
  return apply(whereOperator, [condition, ...pair(a, b)], undefined);
}
