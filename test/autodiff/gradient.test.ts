/** @file The gradient engine: how gradients meet, and what it refuses. */
import { describe, expect, it } from 'vitest';
import { gradient } from '../../src/autodiff/gradient.ts';
import { GraphError } from '../../src/base/errors.ts';
import { buildModel } from '../../src/graph/build.ts';
import { customGradient } from '../../src/graph/custom-gradient.ts';
import { add, greater, mul, where } from '../../src/graph/ops/elementwise.ts';
import { gridSample } from '../../src/graph/ops/grid-sample.ts';
import { concat, split } from '../../src/graph/ops/join.ts';
import { sum } from '../../src/graph/ops/reduce.ts';
import { cast, exp, neg } from '../../src/graph/ops/unary.ts';
import { constant, input, scalar, type Tensor } from '../../src/graph/tensor.ts';
import { openSession } from '../../src/runtime/session.ts';
import { type Float32NdArray, float32 } from '../../src/tensor/array.ts';

async function evaluate(
  tensors: readonly Tensor[],
  feeds: Record<string, Float32NdArray> = {},
): Promise<number[][]> {
  const model = buildModel(Object.fromEntries(tensors.map((tensor, i) => [`y${i}`, tensor])));
  const session = await openSession(model, { threads: 1 });
  const results = await session.run(feeds);
  await session.close();
  return tensors.map((_, i) => Array.from(results[`y${i}`]!.data, Number));
}

describe('gradient', () => {
  it('adds up over all uses of a shared value', async () => {
    const x = input('x', [2]);
    const square = mul(x, x);
    // x^2 + x^4 + x: 2x + 4x^3 + 1.
    const loss = sum(add(add(square, mul(square, square)), x));
    const [g] = await evaluate(gradient(loss, [x]), { x: float32([2], [1, -2]) });
    expect(g).toEqual([7, -35]);
  });

  it('visits a shared value once, however deep the graph', async () => {
    const x = input('x', []);
    let y: Tensor = x;
    for (let i = 0; i < 60; i++) y = mul(add(y, y), 0.5);
    const [g] = await evaluate(gradient(y, [x]), { x: float32([], [3]) });
    expect(g).toEqual([1]);
  });

  it('is zeros for a target the loss does not depend on', async () => {
    const [x, unused] = [input('x', [2]), input('unused', [2, 2])];
    const gradients = gradient(sum(x), [unused, x]);
    expect(gradients.map(({ shape }) => shape)).toEqual([[2, 2], [2]]);
    expect(await evaluate(gradients, { x: float32([2], [1, 2]) })).toEqual([
      [0, 0, 0, 0],
      [1, 1],
    ]);
  });

  it('is zeros where only part of a value reaches the loss', async () => {
    const x = input('x', [3]);
    const [first, , last] = split(x, [1, 1, 1], 0) as [Tensor, Tensor, Tensor];
    const [g] = await evaluate(gradient(sum(mul(first, last)), [x]), { x: float32([3], [2, 3, 5]) });
    expect(g).toEqual([5, 0, 2]);
  });

  it('joins the gradients of all outputs of a node', async () => {
    const x = input('x', [4]);
    const [a, b] = split(x, [2, 2], 0) as [Tensor, Tensor];
    const [g] = await evaluate(gradient(sum(mul(a, b)), [x]), { x: float32([4], [1, 2, 3, 4]) });
    expect(g).toEqual([3, 4, 1, 2]);
  });

  it('counts an input that is used twice by one node twice', async () => {
    const x = input('x', [1]);
    const gradients = [mul(x, x), concat([x, x], 0), add(x, x)].map((y) => gradient(sum(y), [x])[0]!);
    expect(await evaluate(gradients, { x: float32([1], [3]) })).toEqual([[6], [2], [2]]);
  });

  it('may be taken of values inside the graph, and of the loss itself', async () => {
    const x = input('x', []);
    const inner = exp(x);
    const loss = mul(inner, 3);
    const gradients = gradient(loss, [x, inner, loss]);
    expect(await evaluate(gradients, { x: float32([], [0]) })).toEqual([[3], [3], [1]]);
  });

  it('may be taken again', async () => {
    const x = input('x', []);
    const cube = mul(mul(x, x), x);
    const second = gradient(gradient(cube, [x])[0]!, [x])[0]!;
    expect(await evaluate([second], { x: float32([], [5]) })).toEqual([[30]]);
  });

  it('does not follow conditions and whole numbers', async () => {
    const x = input('x', [2]);
    const loss = sum(add(where(greater(x, 0), x, 0), cast(cast(x, 'int64'), 'float32')));
    expect(await evaluate(gradient(loss, [x]), { x: float32([2], [1.5, -1.5]) })).toEqual([[1, 0]]);
  });

  it('is refused of a loss that is no scalar', () => {
    const x = input('x', [2]);
    expect(() => gradient(mul(x, 2), [x])).toThrow(GraphError);
    expect(() => gradient(mul(x, 2), [x])).toThrow('[2]');
  });

  it('is refused through an operator without a rule, but passes it beside the path', () => {
    const [image, grid, x] = [input('image', [1, 1, 2, 2]), input('grid', [1, 2, 2, 2]), input('x', [])];
    const loss = mul(sum(gridSample(image, grid)), x);
    expect(() => gradient(loss, [image])).toThrow('gridSample');
    expect(gradient(loss, [x])).toHaveLength(1);
  });
});

describe('customGradient', () => {
  it('replaces the rules of the operators inside, for the inputs it names', async () => {
    const [x, y] = [input('x', [2]), input('y', [2])];
    const product = customGradient(mul(x, y), [x], (g) => [mul(g, 100)]);
    const gradients = gradient(sum(product), [x, y]);
    const feeds = { x: float32([2], [1, 2]), y: float32([2], [3, 4]) };
    expect(await evaluate([product, ...gradients], feeds)).toEqual([
      [3, 8],
      [100, 100],
      [0, 0],
    ]);
  });

  it('is told which inputs matter', () => {
    const [x, y] = [input('x', []), input('y', [])];
    let told: readonly boolean[] = [];
    const output = customGradient(add(x, y), [x, y], (g, needed) => {
      told = needed;
      return [g, g];
    });
    gradient(output, [y]);
    expect(told).toEqual([false, true]);
  });

  it('is refused where a rule gives another shape', () => {
    const x = input('x', [2]);
    const output = customGradient(sum(neg(x)), [x], (g) => [g]);
    expect(() => gradient(output, [x])).toThrow('customGradient gives [] for an input of shape [2]');
  });

  it('leaves constants alone', async () => {
    const x = input('x', []);
    const c = constant(float32([], [4]));
    const [ofC] = gradient(mul(mul(x, c), scalar(2)), [c]);
    expect(await evaluate([ofC!], { x: float32([], [3]) })).toEqual([[6]]);
  });
});
