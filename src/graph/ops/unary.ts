/** @file Elementwise operators with one input, one row each. y is the operator's own output. */
import type { DType } from '../../tensor/array.ts';
import { ONNX_DTYPE } from '../onnx/encode.ts';
import { type AttributeValue, float, int } from '../onnx/model.ts';
import { apply, type Operator, type Tensor } from '../tensor.ts';
import { add, div, greater, mul, sub, where } from './elementwise.ts';

interface UnaryAttributes {
  readonly [name: string]: number;
}

type UnaryGradient = (x: Tensor, y: Tensor, gradient: Tensor, attributes: UnaryAttributes) => Tensor;

function unary(name: string, type: string, gradient: UnaryGradient): Operator<UnaryAttributes> {
  return {
    name,
    infer: ([x]) => [{ shape: x!.shape, dtype: x!.dtype }],
    emit: (emitter, { inputs: [x], attributes }) => {
      const onnx: Record<string, AttributeValue> = {};
      for (const [key, value] of Object.entries(attributes)) onnx[key] = float(value);
      return emitter.node(type, [emitter.name(x!)], onnx);
    },
    gradient: ({ inputs: [x], outputs: [y], attributes }, [g]) => [gradient(x!, y!, g!, attributes)],
  };
}

const TWO_OVER_SQRT_PI = 2 / Math.sqrt(Math.PI);

const operators = {
  neg: unary('neg', 'Neg', (_x, _y, g) => neg(g)),
  exp: unary('exp', 'Exp', (_x, y, g) => mul(g, y)),
  log: unary('log', 'Log', (x, _y, g) => div(g, x)),
  sqrt: unary('sqrt', 'Sqrt', (_x, y, g) => div(mul(g, 0.5), y)),
  abs: unary('abs', 'Abs', (x, _y, g) => mul(g, sign(x))),
  sign: unary('sign', 'Sign', (_x, _y, g) => mul(g, 0)),
  erf: unary('erf', 'Erf', (x, _y, g) => mul(g, mul(exp(neg(mul(x, x))), TWO_OVER_SQRT_PI))),
  tanh: unary('tanh', 'Tanh', (_x, y, g) => mul(g, sub(1, mul(y, y)))),
  sigmoid: unary('sigmoid', 'Sigmoid', (_x, y, g) => mul(g, mul(y, sub(1, y)))),
  softplus: unary('softplus', 'Softplus', (x, _y, g) => mul(g, sigmoid(x))),
  relu: unary('relu', 'Relu', (_x, y, g) => where(greater(y, 0), g, 0)),
  leakyRelu: unary('leakyRelu', 'LeakyRelu', (_x, y, g, { alpha }) =>
    where(greater(y, 0), g, mul(g, alpha!)),
  ),
};

export const neg = (x: Tensor): Tensor => apply(operators.neg, [x], {});
export const exp = (x: Tensor): Tensor => apply(operators.exp, [x], {});
/** Natural logarithm. */
export const log = (x: Tensor): Tensor => apply(operators.log, [x], {});
export const sqrt = (x: Tensor): Tensor => apply(operators.sqrt, [x], {});
export const abs = (x: Tensor): Tensor => apply(operators.abs, [x], {});
/** -1, 0 or 1. */
export const sign = (x: Tensor): Tensor => apply(operators.sign, [x], {});
export const erf = (x: Tensor): Tensor => apply(operators.erf, [x], {});
export const tanh = (x: Tensor): Tensor => apply(operators.tanh, [x], {});
export const sigmoid = (x: Tensor): Tensor => apply(operators.sigmoid, [x], {});
/** log(1 + exp(x)). */
export const softplus = (x: Tensor): Tensor => apply(operators.softplus, [x], {});
export const relu = (x: Tensor): Tensor => apply(operators.relu, [x], {});
/** x where x > 0, slope * x elsewhere (Maas et al. 2013). */
export const leakyRelu = (x: Tensor, slope = 0.01): Tensor =>
  apply(operators.leakyRelu, [x], { alpha: slope });
/** Exact GELU, x * (1 + erf(x / sqrt 2)) / 2 (Hendrycks and Gimpel 2016). ONNX Runtime fuses the pattern. */
export const gelu = (x: Tensor): Tensor => mul(mul(x, add(erf(div(x, Math.SQRT2)), 1)), 0.5);

const castOperator: Operator<{ readonly to: DType }> = {
  name: 'cast',
  infer: ([x], { to }) => [{ shape: x!.shape, dtype: to }],
  emit: (emitter, { inputs: [x], attributes }) =>
    emitter.node('Cast', [emitter.name(x!)], { to: int(ONNX_DTYPE[attributes.to]) }),
  gradient: ({ inputs: [x], attributes }, [g]) => [
    x!.dtype.startsWith('float') && attributes.to.startsWith('float') ? cast(g!, x!.dtype) : undefined,
  ],
};

/** The same values in another dtype; the gradient passes between float types only. */
export const cast = (x: Tensor, to: DType): Tensor => (x.dtype === to ? x : apply(castOperator, [x], { to }));
