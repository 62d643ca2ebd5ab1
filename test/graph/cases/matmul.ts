/** @file Cases of matmul.ts. */
import { logSoftmax, matmul, softmax, swapLast } from '../../../src/graph/ops/matmul.ts';
import { drawn, f32, type OperatorCase } from '../check-operator.ts';

const matrix = f32([2, 3], [1, 2, 3, 4, 5, 6]);
/** exp(1..3) / sum. */
const P = [0.0900305732, 0.2447284711, 0.6652409558];
const logP = P.map(Math.log);

export const matmulCases: readonly OperatorCase[] = [
  {
    operator: 'matmul',
    build: matmul,
    hand: {
      inputs: [matrix, f32([3, 1], [1, 0, -1])],
      outputs: [f32([2, 1], [-2, -2])],
      gradients: [f32([2, 3], [1, 0, -1, 1, 0, -1]), f32([3, 1], [5, 7, 9])],
    },
    random: [drawn([2, 3]), drawn([3, 4])],
  },
  { operator: 'matmul', title: 'batched', build: matmul, random: [drawn([2, 3, 2, 3]), drawn([2, 3, 3, 2])] },
  {
    operator: 'matmul',
    title: 'batch axes broadcast',
    build: matmul,
    random: [drawn([2, 1, 2, 3]), drawn([3, 3, 2])],
  },
  {
    operator: 'matmul',
    title: 'one weight for a batch',
    build: matmul,
    random: [drawn([2, 2, 3]), drawn([3, 2])],
  },
  {
    operator: 'matmul',
    title: 'one matrix on the left',
    build: matmul,
    random: [drawn([2, 3]), drawn([2, 3, 2])],
  },
  {
    operator: 'swapLast',
    build: swapLast,
    hand: { inputs: [matrix], outputs: [f32([3, 2], [1, 4, 2, 5, 3, 6])] },
    random: [drawn([2, 2, 3])],
  },
  {
    operator: 'softmax',
    build: (x) => softmax(x!),
    hand: {
      inputs: [f32([2, 3], [1, 2, 3, 1003, 1002, 1001])],
      outputs: [f32([2, 3], [...P, ...P.toReversed()])],
      gradients: [f32([2, 3], [0, 0, 0, 0, 0, 0])],
    },
    random: [drawn([3, 4])],
  },
  {
    operator: 'softmax',
    title: 'along an axis that is not the last, far from 0',
    build: (x) => softmax(x!, 0),
    hand: {
      inputs: [f32([3, 2], [1, 1003, 2, 1002, 3, 1001])],
      outputs: [f32([3, 2], [P[0]!, P[2]!, P[1]!, P[1]!, P[2]!, P[0]!])],
    },
    random: [drawn([2, 3, 4])],
  },
  {
    operator: 'softmax',
    title: 'along the middle axis',
    build: (x) => softmax(x!, 1),
    random: [drawn([2, 3, 4])],
  },
  {
    operator: 'logSoftmax',
    build: (x) => logSoftmax(x!),
    hand: {
      inputs: [f32([1, 3], [1, 2, 3])],
      outputs: [f32([1, 3], logP)],
      gradients: [
        f32(
          [1, 3],
          P.map((p) => 1 - 3 * p),
        ),
      ],
    },
    random: [drawn([3, 4])],
  },
  {
    operator: 'logSoftmax',
    title: 'along an axis that is not the last, a probability below float32',
    build: (x) => logSoftmax(x!, 0),
    hand: { inputs: [f32([2, 1], [0, 500])], outputs: [f32([2, 1], [-500, 0])] },
    random: [drawn([2, 3, 4])],
  },
];
