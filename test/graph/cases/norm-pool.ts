/** @file Cases of norm.ts and pool.ts. */

import { gridSample } from '../../../src/graph/ops/grid-sample.ts';
import { instanceNorm, layerNorm } from '../../../src/graph/ops/norm.ts';
import { averagePool2d, maxPool2d, upsampleNearest } from '../../../src/graph/ops/pool.ts';
import { resizeBilinear, resizeNearest } from '../../../src/graph/ops/resize.ts';
import { drawn, f32, type OperatorCase } from '../check-operator.ts';

/** (1, 3) less its mean over its deviation, the variance 1 plus epsilon 0.25. */
const U = 1 / Math.sqrt(1.25);
const plane = f32([1, 1, 2, 2], [1, 2, 3, 4]);
const planes = [drawn([2, 3, 3, 4]), drawn([3], 0.5, 2), drawn([3], -1, 1)];
const images = [drawn([2, 2, 3, 4])];
/** Each pixel's centre in [-1, 1], then half a pixel to the right, then far outside. */
const grid = f32([1, 1, 3, 2], [-0.5, -0.5, 0, -0.5, 5, 5]);

export const normPoolCases: readonly OperatorCase[] = [
  {
    operator: 'instanceNorm',
    build: (x, gamma, beta) => instanceNorm(x!, gamma!, beta!, { epsilon: 0.25 }),
    hand: {
      inputs: [f32([1, 2, 1, 2], [1, 3, 13, 11]), f32([2], [1, 10]), f32([2], [0, 5])],
      outputs: [f32([1, 2, 1, 2], [-U, U, 5 + 10 * U, 5 - 10 * U])],
    },
    random: planes,
  },
  {
    operator: 'instanceNorm',
    title: 'with leaky ReLU',
    build: (x, gamma, beta) => instanceNorm(x!, gamma!, beta!, { epsilon: 0.25, leakySlope: 0.1 }),
    hand: {
      inputs: [f32([1, 2, 1, 2], [1, 3, 13, 11]), f32([2], [1, 10]), f32([2], [0, 5])],
      outputs: [f32([1, 2, 1, 2], [-0.1 * U, U, 5 + 10 * U, 0.1 * (5 - 10 * U)])],
    },
    // A smaller step: where a difference crosses the bend at 0, it sees neither slope.
    random: planes,
    step: 1e-3,
    tolerance: 5e-3,
  },
  {
    operator: 'instanceNorm',
    title: 'of a constant plane',
    build: (x, gamma, beta) => instanceNorm(x!, gamma!, beta!),
    hand: {
      inputs: [f32([1, 1, 2, 2], [7, 7, 7, 7]), f32([1], [3]), f32([1], [2])],
      outputs: [f32([1, 1, 2, 2], [2, 2, 2, 2])],
      gradients: [f32([1, 1, 2, 2], [0, 0, 0, 0]), f32([1], [0]), f32([1], [4])],
    },
  },
  {
    operator: 'layerNorm',
    build: (x, gamma, beta) => layerNorm(x!, gamma!, beta!, 0.25),
    hand: {
      inputs: [f32([2, 2], [1, 3, 13, 11]), f32([2], [1, 10]), f32([2], [0, 5])],
      outputs: [f32([2, 2], [-U, 5 + 10 * U, U, 5 - 10 * U])],
    },
    random: [drawn([2, 3, 5]), drawn([5], 0.5, 2), drawn([5])],
  },
  {
    operator: 'maxPool2d',
    build: (x) => maxPool2d(x!),
    hand: {
      inputs: [f32([1, 1, 2, 4], [1, 2, 8, 3, 4, 3, 5, 6])],
      outputs: [f32([1, 1, 1, 2], [4, 8])],
      gradients: [f32([1, 1, 2, 4], [0, 0, 1, 0, 1, 0, 0, 0])],
    },
    random: [drawn([2, 2, 4, 6])],
  },
  {
    operator: 'maxPool2d',
    title: 'the largest share the gradient',
    build: (x) => maxPool2d(x!),
    hand: {
      inputs: [f32([1, 1, 2, 2], [4, 4, 1, 4])],
      outputs: [f32([1, 1, 1, 1], [4])],
      gradients: [f32([1, 1, 2, 2], [1 / 3, 1 / 3, 0, 1 / 3])],
    },
  },
  {
    operator: 'maxPool2d',
    title: 'windows of 3',
    build: (x) => maxPool2d(x!, 3),
    random: [drawn([1, 2, 3, 6])],
  },
  {
    operator: 'averagePool2d',
    build: (x) => averagePool2d(x!),
    hand: {
      inputs: [f32([1, 1, 2, 4], [1, 2, 8, 3, 4, 3, 5, 6])],
      outputs: [f32([1, 1, 1, 2], [2.5, 5.5])],
      gradients: [f32([1, 1, 2, 4], new Array<number>(8).fill(0.25))],
    },
    random: [drawn([2, 2, 4, 6])],
  },
  {
    operator: 'upsampleNearest',
    build: (x) => upsampleNearest(x!, 2),
    hand: {
      inputs: [plane],
      outputs: [f32([1, 1, 4, 4], [1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4])],
      gradients: [f32([1, 1, 2, 2], [4, 4, 4, 4])],
    },
    random: images,
  },
  { operator: 'upsampleNearest', title: 'threefold', build: (x) => upsampleNearest(x!, 3), random: images },
  {
    operator: 'resizeNearest',
    build: (x) => resizeNearest(x!, 3, 5),
    hand: {
      inputs: [plane],
      outputs: [f32([1, 1, 3, 5], [1, 1, 1, 2, 2, 1, 1, 1, 2, 2, 3, 3, 3, 4, 4])],
      gradients: [f32([1, 1, 2, 2], [6, 4, 3, 2])],
    },
    random: images,
  },
  { operator: 'resizeNearest', title: 'down', build: (x) => resizeNearest(x!, 2, 3), random: images },
  {
    operator: 'resizeBilinear',
    title: 'up',
    build: (x) => resizeBilinear(x!, 2, 4),
    hand: {
      inputs: [f32([1, 1, 1, 2], [0, 4])],
      outputs: [f32([1, 1, 2, 4], [0, 1, 3, 4, 0, 1, 3, 4])],
      gradients: [f32([1, 1, 1, 2], [4, 4])],
    },
    random: images,
  },
  {
    operator: 'resizeBilinear',
    title: 'down, two neighbours of each centre',
    build: (x) => resizeBilinear(x!, 1, 2),
    hand: {
      inputs: [f32([1, 1, 1, 6], [0, 1, 2, 3, 4, 5])],
      outputs: [f32([1, 1, 1, 2], [1, 4])],
      gradients: [f32([1, 1, 1, 6], [0, 1, 0, 0, 1, 0])],
    },
    random: [drawn([2, 2, 5, 7])],
  },
  {
    operator: 'resizeBilinear',
    title: 'by odd factors',
    build: (x) => resizeBilinear(x!, 5, 7),
    random: images,
  },
  {
    operator: 'gridSample',
    build: (x, at) => gridSample(x!, at!),
    hand: { inputs: [plane, grid], outputs: [f32([1, 1, 1, 3], [1, 1.5, 0])] },
  },
  {
    operator: 'gridSample',
    title: 'nearest',
    build: (x, at) => gridSample(x!, at!, 'nearest'),
    hand: {
      inputs: [plane, f32([1, 1, 3, 2], [-0.4, -0.6, 0.3, 0.9, -1.5, 0])],
      outputs: [f32([1, 1, 1, 3], [1, 4, 0])],
    },
  },
  {
    operator: 'gridSample',
    title: 'the border goes on',
    build: (x, at) => gridSample(x!, at!, 'bilinear', 'border'),
    hand: { inputs: [plane, grid], outputs: [f32([1, 1, 1, 3], [1, 1.5, 4])] },
  },
];
