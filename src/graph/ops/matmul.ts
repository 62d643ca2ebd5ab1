/** @file Batched matrix products and softmax. */
import { int } from '../onnx/model.ts';
import { broadcastShapes, normalizeAxis } from '../shape.ts';
import { apply, type Emitter, type Operator, shapeError, type Tensor } from '../tensor.ts';
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
    if (
      a!.shape.length < 2 ||
      b!.shape.length < 2 ||
      k !== k2 ||
      batch === undefined ||
      a!.dtype !== b!.dtype
    ) {
      throw shapeError(
        'matmul',
        [a!, b!],
        'matrices that do not fit',
        '[..., m, k] and [..., k, n] of one dtype',
      );
    }
    return [{ shape: [...batch, m!, n!], dtype: a!.dtype }];
  },
  emit: (emitter, { inputs: [a, b] }) => emitter.node('MatMul', [emitter.name(a!), emitter.name(b!)]),
  gradient: ({ inputs: [a, b] }, [g], needed) => [
    needed[0] ? sumTo(matmul(g!, swapLast(b!)), a!.shape) : undefined,
    needed[1] ? sumTo(matmul(swapLast(a!), g!), b!.shape) : undefined,
  ],
};

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

/**
 * x - max, its exponentials and their sum along an axis. ONNX Runtime's own Softmax is many times slower along any
 * axis but the last, where it moves that axis to the end and back one element at a time.
 */
function emitExponentials(
  emitter: Emitter,
  x: Tensor,
  axis: number,
): { shifted: string; exponentials: string; total: string } {
  const along = (type: string, name: string): string =>
    emitter.node(type, [name, emitter.int64([axis])], { keepdims: int(1) })[0]!;
  const shifted = emitter.node('Sub', [emitter.name(x), along('ReduceMax', emitter.name(x))])[0]!;
  const exponentials = emitter.node('Exp', [shifted])[0]!;
  return { shifted, exponentials, total: along('ReduceSum', exponentials) };
}

const softmaxOperator: Operator<AxisAttributes> = {
  name: 'softmax',
  infer: ([x]) => [{ shape: x!.shape, dtype: x!.dtype }],
  emit: (emitter, { inputs: [x], attributes: { axis } }) => {
    if (axis === x!.shape.length - 1) return emitter.node('Softmax', [emitter.name(x!)], { axis: int(axis) });
    const { exponentials, total } = emitExponentials(emitter, x!, axis);
    return emitter.node('Div', [exponentials, total]);
  },
  gradient: ({ outputs: [y], attributes: { axis } }, [g]) => {
    const weighted = mul(g!, y!);
    return [sub(weighted, mul(y!, sum(weighted, { axes: [axis], keepAxes: true })))];
  },
};

const logSoftmaxOperator: Operator<AxisAttributes> = {
  name: 'logSoftmax',
  infer: ([x]) => [{ shape: x!.shape, dtype: x!.dtype }],
  emit: (emitter, { inputs: [x], attributes: { axis } }) => {
    if (axis === x!.shape.length - 1)
      return emitter.node('LogSoftmax', [emitter.name(x!)], { axis: int(axis) });
    const { shifted, total } = emitExponentials(emitter, x!, axis);
    return emitter.node('Sub', [shifted, ...emitter.node('Log', [total])]);
  },
  gradient: ({ outputs: [y], attributes: { axis } }, [g]) => [
    sub(g!, mul(exp(y!), sum(g!, { axes: [axis], keepAxes: true }))),
  ],
};

/** Probabilities along an axis: exp(x) / sum exp(x). */
export function softmax(x: Tensor, axis = -1): Tensor {
  return apply(softmaxOperator, [x], { axis: normalizeAxis(axis, x.shape.length) });
}

/** The logarithm of softmax, exact where a probability is too small for float32. */
export function logSoftmax(x: Tensor, axis = -1): Tensor {
  return apply(logSoftmaxOperator, [x], { axis: normalizeAxis(axis, x.shape.length) });
}
