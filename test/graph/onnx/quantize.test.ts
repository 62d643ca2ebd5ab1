import { expect, test } from 'vitest';
import { createRng } from '../../../src/base/rng.ts';
import { buildModel } from '../../../src/graph/build.ts';
import type { OnnxModel } from '../../../src/graph/onnx/model.ts';
import { quantizeProducts } from '../../../src/graph/onnx/quantize.ts';
import { add } from '../../../src/graph/ops/elementwise.ts';
import { matmul, swapLast } from '../../../src/graph/ops/matmul.ts';
import { reshape, transpose } from '../../../src/graph/ops/reshape.ts';
import { constant, input, type Tensor } from '../../../src/graph/tensor.ts';
import { openSession } from '../../../src/runtime/session.ts';
import { type Float32NdArray, float32 } from '../../../src/tensor/array.ts';

const rng = createRng(8);
const random = (...shape: number[]): Float32NdArray =>
  float32(
    shape,
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => rng.normal()),
  );

async function run(model: OnnxModel, x: Float32NdArray): Promise<Float32Array> {
  const session = await openSession(model, { threads: 1 });
  const { y } = await session.run({ x });
  await session.close();
  return y!.data as Float32Array;
}

/** Root mean square error by the root mean square of the expected values. */
function relativeError(seen: Float32Array, expected: Float32Array): number {
  const squares = (values: Float32Array): number => values.reduce((sum, value) => sum + value * value, 0);
  return Math.sqrt(squares(seen.map((value, i) => value - expected[i]!)) / squares(expected));
}

const types = (model: OnnxModel): string[] => model.nodes.map(({ type }) => type);

const weightForms: [string, () => Tensor][] = [
  ['stored as it is', () => constant(random(160, 144))],
  ['stored transposed', () => swapLast(constant(random(144, 160)))],
  [
    'turned and reshaped',
    () => reshape(transpose(constant(random(160, 36, 2, 2)), [0, 2, 3, 1]), [160, 144]),
  ],
];

test.each(weightForms)('a weight %s is multiplied in 8 bits', async (_, weight) => {
  const x = random(20, 160);
  const bias = constant(random(144));
  const model = buildModel({ y: add(matmul(input('x', [20, 160]), weight()), bias) });
  const quantized = quantizeProducts(model);
  expect(types(quantized)).toContain('MatMulInteger');
  expect(types(quantized)).not.toContain('MatMul');
  expect(types(quantized)).not.toContain('Transpose');
  const floats = [...quantized.initializers.values()].filter(({ dtype }) => dtype === 'float32');
  expect(Math.max(...floats.map(({ data }) => data.length))).toBe(144);
  const [seen, expected] = [await run(quantized, x), await run(model, x)];
  const error = relativeError(seen, expected);
  expect(error).toBeGreaterThan(0);
  expect(error).toBeLessThan(0.02);
});

test('columns of very different size keep their precision, and one of zeros stays zero', async () => {
  const w = random(160, 144);
  w.data.forEach((value, i) => {
    const column = i % 144;
    w.data[i] = column === 7 ? 0 : value * 10 ** (column % 5);
  });
  const model = buildModel({ y: matmul(input('x', [20, 160]), constant(w)) });
  const x = random(20, 160);
  const [seen, expected] = [await run(quantizeProducts(model), x), await run(model, x)];
  const column = (values: Float32Array, c: number): Float32Array => values.filter((_, i) => i % 144 === c);
  expect(column(seen, 7)).toEqual(new Float32Array(20));
  for (const c of [0, 1, 2, 3, 4]) {
    expect(relativeError(column(seen, c), column(expected, c))).toBeLessThan(0.03);
  }
});

test('products of one activation convert it once; small or computed factors stay as they are', () => {
  const x = input('x', [20, 160]);
  const y = add(matmul(x, constant(random(160, 144))), matmul(x, constant(random(160, 144))));
  const small = matmul(y, constant(random(144, 8)));
  const quantized = quantizeProducts(buildModel({ y: matmul(small, swapLast(small)) }));
  const count = (type: string): number => types(quantized).filter((seen) => seen === type).length;
  expect(count('DynamicQuantizeLinear')).toBe(1);
  expect(count('MatMulInteger')).toBe(2);
  expect(count('MatMul')).toBe(2);
});
