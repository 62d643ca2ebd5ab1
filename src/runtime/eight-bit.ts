/**
 * @file Whether this processor multiplies bytes exactly. x86 processors without VNNI add pairs of products in 16
 * bits, where two large ones overflow: models with 8-bit products then give wrong results without an error.
 */
import { GraphError } from '../base/errors.ts';
import type { OnnxModel } from '../graph/onnx/model.ts';
import { openSession } from './session.ts';

const [ROWS, INNER, COLUMNS] = [4, 64, 32] as const;
const LARGEST_BYTE = 255;
const LARGEST_WEIGHT = 127;

/** Multiplies the largest numbers. */
export async function multipliesBytesExactly(): Promise<boolean> {
  const session = await openSession(largestProduct(), { threads: 1 });
  const { y } = await session.run({
    x: { dtype: 'uint8', shape: [ROWS, INNER], data: new Uint8Array(ROWS * INNER).fill(LARGEST_BYTE) },
  });
  await session.close();
  const expected = INNER * LARGEST_BYTE * LARGEST_WEIGHT;
  return (y!.data as Int32Array).every((value) => value === expected);
}

/** @throws GraphError where bytes are not multiplied exactly */
export async function requireExactBytes(): Promise<void> {
  if (await multipliesBytesExactly()) return;
  throw new GraphError({
    seen: 'This processor rounds sums of 8-bit products (it has no VNNI)',
    need: 'Exact sums, or masks would be wrong',
    fix: 'Set sam.precision to float32',
  });
}

function largestProduct(): OnnxModel {
  const weights = new Int8Array(INNER * COLUMNS).fill(LARGEST_WEIGHT);
  return {
    graphName: 'bytes',
    nodes: [
      { type: 'MatMulInteger', domain: '', name: 'y', inputs: ['x', 'w'], outputs: ['y'], attributes: {} },
    ],
    initializers: new Map([['w', { dtype: 'int8', shape: [INNER, COLUMNS], data: weights }]]),
    inputs: [{ name: 'x', dtype: 'uint8', shape: [ROWS, INNER] }],
    outputs: [{ name: 'y', dtype: 'int32', shape: [ROWS, COLUMNS] }],
    metadata: {},
    opsets: { '': 20 },
  };
}
