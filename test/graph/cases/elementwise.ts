/** @file Cases of elementwise.ts. */
import {
  add,
  div,
  equal,
  greater,
  less,
  maximum,
  minimum,
  mul,
  sub,
  sumTo,
  where,
} from '../../../src/graph/ops/elementwise.ts';
import { bool, drawn, f32, i64, type OperatorCase } from '../check-operator.ts';

/** Both operands are repeated: [2, 1, 3] and [4, 1]. */
const bothWays = [drawn([2, 1, 3]), drawn([4, 1])];
/** Divisors stay away from 0. */
const divisor = drawn([4, 1], 0.7, 2);
const column = f32([2, 1], [1, 2]);
const row = f32([3], [10, 20, 30]);

export const elementwiseCases: readonly OperatorCase[] = [
  {
    operator: 'add',
    build: add,
    hand: {
      inputs: [column, row],
      outputs: [f32([2, 3], [11, 21, 31, 12, 22, 32])],
      gradients: [f32([2, 1], [3, 3]), f32([3], [2, 2, 2])],
    },
    random: bothWays,
  },
  {
    operator: 'add',
    title: 'whole numbers and a number',
    build: (x) => add(x!, 3),
    hand: { inputs: [i64([2], [1, -5])], outputs: [i64([2], [4, -2])] },
  },
  {
    operator: 'sub',
    build: sub,
    hand: {
      inputs: [column, row],
      outputs: [f32([2, 3], [-9, -19, -29, -8, -18, -28])],
      gradients: [f32([2, 1], [3, 3]), f32([3], [-2, -2, -2])],
    },
    random: bothWays,
  },
  {
    operator: 'sub',
    title: 'a number and a tensor',
    build: (x) => sub(1, x!),
    hand: { inputs: [row], outputs: [f32([3], [-9, -19, -29])] },
    random: [drawn([3])],
  },
  {
    operator: 'mul',
    build: mul,
    hand: {
      inputs: [column, row],
      outputs: [f32([2, 3], [10, 20, 30, 20, 40, 60])],
      gradients: [f32([2, 1], [60, 60]), f32([3], [3, 3, 3])],
    },
    random: bothWays,
  },
  {
    operator: 'mul',
    title: 'a tensor by itself',
    build: (x) => mul(x!, x!),
    hand: { inputs: [row], outputs: [f32([3], [100, 400, 900])], gradients: [f32([3], [20, 40, 60])] },
  },
  {
    operator: 'div',
    build: div,
    hand: {
      inputs: [row, column],
      outputs: [f32([2, 3], [10, 20, 30, 5, 10, 15])],
      gradients: [f32([3], [1.5, 1.5, 1.5]), f32([2, 1], [-60, -15])],
    },
    random: [drawn([2, 1, 3]), divisor],
  },
  {
    operator: 'maximum',
    title: 'equal values share the gradient',
    build: maximum,
    hand: {
      inputs: [f32([3], [1, 5, 3]), f32([3], [4, 2, 3])],
      outputs: [f32([3], [4, 5, 3])],
      gradients: [f32([3], [0, 1, 0.5]), f32([3], [1, 0, 0.5])],
    },
    random: bothWays,
  },
  {
    operator: 'minimum',
    title: 'equal values share the gradient',
    build: minimum,
    hand: {
      inputs: [f32([3], [1, 5, 3]), f32([3], [4, 2, 3])],
      outputs: [f32([3], [1, 2, 3])],
      gradients: [f32([3], [1, 0, 0.5]), f32([3], [0, 1, 0.5])],
    },
    random: bothWays,
  },
  {
    operator: 'equal',
    build: equal,
    hand: { inputs: [column, f32([2], [1, 3])], outputs: [bool([2, 2], [1, 0, 0, 0])] },
  },
  {
    operator: 'greater',
    build: greater,
    hand: { inputs: [column, f32([2], [1, 1.5])], outputs: [bool([2, 2], [0, 0, 1, 1])] },
  },
  {
    operator: 'less',
    build: less,
    hand: { inputs: [column, f32([2], [1, 1.5])], outputs: [bool([2, 2], [0, 1, 0, 0])] },
  },
  {
    operator: 'where',
    build: where,
    hand: {
      inputs: [bool([2, 1], [1, 0]), row, f32([], [7])],
      outputs: [f32([2, 3], [10, 20, 30, 7, 7, 7])],
      gradients: [undefined, f32([3], [1, 1, 1]), f32([], [3])],
    },
    random: [bool([4, 1], [1, 0, 0, 1]), ...bothWays],
  },
  {
    operator: 'where',
    title: 'numbers',
    build: (condition) => where(condition!, 2, -1),
    hand: { inputs: [bool([2], [1, 0])], outputs: [f32([2], [2, -1])] },
  },
  {
    operator: 'sumTo',
    build: (x) => sumTo(x!, [3, 1]),
    hand: {
      inputs: [f32([2, 3, 2], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])],
      outputs: [f32([3, 1], [18, 26, 34])],
    },
    random: [drawn([2, 3, 2])],
  },
];
