/**
 * @file Products with constant weights in 8-bit whole numbers: weights once, per column; activations while the model
 * runs, per tensor (dynamic quantisation). The operators are ONNX's own; ONNX Runtime fuses each group into one.
 *
 * A product x W, x [M, K] and W [K, N], becomes (a (X - z)) (W8 s): X are x's bytes, a and z their scale and zero
 * point, W8 is W / s rounded to [-127, 127], s [N] the largest magnitude of each column by 127.
 */
import { float32, type NdArray } from '../../tensor/array.ts';
import type { OnnxModel, OnnxNode } from './model.ts';

/** Smaller weights gain nothing: the conversion of the activations costs more than the product. */
const FEWEST_ELEMENTS = 64 * 64;
const LARGEST = 127;
/** ONNX's number of the type float32. */
const FLOAT = 1;

/**
 * The model with its large constant right operands of MatMul as 8-bit products. Results differ by rounding, about
 * half a percent of their spread for each product.
 */
export function quantizeProducts(model: OnnxModel): OnnxModel {
  const producers = new Map(model.nodes.flatMap((node) => node.outputs.map((name) => [name, node])));
  const initializers = new Map(model.initializers);
  /** Bytes, scale and zero point of an activation, which several products may share. */
  const activations = new Map<string, readonly [string, string, string]>();
  const weights = new Map<string, { readonly bytes: string; readonly scales: string }>();

  const nodes = model.nodes.flatMap((node): OnnxNode[] => {
    const [x, w] = node.inputs;
    const weight = node.type === 'MatMul' ? constantOf(model, producers, w!) : undefined;
    if (weight?.dtype !== 'float32' || weight.shape.length !== 2) return [node];
    if (weight.data.length < FEWEST_ELEMENTS) return [node];
    const added: OnnxNode[] = [];
    const put = (
      type: string,
      inputs: string[],
      outputs: string[],
      attributes: OnnxNode['attributes'] = {},
    ): void => {
      added.push({ type, domain: '', name: outputs[0]!, inputs, outputs, attributes });
    };

    let stored = weights.get(w!);
    if (stored === undefined) {
      stored = { bytes: `${w}.int8`, scales: `${w}.scales` };
      weights.set(w!, stored);
      const { bytes, scales } = quantizeColumns(weight);
      initializers.set(stored.bytes, bytes);
      initializers.set(stored.scales, scales);
    }
    let activation = activations.get(x!);
    if (activation === undefined) {
      activation = [`${x}.uint8`, `${x}.scale`, `${x}.zero`];
      activations.set(x!, activation);
      put('DynamicQuantizeLinear', [x!], [...activation]);
    }
    const [bytes, scale, zero] = activation;
    const [y] = node.outputs;
    put('MatMulInteger', [bytes, stored.bytes, zero], [`${y}.sums`]);
    put('Cast', [`${y}.sums`], [`${y}.whole`], { to: { kind: 'int', value: FLOAT } });
    put('Mul', [scale, stored.scales], [`${y}.step`]);
    put('Mul', [`${y}.whole`, `${y}.step`], [y!]);
    return added;
  });
  return withoutUnused({ ...model, nodes, initializers });
}

/** The constant of that name: an initializer, or one that is only reshaped or transposed. */
function constantOf(
  model: OnnxModel,
  producers: ReadonlyMap<string, OnnxNode>,
  name: string,
): NdArray | undefined {
  const stored = model.initializers.get(name);
  const node = producers.get(name);
  if (stored !== undefined || node === undefined) return stored;
  if (node.type !== 'Reshape' && node.type !== 'Transpose') return undefined;
  const x = constantOf(model, producers, node.inputs[0]!);
  if (x === undefined) return undefined;
  if (node.type === 'Transpose') return transposed(x, orderOf(node, x.shape.length));
  const shape = model.initializers.get(node.inputs[1]!)?.data as BigInt64Array;
  return { ...x, shape: Array.from(shape, Number) };
}

function orderOf({ attributes: { perm } }: OnnxNode, rank: number): number[] {
  return perm?.kind === 'ints'
    ? perm.value.map(Number)
    : Array.from({ length: rank }, (_, i) => rank - 1 - i);
}

/** The array with its axes in another order: axis i of the result is axis order[i] of `x`. */
function transposed(x: NdArray, order: readonly number[]): NdArray {
  const strides = x.shape.map((_, axis) => x.shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const shape = order.map((axis) => x.shape[axis]!);
  const steps = order.map((axis) => strides[axis]!);
  const data = x.data.slice();
  const index = shape.map(() => 0);
  for (let i = 0, from = 0; i < data.length; i++) {
    data[i] = x.data[from]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += steps[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      from -= steps[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return { ...x, shape, data } as NdArray;
}

/** The matrix [K, N] as int8 and the value [N] of one step of each column. */
function quantizeColumns({ data, shape }: NdArray): { bytes: NdArray; scales: NdArray } {
  const [rows, columns] = shape as [number, number];
  const scales = new Float32Array(columns);
  data.forEach((value: number | bigint, i: number) => {
    scales[i % columns] = Math.max(scales[i % columns]!, Math.abs(Number(value)));
  });
  for (let column = 0; column < columns; column++) scales[column] = scales[column]! / LARGEST || 1;
  const bytes = Int8Array.from(data as Float32Array, (value, i) => Math.round(value / scales[i % columns]!));
  return {
    bytes: { dtype: 'int8', shape: [rows, columns], data: bytes },
    scales: float32([columns], scales),
  };
}

/** Without the nodes and initializers that nothing reads any more. */
function withoutUnused(model: OnnxModel): OnnxModel {
  const needed = new Set(model.outputs.map(({ name }) => name));
  const nodes = model.nodes
    .toReversed()
    .filter(({ inputs, outputs }) => {
      if (!outputs.some((name) => needed.has(name))) return false;
      for (const name of inputs) needed.add(name);
      return true;
    })
    .reverse();
  return {
    ...model,
    nodes,
    initializers: new Map([...model.initializers].filter(([name]) => needed.has(name))),
  };
}
