/** @file Cases of join.ts and scatter.ts. */
import { concat, gather, pad, slice, split } from '../../../src/graph/ops/join.ts';
import { gatherElements, scatterAdd } from '../../../src/graph/ops/scatter.ts';
import { drawn, f32, i64, type OperatorCase } from '../check-operator.ts';

const matrix = f32([2, 3], [1, 2, 3, 4, 5, 6]);

export const joinCases: readonly OperatorCase[] = [
  {
    operator: 'concat',
    build: (a, b) => concat([a!, b!], -1),
    hand: { inputs: [matrix, f32([2, 1], [7, 8])], outputs: [f32([2, 4], [1, 2, 3, 7, 4, 5, 6, 8])] },
    random: [drawn([2, 3]), drawn([2, 2])],
  },
  {
    operator: 'concat',
    title: 'a tensor with itself',
    build: (a) => concat([a!, a!], 0),
    hand: { inputs: [f32([1], [3])], outputs: [f32([2], [3, 3])], gradients: [f32([1], [2])] },
  },
  { operator: 'concat', title: 'one part', build: (a) => concat([a!], 0), random: [drawn([3])] },
  {
    operator: 'split',
    build: (x) => split(x!, [1, 2], 1),
    hand: { inputs: [matrix], outputs: [f32([2, 1], [1, 4]), f32([2, 2], [2, 3, 5, 6])] },
    random: [drawn([2, 3])],
  },
  {
    operator: 'split',
    title: 'a part that nothing uses',
    build: (x) => split(x!, [1, 2], 1)[1]!,
    hand: {
      inputs: [matrix],
      outputs: [f32([2, 2], [2, 3, 5, 6])],
      gradients: [f32([2, 3], [0, 1, 1, 0, 1, 1])],
    },
  },
  {
    operator: 'slice',
    build: (x) => slice(x!, [0, 1], [1, 3]),
    hand: {
      inputs: [matrix],
      outputs: [f32([1, 2], [2, 3])],
      gradients: [f32([2, 3], [0, 1, 1, 0, 0, 0])],
    },
    random: [drawn([2, 3])],
  },
  {
    operator: 'pad',
    build: (x) => pad(x!, [1, 0], [0, 2]),
    hand: { inputs: [matrix], outputs: [f32([3, 5], [0, 0, 0, 0, 0, 1, 2, 3, 0, 0, 4, 5, 6, 0, 0])] },
    random: [drawn([2, 3])],
  },
  {
    operator: 'pad',
    title: 'negative: cuts off, beside an axis that grows',
    build: (x) => pad(x!, [0, -1], [1, -1]),
    hand: {
      inputs: [matrix],
      outputs: [f32([3, 1], [2, 5, 0])],
      gradients: [f32([2, 3], [0, 1, 0, 0, 1, 0])],
    },
    random: [drawn([2, 4])],
  },
  {
    operator: 'pad',
    title: 'shifts along one axis',
    build: (x) => pad(x!, [2, 0], [-2, 0]),
    hand: { inputs: [f32([3, 1], [1, 2, 3])], outputs: [f32([3, 1], [0, 0, 1])] },
    random: [drawn([4, 2])],
  },
  {
    operator: 'gather',
    title: 'the same slice twice',
    build: (x, indices) => gather(x!, indices!, 1),
    hand: {
      inputs: [matrix, i64([2, 2], [2, 0, 2, 2])],
      outputs: [f32([2, 2, 2], [3, 1, 3, 3, 6, 4, 6, 6])],
      gradients: [f32([2, 3], [1, 0, 3, 1, 0, 3])],
    },
    random: [drawn([2, 3]), i64([2, 2], [2, 0, 2, 2])],
  },
  {
    operator: 'gather',
    title: 'one slice drops the axis',
    build: (x, index) => gather(x!, index!),
    hand: { inputs: [matrix, i64([], [1])], outputs: [f32([3], [4, 5, 6])] },
    random: [drawn([2, 3]), i64([], [-1])],
  },
  {
    operator: 'gatherElements',
    build: (x, indices) => gatherElements(x!, indices!, 1),
    hand: {
      inputs: [matrix, i64([2, 2], [0, 0, 2, 1])],
      outputs: [f32([2, 2], [1, 1, 6, 5])],
      gradients: [f32([2, 3], [2, 0, 0, 0, 1, 1])],
    },
    random: [drawn([2, 3]), i64([2, 2], [0, 0, 2, 1])],
  },
  {
    operator: 'scatterAdd',
    build: (indices, values) => scatterAdd([2, 3], indices!, values!, 1),
    hand: {
      inputs: [i64([3], [2, 0, 2]), f32([2, 3], [1, 2, 3, 4, 5, 6])],
      outputs: [f32([2, 3], [2, 0, 4, 5, 0, 10])],
      gradients: [undefined, f32([2, 3], [1, 1, 1, 1, 1, 1])],
    },
    random: [i64([3], [2, 0, 2]), drawn([2, 3])],
  },
];
