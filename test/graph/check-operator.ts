/**
 * @file One check for every operator, run on ONNX Runtime: a case computed by hand, and the gradient rule beside
 * central differences of a random linear functional of the outputs.
 */
import { expect } from 'vitest';
import { gradient } from '../../src/autodiff/gradient.ts';
import { createRng, type Rng } from '../../src/base/rng.ts';
import { buildModel } from '../../src/graph/build.ts';
import { add, mul } from '../../src/graph/ops/elementwise.ts';
import { sum } from '../../src/graph/ops/reduce.ts';
import { input, scalar, type Tensor } from '../../src/graph/tensor.ts';
import { openSession } from '../../src/runtime/session.ts';
import { elementCount, type Float32NdArray, float32, type NdArray } from '../../src/tensor/array.ts';
import { relativeError } from '../../tools/golden/row.ts';

/** Arrays computed by hand. */
interface HandCase {
  readonly inputs: readonly NdArray[];
  readonly outputs: readonly NdArray[];
  /** Gradients of the sum of all outputs, one per input; undefined where it is not of interest. */
  readonly gradients?: readonly (Float32NdArray | undefined)[];
  /** Largest error relative to the largest magnitude; 1e-6 by default. */
  readonly tolerance?: number;
}

/** Random values in [low, high], no two of a case and none and 0 closer than a few steps of the difference. */
export interface Drawn {
  readonly shape: readonly number[];
  readonly low: number;
  readonly high: number;
}

export interface OperatorCase {
  /** The exported function under test. */
  readonly operator: string;
  readonly title?: string;
  readonly build: (...inputs: Tensor[]) => Tensor | readonly Tensor[];
  readonly hand?: HandCase;
  /** Inputs of the check by differences; fixed arrays (indices, conditions) are not differentiated. */
  readonly random?: readonly (Drawn | NdArray)[];
  /** Step of the difference; 1e-2 by default. */
  readonly step?: number;
  /** Of the gradient, relative to its largest magnitude; 1e-3 by default. */
  readonly tolerance?: number;
}

export const drawn = (shape: readonly number[], low = -2, high = 2): Drawn => ({ shape, low, high });
export const f32 = float32;
export const i64 = (shape: readonly number[], values: readonly number[]): NdArray<'int64'> => ({
  dtype: 'int64',
  shape,
  data: BigInt64Array.from(values, BigInt),
});
export const bool = (shape: readonly number[], values: readonly number[]): NdArray<'bool'> => ({
  dtype: 'bool',
  shape,
  data: Uint8Array.from(values),
});

export async function checkOperator(operatorCase: OperatorCase): Promise<void> {
  if (operatorCase.hand) await checkByHand(operatorCase, operatorCase.hand);
  if (operatorCase.random) await checkByDifferences(operatorCase, operatorCase.random);
}

async function checkByHand({ build }: OperatorCase, hand: HandCase): Promise<void> {
  const { inputs, outputs } = buildOn(build, hand.inputs);
  const wanted = (hand.gradients ?? []).flatMap((expected, i) =>
    expected ? [{ expected, of: inputs[i]! }] : [],
  );
  const total = outputs.map((output) => sum(output)).reduce((a, b) => add(a, b));
  const gradients =
    wanted.length === 0
      ? []
      : gradient(
          total,
          wanted.map(({ of }) => of),
        );
  const seen = await evaluate([...outputs, ...gradients], hand.inputs);
  const expected = [...hand.outputs, ...wanted.map((row) => row.expected)];
  expect(outputs.length).toBe(hand.outputs.length);
  for (const [i, array] of expected.entries()) {
    expect(seen[i]!.shape).toEqual(array.shape);
    expect(seen[i]!.dtype).toBe(array.dtype);
    const error = relativeError(numbers(seen[i]!), numbers(array));
    const message = `value ${i}: [${numbers(seen[i]!)}] beside [${numbers(array)}]`;
    expect(error, message).toBeLessThanOrEqual(hand.tolerance ?? 1e-6);
  }
}

async function checkByDifferences(
  { build, step = 1e-2, tolerance = 1e-3 }: OperatorCase,
  random: readonly (Drawn | NdArray)[],
): Promise<void> {
  const rng = createRng(11);
  const arrays = draw(random, rng);
  const { inputs, outputs } = buildOn(build, arrays);
  const weights = outputs.map(({ shape }) =>
    f32(
      shape,
      Float32Array.from({ length: elementCount(shape) }, () => rng.between(-1, 1)),
    ),
  );
  const functional = outputs.reduce(
    (total, output, i) => add(total, sum(mul(output, input(`weights${i}`, output.shape)))),
    scalar(0),
  );
  const free = random.flatMap((source, i) => ('data' in source ? [] : [i]));
  const gradients = gradient(
    functional,
    free.map((i) => inputs[i]!),
  );
  const seen = await evaluate(gradients, [...arrays, ...weights], ['x', 'weights'], arrays.length);

  const forward = await openSession(buildModel(named(outputs)), { threads: 1 });
  const value = async (): Promise<number> => {
    const results = await forward.run(Object.fromEntries(arrays.map((array, i) => [`x${i}`, array])));
    return weights.reduce((total, w, i) => {
      const y = results[`y${i}`]!.data;
      return total + w.data.reduce((inner, weight, j) => inner + weight * Number(y[j]), 0);
    }, 0);
  };
  for (const [k, i] of free.entries()) {
    const data = arrays[i]!.data as Float32Array;
    const differences = new Float64Array(data.length);
    for (let j = 0; j < data.length; j++) {
      const before = data[j]!;
      data[j] = before + step;
      const [right, above] = [data[j]!, await value()];
      data[j] = before - step;
      // The step as float32 made it.
      differences[j] = (above - (await value())) / (right - data[j]!);
      data[j] = before;
    }
    expect(seen[k]!.shape).toEqual(arrays[i]!.shape);
    const error = relativeError(numbers(seen[k]!), differences);
    expect(error, `gradient of input ${i}: [${numbers(seen[k]!)}] beside [${[...differences]}]`).toBeLessThan(
      tolerance,
    );
  }
  await forward.close();
}

/** All values of a case lie on one grid, so that no two are near enough to change places within a step. */
function draw(random: readonly (Drawn | NdArray)[], rng: Rng): NdArray[] {
  const count = random.reduce(
    (total, source) => total + ('data' in source ? 0 : elementCount(source.shape)),
    0,
  );
  // An even number of places keeps the middle, which is 0 in a symmetric range, free.
  const places = rng.shuffled(
    Array.from({ length: count + (count % 2) }, (_, i) => (i + 0.5) / (count + (count % 2))),
  );
  return random.map((source) => {
    if ('data' in source) return source;
    const { shape, low, high } = source;
    return f32(
      shape,
      Float32Array.from({ length: elementCount(shape) }, () => low + (high - low) * places.pop()!),
    );
  });
}

function buildOn(
  build: OperatorCase['build'],
  arrays: readonly NdArray[],
): { inputs: Tensor[]; outputs: Tensor[] } {
  const inputs = arrays.map(({ shape, dtype }, i) => input(`x${i}`, shape, dtype));
  const built = build(...inputs);
  return { inputs, outputs: 'id' in built ? [built] : [...built] };
}

const named = (tensors: readonly Tensor[]): Record<string, Tensor> =>
  Object.fromEntries(tensors.map((tensor, i) => [`y${i}`, tensor]));

/** Runs the tensors; the feeds are called x0, x1, ... and, from `split` on, weights0, weights1, ... */
async function evaluate(
  tensors: readonly Tensor[],
  feeds: readonly NdArray[],
  names: readonly [string, string] = ['x', 'weights'],
  split: number = feeds.length,
): Promise<NdArray[]> {
  const session = await openSession(buildModel(named(tensors)), { threads: 1 });
  const results = await session.run(
    Object.fromEntries(
      feeds.map((array, i) => (i < split ? [`${names[0]}${i}`, array] : [`${names[1]}${i - split}`, array])),
    ),
  );
  await session.close();
  const seen = tensors.map((_, i) => results[`y${i}`]!);
  // What the shape rule promised is what ONNX Runtime made.
  for (const [i, tensor] of tensors.entries()) {
    expect(seen[i]!.shape).toEqual(tensor.shape);
    expect(seen[i]!.dtype).toBe(tensor.dtype);
  }
  return seen;
}

const numbers = ({ data }: NdArray): Float64Array =>
  Float64Array.from(data as ArrayLike<number | bigint>, Number);
