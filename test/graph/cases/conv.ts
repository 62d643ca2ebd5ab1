/** @file Cases of conv.ts, filter-gradient.ts and channel-affine.ts. */
import { channelAffine } from '../../../src/graph/ops/channel-affine.ts';
import { type ConvOptions, conv2d, convTranspose2d } from '../../../src/graph/ops/conv.ts';
import { filterGradient } from '../../../src/graph/ops/filter-gradient.ts';
import { drawn, f32, type OperatorCase } from '../check-operator.ts';

/** 1 to 9 row by row. */
const square = f32([1, 1, 3, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9]);
const corners = f32([1, 1, 2, 2], [1, 0, 0, 10]);

type Size = readonly [channels: number, height: number, width: number];

function conv(
  title: string,
  [channels, height, width]: Size,
  features: number,
  kernel: readonly [number, number],
  options: ConvOptions & { readonly batch?: number; readonly bias?: boolean } = {},
): OperatorCase {
  const { batch = 2, bias = false, ...rest } = options;
  const filter = [features, channels / (rest.groups ?? 1), ...kernel];
  return {
    operator: 'conv2d',
    title,
    build: (x, w, b) => conv2d(x!, w!, b, rest),
    random: [drawn([batch, channels, height, width]), drawn(filter), ...(bias ? [drawn([features])] : [])],
    // Products of up to hundreds of values: their rounding, over a step of 0.02, is what the difference sees.
    tolerance: 2e-3,
  };
}

function convTranspose(
  title: string,
  [channels, height, width]: Size,
  features: number,
  kernel: readonly [number, number],
  options: ConvOptions & { readonly bias?: boolean } = {},
): OperatorCase {
  const { bias = false, ...rest } = options;
  return {
    operator: 'convTranspose2d',
    title,
    build: (x, w, b) => convTranspose2d(x!, w!, b, rest),
    random: [
      drawn([2, channels, height, width]),
      drawn([channels, features, ...kernel]),
      ...(bias ? [drawn([features])] : []),
    ],
    tolerance: 2e-3,
  };
}

export const convCases: readonly OperatorCase[] = [
  {
    operator: 'conv2d',
    build: (x, w, b) => conv2d(x!, w!, b),
    hand: {
      inputs: [square, corners, f32([1], [0.5])],
      outputs: [f32([1, 1, 2, 2], [51.5, 62.5, 84.5, 95.5])],
      gradients: [
        f32([1, 1, 3, 3], [1, 1, 0, 1, 11, 10, 0, 10, 10]),
        f32([1, 1, 2, 2], [12, 16, 24, 28]),
        f32([1], [4]),
      ],
    },
  },
  {
    operator: 'conv2d',
    title: 'stride 2, padding 1',
    build: (x, w) => conv2d(x!, w!, undefined, { stride: 2, padding: 1 }),
    hand: {
      inputs: [square, corners],
      outputs: [f32([1, 1, 2, 2], [10, 30, 70, 95])],
    },
  },
  {
    operator: 'conv2d',
    title: 'one filter per channel',
    build: (x, w) => conv2d(x!, w!, undefined, { groups: 2 }),
    hand: {
      inputs: [f32([1, 2, 1, 2], [1, 2, 3, 4]), f32([2, 1, 1, 1], [10, 100])],
      outputs: [f32([1, 2, 1, 2], [10, 20, 300, 400])],
      gradients: [f32([1, 2, 1, 2], [10, 10, 100, 100]), f32([2, 1, 1, 1], [3, 7])],
    },
  },
  conv('3 x 3, padding 1, bias', [2, 4, 5], 3, [3, 3], { padding: 1, bias: true }),
  conv('3 x 3, no padding', [2, 4, 5], 2, [3, 3]),
  conv('3 x 3, padding 2', [2, 3, 4], 2, [3, 3], { padding: 2 }),
  conv('3 x 3, stride 2, padding 1, even size', [2, 4, 6], 2, [3, 3], { stride: 2, padding: 1 }),
  conv('3 x 3, stride 2, padding 1, odd size', [2, 5, 7], 2, [3, 3], { stride: 2, padding: 1 }),
  conv('3 x 3, stride 2, a row left over', [2, 6, 4], 2, [3, 3], { stride: 2 }),
  conv('1 x 1', [3, 3, 4], 2, [1, 1], { bias: true }),
  conv('1 x 1, padding 2', [2, 2, 3], 2, [1, 1], { padding: 2 }),
  conv('1 x 1, stride 2', [2, 3, 4], 2, [1, 1], { stride: 2 }),
  conv('2 x 2', [2, 3, 4], 2, [2, 2]),
  conv('2 x 2, padding 1', [2, 3, 4], 2, [2, 2], { padding: 1 }),
  conv('2 x 2, stride 2: patches', [2, 4, 6], 3, [2, 2], { stride: 2, bias: true }),
  conv('2 x 2, stride 2: patches with a row and a column left over', [2, 5, 5], 2, [2, 2], { stride: 2 }),
  conv('2 x 2, stride 2, padding 1', [2, 4, 5], 2, [2, 2], { stride: 2, padding: 1 }),
  conv('4 x 4, stride 4: patches', [1, 8, 4], 2, [4, 4], { stride: 4 }),
  conv('3 x 3, stride 1 x 2, padding 1', [2, 4, 6], 2, [3, 3], { stride: [1, 2], padding: 1 }),
  conv('3 x 3, stride 2 x 1, padding 1, odd size', [2, 5, 3], 2, [3, 3], { stride: [2, 1], padding: 1 }),
  conv('2 x 1, stride 2 x 1: patches', [2, 4, 3], 2, [2, 1], { stride: [2, 1] }),
  conv('5 x 5, padding 2', [1, 6, 5], 2, [5, 5], { padding: 2 }),
  conv('5 x 5, stride 2, padding 2', [1, 7, 6], 2, [5, 5], { stride: 2, padding: 2 }),
  conv('3 x 1', [2, 4, 3], 2, [3, 1]),
  conv('1 x 3, padding 1', [2, 4, 3], 2, [1, 3], { padding: 1 }),
  conv('two groups', [4, 4, 3], 6, [3, 3], { groups: 2, padding: 1, bias: true }),
  conv('two groups, stride 2', [4, 4, 4], 2, [3, 3], { groups: 2, stride: 2, padding: 1 }),
  conv('two groups, patches', [4, 4, 4], 4, [2, 2], { groups: 2, stride: 2 }),
  conv('one group per channel', [3, 4, 4], 3, [3, 3], { groups: 3, padding: 1 }),
  conv('one group per channel, two features each', [2, 4, 4], 4, [3, 3], { groups: 2, padding: 1 }),
  conv('few pixels and many channels', [12, 2, 2], 10, [3, 3], { padding: 1, batch: 1 }),
  conv('few pixels and many channels, stride 2', [8, 2, 2], 6, [3, 3], { padding: 1, stride: 2, batch: 1 }),
  {
    operator: 'convTranspose2d',
    build: (x, w, b) => convTranspose2d(x!, w!, b, { stride: 2 }),
    hand: {
      inputs: [f32([1, 1, 1, 2], [1, 2]), f32([1, 1, 2, 2], [1, 2, 3, 4]), f32([1], [100])],
      outputs: [f32([1, 1, 2, 4], [101, 102, 102, 104, 103, 104, 106, 108])],
      gradients: [f32([1, 1, 1, 2], [10, 10]), f32([1, 1, 2, 2], [3, 3, 3, 3]), f32([1], [8])],
    },
  },
  {
    operator: 'convTranspose2d',
    title: 'in groups, forward only',
    build: (x, w) => convTranspose2d(x!, w!, undefined, { groups: 2 }),
    hand: {
      inputs: [f32([1, 2, 1, 1], [2, 3]), f32([2, 1, 1, 2], [1, 10, 100, 1000])],
      outputs: [f32([1, 2, 1, 2], [2, 20, 300, 3000])],
    },
  },
  convTranspose('2 x 2, stride 2', [3, 3, 2], 2, [2, 2], { stride: 2, bias: true }),
  convTranspose('3 x 3', [2, 3, 2], 2, [3, 3]),
  convTranspose('3 x 3, stride 2, padding 1', [2, 3, 4], 2, [3, 3], { stride: 2, padding: 1 }),
  convTranspose('1 x 2, stride 1 x 2', [3, 3, 2], 2, [1, 2], { stride: [1, 2], bias: true }),
  convTranspose('3 x 3, padding 2', [2, 4, 5], 2, [3, 3], { padding: 2 }),
  convTranspose('1 x 1', [2, 3, 2], 3, [1, 1]),
  {
    operator: 'filterGradient',
    build: (x, g) => filterGradient(x!, g!, [1, 1, 2, 2], { stride: [1, 1], padding: 0, groups: 1 }),
    hand: {
      inputs: [square, f32([1, 1, 2, 2], [1, 0, 0, 10])],
      outputs: [f32([1, 1, 2, 2], [51, 62, 84, 95])],
    },
    random: [drawn([2, 1, 3, 3]), drawn([2, 1, 2, 2])],
    tolerance: 2e-3,
  },
  {
    operator: 'channelAffine',
    build: (x, scale, shift) =>
      channelAffine(x!, scale!, shift!, { activation: { kind: 'leaky', slope: 0.1 } }),
    hand: {
      inputs: [f32([1, 2, 1, 2], [1, 2, 3, 4]), f32([2], [10, -1]), f32([2], [-15, 1])],
      outputs: [f32([1, 2, 1, 2], [-0.5, 5, -0.2, -0.3])],
    },
  },
  {
    operator: 'channelAffine',
    title: 'of two samples, with an addend',
    build: (x, scale, shift, addend) => channelAffine(x!, scale!, shift!, { addend: addend! }),
    hand: {
      inputs: [
        f32([2, 1, 1, 2], [1, 2, 3, 4]),
        f32([2, 1], [10, 100]),
        f32([2, 1], [1, 2]),
        f32([2, 1, 1, 2], [0.25, 0.5, 0.75, 1]),
      ],
      outputs: [f32([2, 1, 1, 2], [11.25, 21.5, 302.75, 403])],
    },
  },
  {
    operator: 'channelAffine',
    title: 'the slope of a leaky ReLU',
    build: (x, scale, shift) =>
      channelAffine(x!, scale!, shift!, { activation: { kind: 'slope', slope: 0.1 } }),
    hand: {
      inputs: [f32([1, 1, 1, 3], [-3, 0.5, 4]), f32([1], [1e20]), f32([1], [0])],
      outputs: [f32([1, 1, 1, 3], [0.1, 1, 1])],
    },
  },
];
