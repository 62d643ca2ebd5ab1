import { describe, expect, test } from 'vitest';
import { createRng } from '../../src/base/rng.ts';
import { buildModel } from '../../src/graph/build.ts';
import { constant, type Tensor } from '../../src/graph/tensor.ts';
import {
  addFromTokens,
  type CrossAttention,
  gatherFromPlaces,
  projectPlaces,
} from '../../src/nn/cross-attention.ts';
import { constantSource, initializeWeights, listParameters } from '../../src/nn/parameters.ts';
import { openSession } from '../../src/runtime/session.ts';
import { type Float32NdArray, float32 } from '../../src/tensor/array.ts';

const rng = createRng(11);
const random = (...shape: number[]): Float32NdArray =>
  float32(
    shape,
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => rng.normal()),
  );

/** Heads of 6 features: fewer than 6 tokens are few. */
const config = { width: 10, heads: 3, inner: 18 };
const P = 7;

async function value(build: (attention: CrossAttention) => Tensor): Promise<Float32NdArray> {
  const session = await openSession(
    buildModel({ y: build({ ...config, name: 'a', source: constantSource(weights) }) }),
    { threads: 1 },
  );
  const { y } = await session.run({});
  await session.close();
  return y as Float32NdArray;
}

const weights = initializeWeights(
  listParameters((source) => {
    const image = constant(random(1, P, config.width));
    const tokens = constant(random(1, 2, config.width));
    gatherFromPlaces({ ...config, name: 'a', source }, tokens, { keys: image, values: image });
  }),
  createRng(2),
);

/** PyTorch's multi-head attention with other widths inside, one number at a time: q, k, v are [rows][width]. */
function reference(q: number[][], k: number[][], v: number[][]): number[][] {
  const { heads, inner } = config;
  const project = (x: number[], part: string): number[] => {
    const [w, b] = [weights.get(`a.${part}.weight`)!, weights.get(`a.${part}.bias`)!];
    return Array.from(b.data, (bias, i) =>
      x.reduce((sum, value, j) => sum + value * w.data[i * x.length + j]!, bias),
    );
  };
  const [Q, K, V] = [
    q.map((x) => project(x, 'q_proj')),
    k.map((x) => project(x, 'k_proj')),
    v.map((x) => project(x, 'v_proj')),
  ];
  const d = inner / heads;
  return Q.map((query) => {
    const mixed = new Array<number>(inner).fill(0);
    for (let head = 0; head < heads; head++) {
      const at = Array.from({ length: d }, (_, i) => head * d + i);
      const scores = K.map((key) =>
        Math.exp(at.reduce((sum, i) => sum + query[i]! * key[i]!, 0) / Math.sqrt(d)),
      );
      const total = scores.reduce((a, b) => a + b, 0);
      for (const i of at) mixed[i] = V.reduce((sum, x, t) => sum + (scores[t]! / total) * x[i]!, 0);
    }
    return project(mixed, 'out_proj');
  });
}

function rows({ shape, data }: Float32NdArray, batch: number): number[][] {
  const [, count, width] = shape as [number, number, number];
  const start = Math.min(batch, shape[0]! - 1) * count * width;
  return Array.from({ length: count }, (_, r) => [
    ...data.subarray(start + r * width, start + (r + 1) * width),
  ]);
}

const sum = (a: number[][], b: number[][]): number[][] => a.map((row, i) => row.map((x, j) => x + b[i]![j]!));

function expectClose(ours: Float32NdArray, expected: number[][][]): void {
  const flat = expected.flat(2);
  expect(ours.data.length).toBe(flat.length);
  ours.data.forEach((x, i) => {
    expect(x).toBeCloseTo(flat[i]!, 4);
  });
}

describe.each([
  ['one prompt, few tokens', 1, 3],
  ['one prompt, many tokens', 1, 8],
  ['prompts over one image, few tokens', 4, 3],
  ['prompts over one image, many tokens', 4, 8],
])('%s', (_, N, T) => {
  const tokens = random(N, T, config.width);
  const placed = random(1, P, config.width);
  const places = random(1, P, config.width);
  const prompts = Array.from({ length: N }, (_, n) => n);

  test('tokens gather from places', async () => {
    const expected = prompts.map((n) => reference(rows(tokens, n), rows(placed, n), rows(places, n)));
    const seen = { keys: constant(placed), values: constant(places) };
    expectClose(await value((attention) => gatherFromPlaces(attention, constant(tokens), seen)), expected);
    const once = await value((attention) =>
      gatherFromPlaces(attention, constant(tokens), {
        projectedKeys: projectPlaces(attention, 'k_proj', seen.keys),
        projectedValues: projectPlaces(attention, 'v_proj', seen.values),
      }),
    );
    expectClose(once, expected);
  });

  test('places gather from tokens', async () => {
    const values = random(N, T, config.width);
    const expected = prompts.map((n) =>
      sum(rows(places, n), reference(rows(placed, n), rows(tokens, n), rows(values, n))),
    );
    const added = (asking: (attention: CrossAttention) => Parameters<typeof addFromTokens>[2]) =>
      value((attention) =>
        addFromTokens(attention, constant(places), asking(attention), constant(tokens), constant(values)),
      );
    expectClose(await added(() => ({ queries: constant(placed) })), expected);
    expectClose(
      await added((attention) => ({
        projectedQueries: projectPlaces(attention, 'q_proj', constant(placed)),
      })),
      expected,
    );
  });
});
