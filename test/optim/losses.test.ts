/** @file Losses by hand and by central differences; their exports are all covered. */
import { describe, expect, it } from 'vitest';
import { gradient } from '../../src/autodiff/gradient.ts';
import { buildModel } from '../../src/graph/build.ts';
import { sigmoid } from '../../src/graph/ops/unary.ts';
import { input } from '../../src/graph/tensor.ts';
import * as losses from '../../src/optim/losses.ts';
import { openSession } from '../../src/runtime/session.ts';
import { float32 } from '../../src/tensor/array.ts';
import { checkOperator, drawn, f32, type OperatorCase } from '../graph/check-operator.ts';

const { bceWithLogits, crossEntropy, meanSquaredError, oneHot, softDiceLoss } = losses;

const LN2 = Math.LN2;
const LN3 = Math.log(3);
/** Logits 0, ln 3, 0 and -ln 3: probabilities 1/2, 3/4, 1/2 and 1/4. */
const logits = f32([1, 2, 1, 2], [0, LN3, 0, -LN3]);
const targets = f32([1, 2, 1, 2], [1, 1, 0, 1]);
/** -log of what each target has: ln 2, ln 4/3, ln 2, ln 4. */
const entropies = [LN2, Math.log(4 / 3), LN2, 2 * LN2];
const total = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const softTargets = f32(
  [2, 3, 2, 2],
  Float32Array.from({ length: 24 }, (_, i) => (i % 5) / 4),
);
const hotTargets = f32([2, 3, 1, 2], [1, 0, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0]);

const cases: readonly OperatorCase[] = [
  {
    operator: 'bceWithLogits',
    build: (x, y) => bceWithLogits(x!, y!),
    hand: {
      inputs: [logits, targets],
      outputs: [f32([], [total(entropies) / 4])],
      gradients: [
        f32(
          [1, 2, 1, 2],
          [-0.5, -0.25, 0.5, -0.75].map((value) => value / 4),
        ),
        f32(
          [1, 2, 1, 2],
          [0, -LN3, 0, LN3].map((value) => value / 4),
        ),
      ],
    },
    random: [drawn([2, 3, 2, 2], -4, 4), drawn([2, 3, 2, 2], 0.05, 0.95)],
  },
  {
    operator: 'bceWithLogits',
    title: 'with a weight per class',
    build: (x, y, w) => bceWithLogits(x!, y!, w),
    hand: {
      inputs: [logits, targets, f32([2], [10, 3])],
      outputs: [f32([], [(10 * entropies[0]! + 10 * entropies[1]! + entropies[2]! + 3 * entropies[3]!) / 4])],
      gradients: [
        f32(
          [1, 2, 1, 2],
          [-5, -2.5, 0.5, -2.25].map((value) => value / 4),
        ),
      ],
    },
    random: [drawn([2, 3, 2, 2], -4, 4), softTargets, f32([3], [1, 20, 300])],
  },
  {
    operator: 'bceWithLogits',
    title: 'with targets and weights that are not given',
    build: (x, y, w) => bceWithLogits(x!, y!, w),
    random: [drawn([2, 3, 2, 2], -4, 4), drawn([2, 3, 2, 2], 0.05, 0.95), drawn([3], 1, 5)],
  },
  {
    operator: 'softDiceLoss',
    title: 'per class over the batch',
    build: (p, y) => softDiceLoss(p!, y!),
    hand: {
      // Class 0: (2 x 1.25 + 1) / (1.25 + 2 + 1). Class 1: (2 x 0.25 + 1) / (0.75 + 1 + 1).
      inputs: [f32([1, 2, 1, 2], [0.5, 0.75, 0.5, 0.25]), targets],
      outputs: [f32([], [1 - (3.5 / 4.25 + 1.5 / 2.75) / 2])],
    },
    random: [drawn([2, 3, 2, 2], 0.05, 0.95), softTargets],
  },
  {
    operator: 'softDiceLoss',
    title: 'without smoothing, of a perfect match, is 0',
    build: (p, y) => softDiceLoss(p!, y!, 0),
    hand: { inputs: [targets, targets], outputs: [f32([], [0])] },
  },
  {
    operator: 'softDiceLoss',
    title: 'through a sigmoid',
    build: (x, y) => softDiceLoss(sigmoid(x!), y!),
    random: [drawn([2, 3, 2, 2], -4, 4), softTargets],
  },
  {
    operator: 'oneHot',
    build: (labels) => oneHot(labels!, 3),
    hand: {
      inputs: [f32([1, 1, 1, 3], [2, 0, 1])],
      outputs: [f32([1, 3, 1, 3], [0, 1, 0, 0, 0, 1, 1, 0, 0])],
    },
  },
  {
    operator: 'crossEntropy',
    build: (p, y) => crossEntropy(p!, y!),
    hand: {
      inputs: [f32([1, 2, 1, 2], [0.5, 0.25, 0.5, 0.75]), f32([1, 2, 1, 2], [1, 0, 0, 1])],
      outputs: [f32([], [(LN2 + Math.log(4 / 3)) / 2])],
      gradients: [f32([1, 2, 1, 2], [-1, 0, 0, -2 / 3])],
    },
    random: [drawn([2, 3, 1, 2], 0.2, 0.9), hotTargets],
  },
  {
    operator: 'meanSquaredError',
    build: (a, b) => meanSquaredError(a!, b!),
    hand: {
      inputs: [f32([2], [1, 5]), f32([2], [3, 4])],
      outputs: [f32([], [2.5])],
      gradients: [f32([2], [-2, 1]), f32([2], [2, -1])],
    },
    random: [drawn([3, 4]), drawn([3, 4])],
  },
];

describe('losses', () => {
  for (const row of cases) {
    it([row.operator, row.title].filter((part) => part !== undefined).join(': '), () => checkOperator(row));
  }

  it('all have a case', () => {
    const covered = new Set(cases.map(({ operator }) => operator));
    expect(Object.keys(losses).filter((name) => !covered.has(name))).toEqual([]);
  });

  it('stay finite for logits of any size', async () => {
    const x = input('x', [1, 1, 1, 4]);
    const loss = bceWithLogits(x, input('y', [1, 1, 1, 4]), input('w', [1]));
    const session = await openSession(buildModel({ loss, gradient: gradient(loss, [x])[0]! }), {
      threads: 1,
    });
    const results = await session.run({
      x: float32([1, 1, 1, 4], [200, -200, 200, -200]),
      y: float32([1, 1, 1, 4], [1, 0, 0, 1]),
      w: float32([1], [3]),
    });
    await session.close();
    // Right answers cost nothing, wrong ones their logit, the positive thrice.
    expect(Number(results.loss!.data[0])).toBeCloseTo((200 + 600) / 4, 3);
    expect(Array.from(results.gradient!.data, Number)).toEqual([0, 0, 0.25, -0.75]);
  });
});
