/** @file Cases of unary.ts. */
import {
  abs,
  cast,
  erf,
  exp,
  gelu,
  leakyRelu,
  log,
  neg,
  relu,
  sigmoid,
  sign,
  softplus,
  sqrt,
  tanh,
} from '../../../src/graph/ops/unary.ts';
import type { Tensor } from '../../../src/graph/tensor.ts';
import { drawn, f32, i64, type OperatorCase } from '../check-operator.ts';

const x = f32([5], [-3, -0.5, 0, 0.5, 3]);
const positive = f32([3], [0.25, 1, 4]);

/** y of each x, and the slope there. */
function row(
  operator: (tensor: Tensor) => Tensor,
  [input, outputs, slopes]: readonly [typeof x, readonly number[], readonly number[]],
  range: readonly [number, number] = [-2, 2],
): OperatorCase {
  return {
    operator: operator.name,
    build: (tensor) => operator(tensor!),
    hand: {
      inputs: [input],
      outputs: [f32(input.shape, outputs)],
      gradients: [f32(input.shape, slopes)],
      tolerance: 2e-6,
    },
    random: [drawn([3, 8], ...range)],
  };
}

const e = Math.exp;
const logistic = (value: number): number => 1 / (1 + e(-value));
/** Values and slopes of erf at 0.5 and 3, of tables. */
const [ERF_HALF, ERF_3] = [0.5204998778, 0.9999779095];
const erfSlope = (value: number): number => (2 / Math.sqrt(Math.PI)) * e(-value * value);

export const unaryCases: readonly OperatorCase[] = [
  row(neg, [x, [3, 0.5, 0, -0.5, -3], [-1, -1, -1, -1, -1]]),
  row(exp, [x, [...x.data].map(e), [...x.data].map(e)]),
  row(log, [positive, [Math.log(0.25), 0, Math.log(4)], [4, 1, 0.25]], [0.5, 3]),
  row(sqrt, [positive, [0.5, 1, 2], [1, 0.5, 0.25]], [0.5, 3]),
  row(abs, [x, [3, 0.5, 0, 0.5, 3], [-1, -1, 0, 1, 1]]),
  row(sign, [x, [-1, -1, 0, 1, 1], [0, 0, 0, 0, 0]]),
  row(erf, [x, [-ERF_3, -ERF_HALF, 0, ERF_HALF, ERF_3], [...x.data].map(erfSlope)]),
  row(tanh, [x, [...x.data].map(Math.tanh), [...x.data].map((value) => 1 - Math.tanh(value) ** 2)]),
  row(sigmoid, [
    x,
    [...x.data].map(logistic),
    [...x.data].map((value) => logistic(value) * (1 - logistic(value))),
  ]),
  row(softplus, [x, [...x.data].map((value) => Math.log1p(e(value))), [...x.data].map(logistic)]),
  row(relu, [x, [0, 0, 0, 0.5, 3], [0, 0, 0, 1, 1]]),
  row(leakyRelu, [x, [-0.03, -0.005, 0, 0.5, 3], [0.01, 0.01, 0.01, 1, 1]]),
  {
    operator: 'leakyRelu',
    title: 'with a slope of 0.2',
    build: (tensor) => leakyRelu(tensor!, 0.2),
    hand: { inputs: [x], outputs: [f32([5], [-0.6, -0.1, 0, 0.5, 3])] },
    random: [drawn([3, 8])],
  },
  {
    operator: 'gelu',
    build: (tensor) => gelu(tensor!),
    // x Phi(x), with the normal distribution's Phi of tables.
    hand: {
      inputs: [f32([4], [-1, 0, 1, 2])],
      outputs: [f32([4], [-0.1586552539, 0, 0.8413447461, 1.9544997361])],
      gradients: [f32([4], [-0.0833154706, 0.5, 1.0833154706, 1.0852318004])],
      tolerance: 2e-6,
    },
    random: [drawn([3, 8], -3, 3)],
  },
  {
    operator: 'cast',
    title: 'to whole numbers, towards zero',
    build: (tensor) => cast(tensor!, 'int64'),
    hand: { inputs: [f32([3], [-1.7, 0.2, 2.9])], outputs: [i64([3], [-1, 0, 2])] },
  },
  {
    operator: 'cast',
    title: 'to float32, its gradient unchanged',
    build: (tensor) => cast(cast(tensor!, 'float16'), 'float32'),
    hand: { inputs: [f32([2], [0.5, -8])], outputs: [f32([2], [0.5, -8])], gradients: [f32([2], [1, 1])] },
  },
];
