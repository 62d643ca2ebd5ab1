import { readdir } from 'node:fs/promises';
import { InferenceSession } from 'onnxruntime-node';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { buildModel } from '../../src/graph/build.ts';
import { add } from '../../src/graph/ops/elementwise.ts';
import { split } from '../../src/graph/ops/join.ts';
import { matmul } from '../../src/graph/ops/matmul.ts';
import { constant, input } from '../../src/graph/tensor.ts';
import { openLargeSession } from '../../src/runtime/large-session.ts';
import { float32 } from '../../src/tensor/array.ts';
import { temporaryFolder } from '../temporary.ts';

const weights = (offset: number) =>
  constant(
    float32(
      [32, 32],
      Float32Array.from({ length: 1024 }, (_, i) => ((i * 7 + offset) % 11) - 5),
    ),
  );

let folder: string;
beforeAll(async () => {
  folder = await temporaryFolder();
  vi.stubEnv('TMPDIR', folder);
});
afterAll(() => {
  vi.unstubAllEnvs();
});

test('weights in a second file give the same results, and nothing is left behind', async () => {
  const x = float32(
    [1, 32],
    Float32Array.from({ length: 32 }, (_, i) => i / 32),
  );
  const model = buildModel({ y: matmul(matmul(input('x', [1, 32]), weights(0)), weights(3)) });
  const inline = await openLargeSession(model, { threads: 1 });
  const external = await openLargeSession(model, { threads: 1 }, 1000);
  const { y } = await inline.run({ x });
  expect((await external.run({ x })).y).toEqual(y);
  expect((y!.data as Float32Array).some((value) => value !== 0)).toBe(true);
  await inline.close();
  await external.close();
  expect(await readdir(folder)).toEqual([]);
});

test('splits too wide for WebGPU stay on the CPU, whether weights lie in a second file or not', async () => {
  const parts = split(matmul(input('x', [1, 32]), weights(0)), new Array<number>(16).fill(2), 1);
  const model = buildModel({ y: parts.reduce((sum, part) => add(sum, part)) });
  const [wide] = model.nodes.filter(({ type }) => type === 'Split');
  const create = vi.spyOn(InferenceSession, 'create').mockRejectedValue(new Error('no graphics card'));
  for (const largest of [undefined, 1000])
    await expect(openLargeSession(model, { device: 'webgpu' }, largest)).rejects.toThrow(/no graphics card/);
  const calls = create.mock.calls as unknown as [string | Uint8Array, InferenceSession.SessionOptions][];
  create.mockRestore();
  expect(calls.map(([source]) => typeof source)).toEqual(['object', 'string']);
  for (const [, { executionProviders }] of calls)
    expect(executionProviders).toEqual([{ name: 'webgpu', forceCpuNodeNames: [wide!.name] }]);
  expect(await readdir(folder)).toEqual([]);
});
