/** @file Models on disk, in one file or with their weights beside it. */
import { readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { CheckpointError, GraphError, RunError } from '../../../src/base/errors.ts';
import { buildModel } from '../../../src/graph/build.ts';
import { encodeModel, encodeModelExternal } from '../../../src/graph/onnx/encode.ts';
import { readModel, writeModel } from '../../../src/graph/onnx/file.ts';
import { add, mul } from '../../../src/graph/ops/elementwise.ts';
import { constant, input } from '../../../src/graph/tensor.ts';
import { openSession } from '../../../src/runtime/session.ts';
import { float32 } from '../../../src/tensor/array.ts';
import { temporaryFolder } from '../../temporary.ts';

const LENGTH = 1500;
const metadata = { classes: '["ulna","radius"]', normalisation: '{"mean":0.35,"deviation":0.2}' };
const x = float32([LENGTH], new Float32Array(LENGTH).fill(2));

/** y = w x + b, with w and b large enough to be kept apart. */
function line(slope: number) {
  const w = constant(float32([LENGTH], new Float32Array(LENGTH).fill(slope)), 'w');
  const b = constant(
    float32(
      [LENGTH],
      Float32Array.from({ length: LENGTH }, (_, i) => i),
    ),
    'b',
  );
  return buildModel({ y: add(mul(input('x', [LENGTH]), w), b) }, { metadata });
}

async function lastValue(path: string): Promise<number> {
  const session = await openSession(path, { threads: 1 });
  const { y } = await session.run({ x });
  await session.close();
  return Number(y!.data[LENGTH - 1]);
}

let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder();
});

describe('a model file', () => {
  it('holds its weights and metadata, and ONNX Runtime opens it', async () => {
    const path = join(folder, 'new', 'net.onnx');
    await writeModel(path, line(10));
    expect(await readdir(join(folder, 'new'))).toEqual(['net.onnx']);
    expect(await readModel(path)).toEqual(line(10));
    expect(await lastValue(path)).toBe(20 + LENGTH - 1);
  });

  it('may keep its weights beside it', async () => {
    const path = join(folder, 'net.onnx');
    await writeModel(path, line(10), { external: 'always' });
    expect((await readdir(folder)).sort()).toEqual(['net.onnx', 'net.onnx.data']);
    expect((await stat(path)).size).toBeLessThan(2000);
    const read = await readModel(path);
    expect(read).toEqual(line(10));
    expect(read.metadata).toEqual(metadata);
    expect(await lastValue(path)).toBe(20 + LENGTH - 1);
  });

  it('takes the place of the one before, its weights included', async () => {
    const path = join(folder, 'net.onnx');
    await writeModel(path, line(10), { external: 'always' });
    await writeModel(path, line(3), { external: 'always' });
    expect(await lastValue(path)).toBe(6 + LENGTH - 1);
    await writeModel(path, line(4));
    expect(await readdir(folder)).toEqual(['net.onnx']);
    expect(await lastValue(path)).toBe(8 + LENGTH - 1);
  });

  it('is not written where a folder is in the way, and nothing else is left', async () => {
    await writeModel(join(folder, 'a', 'net.onnx'), line(1));
    await expect(writeModel(join(folder, 'a'), line(2))).rejects.toThrow(RunError);
    await expect(writeModel(join(folder, 'a'), line(2), { external: 'always' })).rejects.toThrow(RunError);
    expect(await readdir(folder)).toEqual(['a']);
    expect(await readdir(join(folder, 'a'))).toEqual(['net.onnx']);
  });

  it('that is missing or damaged is named', async () => {
    const path = join(folder, 'net.onnx');
    await expect(readModel(path)).rejects.toThrow(CheckpointError);
    await expect(openSession(path)).rejects.toThrow(GraphError);
    await writeFile(path, encodeModel(line(1)).subarray(0, 5000));
    await expect(readModel(path)).rejects.toThrow(`${path}: The ONNX data is damaged`);
    await expect(openSession(path)).rejects.toThrow(GraphError);
  });

  it('whose weights are missing or too short is named', async () => {
    const path = join(folder, 'net.onnx');
    await writeModel(path, line(1), { external: 'always' });
    await truncate(`${path}.data`, 5000);
    await expect(readModel(path)).rejects.toThrow('net.onnx.data, which has 5000 bytes');
    await rm(`${path}.data`);
    await expect(readModel(path)).rejects.toThrow(CheckpointError);
    await expect(openSession(path)).rejects.toThrow(GraphError);
  });

  it('does not make us read other folders', async () => {
    const path = join(folder, 'net.onnx');
    for (const location of ['../secret', '/etc/hostname', '..', '']) {
      await writeFile(path, encodeModelExternal(line(1), location).model);
      await expect(readModel(path), location).rejects.toThrow('a file beside the model');
    }
  });

  it('has weights at offsets that can be mapped into memory', async () => {
    const path = join(folder, 'net.onnx');
    await writeModel(path, line(1), { external: 'always' });
    const data = await readFile(`${path}.data`);
    expect(data.length).toBe(8192 + 4 * LENGTH);
    expect(data.readFloatLE(8192 + 4 * (LENGTH - 1))).toBe(LENGTH - 1);
  });
});
