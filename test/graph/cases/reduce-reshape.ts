/** @file Cases of reduce.ts and reshape.ts. */
import { max, mean, sum, sumSquares } from '../../../src/graph/ops/reduce.ts';
import { expand, reshape, transpose } from '../../../src/graph/ops/reshape.ts';
import { drawn, f32, type OperatorCase } from '../check-operator.ts';

const matrix = f32([2, 3], [1, -2, 3, 4, 5, -6]);
const scalarInput = f32([], [3]);
const cube = [drawn([2, 3, 4])];

export const reduceCases: readonly OperatorCase[] = [
  {
    operator: 'sum',
    title: 'over everything',
    build: (x) => sum(x!),
    hand: { inputs: [matrix], outputs: [f32([], [5])], gradients: [f32([2, 3], [1, 1, 1, 1, 1, 1])] },
    random: cube,
  },
  {
    operator: 'sum',
    title: 'over an axis counted from the back, kept',
    build: (x) => sum(x!, { axes: [-1], keepAxes: true }),
    hand: { inputs: [matrix], outputs: [f32([2, 1], [2, 3])] },
    random: cube,
  },
  {
    operator: 'sum',
    title: 'over no axis',
    build: (x) => sum(x!, { axes: [] }),
    hand: { inputs: [matrix], outputs: [matrix] },
  },
  {
    operator: 'sumSquares',
    build: (x) => sumSquares(x!, { axes: [0] }),
    hand: {
      inputs: [matrix],
      outputs: [f32([3], [17, 29, 45])],
      gradients: [f32([2, 3], [2, -4, 6, 8, 10, -12])],
    },
    random: cube,
  },
  {
    operator: 'sumSquares',
    title: 'of a scalar',
    build: (x) => sumSquares(x!),
    hand: { inputs: [scalarInput], outputs: [f32([], [9])], gradients: [f32([], [6])] },
  },
  {
    operator: 'mean',
    build: (x) => mean(x!, { axes: [0, 2] }),
    hand: {
      inputs: [f32([1, 2, 3], [1, 2, 3, 4, 5, 9])],
      outputs: [f32([2], [2, 6])],
      gradients: [f32([1, 2, 3], Array<number>(6).fill(1 / 3))],
    },
    random: cube,
  },
  {
    operator: 'max',
    title: 'the largest ones share the gradient',
    build: (x) => max(x!, { axes: [1] }),
    hand: {
      inputs: [f32([2, 4], [1, 7, 7, 0, 9, -1, -1, -1])],
      outputs: [f32([2], [7, 9])],
      gradients: [f32([2, 4], [0, 0.5, 0.5, 0, 1, 0, 0, 0])],
    },
    random: cube,
  },
  { operator: 'max', title: 'over everything', build: (x) => max(x!), random: cube },
  {
    operator: 'max',
    title: 'over an axis of size 1',
    build: (x) => max(x!, { axes: [1], keepAxes: true }),
    random: [drawn([3, 1])],
  },
  {
    operator: 'reshape',
    build: (x) => reshape(x!, [3, -1]),
    hand: { inputs: [matrix], outputs: [f32([3, 2], [1, -2, 3, 4, 5, -6])] },
    random: cube,
  },
  {
    operator: 'reshape',
    title: 'of nothing',
    build: (x) => reshape(x!, [4, 0]),
    hand: { inputs: [f32([0, 4], [])], outputs: [f32([4, 0], [])] },
  },
  {
    operator: 'transpose',
    build: (x) => transpose(x!, [1, 0]),
    hand: { inputs: [matrix], outputs: [f32([3, 2], [1, 4, -2, 5, 3, -6])] },
    random: [drawn([2, 3])],
  },
  // An order that is not its own inverse tells the gradient's transposition from the forward one.
  { operator: 'transpose', title: 'of three axes', build: (x) => transpose(x!, [2, 0, 1]), random: cube },
  {
    operator: 'expand',
    build: (x) => expand(x!, [2, 2, 3]),
    hand: {
      inputs: [f32([2, 1], [1, 2])],
      outputs: [f32([2, 2, 3], [1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2])],
      gradients: [f32([2, 1], [6, 6])],
    },
    random: [drawn([2, 1])],
  },
];
