/** @file Optimizers beside plain float64 code of the papers' update rules. */
import { describe, expect, it } from 'vitest';
import { createRng } from '../../src/base/rng.ts';
import { buildModel } from '../../src/graph/build.ts';
import { input } from '../../src/graph/tensor.ts';
import { adamW, clipNorm, movingAverage, type Optimizer, sgdNesterov } from '../../src/optim/optimizers.ts';
import { openSession } from '../../src/runtime/session.ts';
import { float32, type NdArray } from '../../src/tensor/array.ts';
import { relativeError } from '../../tools/golden/row.ts';

const LENGTH = 17;
const rng = createRng(5);
const normals = (): number[] => Array.from({ length: LENGTH }, () => rng.normal());
const START = normals();
const GRADIENTS = Array.from({ length: 8 }, normals);
/** A schedule, so that a learning rate of another step shows. */
const LEARNING_RATES = [0.1, 0.1, 0.08, 0.05, 0.05, 0.02, 0.01, 0.001];

/** The parameters after each step, as the graph makes them. */
async function trajectory(optimizer: Optimizer): Promise<Float32Array[]> {
  const names = ['parameters', ...optimizer.stateNames];
  const vectors = Object.fromEntries(names.map((name) => [name, input(name, [LENGTH])]));
  const scalars = optimizer.scalarNames.map((name) => input(name, []));
  const next = optimizer.update(vectors, input('gradient', [LENGTH]), input('learningRate', []), scalars);
  expect(Object.keys(next).sort()).toEqual([...names].sort());
  const outputs = Object.fromEntries(names.map((name) => [`next.${name}`, next[name]!]));
  const session = await openSession(buildModel(outputs), { threads: 1 });
  let current: Record<string, NdArray> = Object.fromEntries(
    names.map((name) => [name, float32([LENGTH], name === 'parameters' ? START : new Float32Array(LENGTH))]),
  );
  const seen: Float32Array[] = [];
  for (const [i, g] of GRADIENTS.entries()) {
    const values = optimizer.scalars(i + 1);
    const results = await session.run({
      ...current,
      gradient: float32([LENGTH], g),
      learningRate: float32([], [LEARNING_RATES[i]!]),
      ...Object.fromEntries(optimizer.scalarNames.map((name, k) => [name, float32([], [values[k]!])])),
    });
    current = Object.fromEntries(names.map((name) => [name, results[`next.${name}`]!]));
    seen.push(current.parameters!.data as Float32Array);
  }
  await session.close();
  return seen;
}

function expectClose(seen: readonly Float32Array[], expected: readonly (readonly number[])[]): void {
  expect(seen).toHaveLength(expected.length);
  for (const [i, vector] of seen.entries()) {
    expect(relativeError(vector, expected[i]!), `step ${i + 1}`).toBeLessThan(1e-6);
  }
}

/** Loshchilov and Hutter 2019, algorithm 2, element by element. */
function adamWReference(beta1: number, beta2: number, epsilon: number, decay: number): number[][] {
  const p = [...START];
  const m = p.map(() => 0);
  const v = p.map(() => 0);
  return GRADIENTS.map((gradient, t) => {
    for (const [i, g] of gradient.entries()) {
      p[i]! -= LEARNING_RATES[t]! * decay * p[i]!;
      m[i] = beta1 * m[i]! + (1 - beta1) * g;
      v[i] = beta2 * v[i]! + (1 - beta2) * g * g;
      const mHat = m[i]! / (1 - beta1 ** (t + 1));
      const vHat = v[i]! / (1 - beta2 ** (t + 1));
      p[i]! -= (LEARNING_RATES[t]! * mHat) / (Math.sqrt(vHat) + epsilon);
    }
    return [...p];
  });
}

/** Sutskever et al. 2013 in the form with the momentum applied ahead. */
function nesterovReference(momentum: number, decay: number): number[][] {
  const p = [...START];
  const velocity = p.map(() => 0);
  return GRADIENTS.map((gradient, t) => {
    for (const [i, raw] of gradient.entries()) {
      const g = raw + decay * p[i]!;
      velocity[i] = momentum * velocity[i]! + g;
      p[i]! -= LEARNING_RATES[t]! * (g + momentum * velocity[i]!);
    }
    return [...p];
  });
}

describe('AdamW', () => {
  it('follows its rule with its usual settings', async () => {
    expectClose(await trajectory(adamW()), adamWReference(0.9, 0.999, 1e-8, 0));
  });

  it('follows its rule with weight decay, other moments and a large epsilon', async () => {
    const options = { beta1: 0.8, beta2: 0.95, epsilon: 0.1, weightDecay: 0.3 };
    expectClose(await trajectory(adamW(options)), adamWReference(0.8, 0.95, 0.1, 0.3));
  });

  it('leaves a parameter alone whose gradient was always 0', async () => {
    const optimizer = adamW();
    const vectors = Object.fromEntries(
      ['parameters', 'moment1', 'moment2'].map((name) => [name, input(name, [1])]),
    );
    const next = optimizer.update(vectors, input('g', [1]), input('rate', []), [
      input('c1', []),
      input('c2', []),
    ]);
    const session = await openSession(buildModel({ p: next.parameters! }), { threads: 1 });
    const zero = float32([1], [0]);
    const one = float32([1], [1]);
    const [c1, c2] = optimizer.scalars(1).map((value) => float32([], [value]));
    const feeds = {
      parameters: one,
      moment1: zero,
      moment2: zero,
      g: zero,
      rate: float32([], [0.1]),
      c1: c1!,
      c2: c2!,
    };
    expect(Array.from((await session.run(feeds)).p!.data, Number)).toEqual([1]);
    await session.close();
  });
});

describe('SGD with Nesterov momentum', () => {
  it('follows its rule', async () => {
    expectClose(await trajectory(sgdNesterov({ momentum: 0.9 })), nesterovReference(0.9, 0));
  });

  it('follows its rule with weight decay', async () => {
    expectClose(await trajectory(sgdNesterov({ weightDecay: 0.2 })), nesterovReference(0.99, 0.2));
  });
});

async function run(
  build: (x: ReturnType<typeof input>) => ReturnType<typeof input>,
  x: number[],
): Promise<number[]> {
  const session = await openSession(buildModel({ y: build(input('x', [x.length])) }), { threads: 1 });
  const { y } = await session.run({ x: float32([x.length], x) });
  await session.close();
  return Array.from(y!.data, Number);
}

describe('clipping', () => {
  it('scales a gradient that is too long', async () => {
    const clipped = await run((g) => clipNorm(g, 1), [3, 0, -4]);
    expect(relativeError(clipped, [0.6, 0, -0.8])).toBeLessThan(1e-6);
  });

  it('leaves a short gradient and zeros as they are', async () => {
    expect(await run((g) => clipNorm(g, 5.1), [3, 0, -4])).toEqual([3, 0, -4]);
    expect(await run((g) => clipNorm(g, 1), [0, 0])).toEqual([0, 0]);
  });
});

describe('the moving average', () => {
  it('keeps `decay` of the old and takes the rest of the new', async () => {
    const session = await openSession(
      buildModel({ y: movingAverage(input('x', [2]), input('value', [2]), 0.75) }),
      { threads: 1 },
    );
    const { y } = await session.run({ x: float32([2], [4, 8]), value: float32([2], [0, 16]) });
    await session.close();
    expect(Array.from(y!.data, Number)).toEqual([3, 10]);
  });
});
