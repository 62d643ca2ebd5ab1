import { expect, test } from 'vitest';
import { buildModel } from '../../src/graph/build.ts';
import { input } from '../../src/graph/tensor.ts';
import { type ConvNormOptions, convNorm } from '../../src/nn/conv-norm.ts';
import { constantSource } from '../../src/nn/parameters.ts';
import { openSession } from '../../src/runtime/session.ts';
import { float32 } from '../../src/tensor/array.ts';

/** Weights and statistics of two features; the norm of the first is 2 z + 1 where z = (y - 3) / 2, up to epsilon. */
const NORM: Readonly<Record<string, readonly number[]>> = {
  weight: [2, -1],
  bias: [1, 0.5],
  running_mean: [3, -1],
  running_var: [4, 0.25],
};

async function run(filter: readonly number[], shape: readonly number[], options: ConvNormOptions) {
  const weights = new Map([
    ['x.c.weight', float32(shape, filter)],
    ...Object.entries(NORM).map(([name, values]) => [`x.bn.${name}`, float32([2], values)] as const),
  ]);
  const pixels = float32([1, 2, 2, 2], [1, 2, 3, 4, 10, 20, 30, 40]);
  const out = convNorm(constantSource(weights), 'x', input('pixels', pixels.shape), options);
  const session = await openSession(buildModel({ out }), { threads: 1 });
  const { out: result } = await session.run({ pixels });
  await session.close();
  return result!;
}

const normed = (feature: 0 | 1, y: number): number =>
  (NORM.weight![feature]! * (y - NORM.running_mean![feature]!)) /
    Math.sqrt(NORM.running_var![feature]! + 1e-5) +
  NORM.bias![feature]!;

test('the norm is that of the statistics, whatever the image', async () => {
  const { shape, data } = await run([1, 0, 1, 0.1], [2, 2, 1, 1], { features: 2, kernel: 1 });
  expect(shape).toEqual([1, 2, 2, 2]);
  const expected = [1, 2, 3, 4].map((y) => normed(0, y)).concat([2, 4, 6, 8].map((y) => normed(1, y)));
  data.forEach((value: number | bigint, i: number) => {
    expect(value).toBeCloseTo(expected[i]!, 4);
  });
});

test('one filter per channel, in steps of two over the padded image', async () => {
  const filter = [...new Array<number>(9).fill(1), ...[0, 0, 0, 0, 1, 0, 0, 0, 0]];
  const options = { features: 2, kernel: 3, stride: 2, depthwise: true };
  const { shape, data } = await run(filter, [2, 1, 3, 3], options);
  expect(shape).toEqual([1, 2, 1, 1]);
  expect(data[0]).toBeCloseTo(normed(0, 10), 4);
  expect(data[1]).toBeCloseTo(normed(1, 10), 4);
});
