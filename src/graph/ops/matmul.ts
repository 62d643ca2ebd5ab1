/** @file Batched matrix products and softmax. */
import { int } from '../onnx/model.ts';
import { broadcastShapes, normalizeAxis } from '../shape.ts';
import { apply, type Operator, type Shape, shapeError, type Tensor } from '../tensor.ts';
import { mul, sub, sumTo } from './elementwise.ts';
import { sum } from './reduce.ts';
import { transpose } from './reshape.ts';
import { exp } from './unary.ts';

const matmulOperator: Operator<undefined> = {
  name: 'matmul',
  infer: ([a, b]) => {
    const [m, k] = a!.shape.slice(-2);
    const [k2, n] = b!.shape.slice(-2);
    const batch = broadcastShapes(a!.shape.slice(0, -2), b!.shape.slice(0, -2));
    if (a!.shape.length < 2 || b!.shape.length < 2 || k !== k2 || batch === undefined) {
      throw shapeError('matmul', [a!, b!], 'matrices that do not fit', '[..., m, k] and [..., k, n]');
    }
    return [{ shape: [...batch, m!, n!], dtype: a!.dtype }];
  },
  emit: (emitter, { inputs: [a, b] }) => emitter.node('MatMul', [emitter.name(a!), emitter.name(b!)]),
  gradient: ({ inputs: [a, b] }, [g], needed) => [
    needed[0] ? sumTo(matmul(g!, swapLast(b!)), a!.shape) : undefined,
    needed[1] ? gradientOfRight(a!, b!.shape, g!) : undefined,
  ],
};

/** A right operand without batch axes (a linear layer's weight) sums over the batch inside one product. */
function gradientOfRight(a: Tensor, shape: Shape, g: Tensor): Tensor {
  return sumTo(matmul(swapLast(a), g), shape);
}

/** a [..., m, k] times b [..., k, n] is [..., m, n]; leading axes broadcast. */
export const matmul = (a: Tensor, b: Tensor): Tensor => apply(matmulOperator, [a, b], undefined);

/** Transposes the last two axes. ONNX Runtime folds it into a product that follows. */
export function swapLast(x: Tensor): Tensor {
  const rank = x.shape.length;
  const order = x.shape.map((_, i) => (i < rank - 2 ? i : i === rank - 2 ? rank - 1 : rank - 2));
  return transpose(x, order);
}

interface AxisAttributes {
  readonly axis: number;
}

const softmaxOperator: Operator<AxisAttributes> = {
  name: 'softmax',
  infer: ([x]) => [{ shape: x!.shape, dtype: x!.dtype }],
  emit: (emitter, { inputs: [x], attributes: { axis } }) =>
    emitter.node('Softmax', [emitter.name(x!)], { axis: int(axis) }),
  gradient: ({ outputs: [y], attributes: { axis } }, [g]) => {
    const weighted = mul(g!, y!);
    return [sub(weighted, mul(y!, sum(weighted, { axes: [axis], keepAxes: true })))];
  },
};

const logSoftmaxOperator: Operator<AxisAttributes> = {
  name: 'logSoftmax',
  infer: ([x]) => [{ shape: x!.shape, dtype: x!.dtype }],
  emit: (emitter, { inputs: [x], attributes: { axis } }) =>
    emitter.node('LogSoftmax', [emitter.name(x!)], { axis: int(axis) }),
  gradient: ({ outputs: [y], attributes: { axis } }, [g]) => [
    sub(g!, mul(exp(y!), sum(g!, { axes: [axis], keepAxes: true }))),
  ],
};

export function softmax(x: Tensor, axis = -1): Tensor {
  return apply(softmaxOperator, [x], { axis: normalizeAxis(axis, x.shape.length) });
}

export function logSoftmax(x: Tensor, axis = -1): Tensor {
  return apply(logSoftmaxOperator, [x], { axis: normalizeAxis(axis, x.shape.length) });
}
