/** @file Sessions: feeding, reusing buffers, and errors that name what is wrong. */
import { describe, expect, it } from 'vitest';
import { GraphError } from '../../src/base/errors.ts';
import { buildModel } from '../../src/graph/build.ts';
import type { OnnxModel } from '../../src/graph/onnx/model.ts';
import { add, equal, mul } from '../../src/graph/ops/elementwise.ts';
import { cast } from '../../src/graph/ops/unary.ts';
import { input } from '../../src/graph/tensor.ts';
import { openSession } from '../../src/runtime/session.ts';
import { type DType, float32, type NdArray } from '../../src/tensor/array.ts';
import { ABSENT } from '../machine/machine.ts';

const [a, b] = [input('a', [2]), input('b', [2])];
const model = buildModel({ total: add(a, b), product: mul(a, b) });
const feeds = { a: float32([2], [1, 2]), b: float32([2], [10, 20]) };

describe('a session', () => {
  it('knows its inputs and outputs and computes all outputs', async () => {
    const session = await openSession(model);
    expect(session.inputNames).toEqual(['a', 'b']);
    expect(session.outputNames).toEqual(['total', 'product']);
    expect(await session.run(feeds)).toEqual({
      total: float32([2], [11, 22]),
      product: float32([2], [10, 40]),
    });
    await session.close();
  });

  it('writes into the arrays it is given, and makes the others', async () => {
    const session = await openSession(model, { threads: 1, keepMemory: false });
    const total = float32([2], [0, 0]);
    const results = await session.run(feeds, { total });
    expect(results.total).toBe(total);
    expect([...total.data]).toEqual([11, 22]);
    expect(results.product).toEqual(float32([2], [10, 40]));
    await session.close();
  });

  it('takes and gives every dtype', async () => {
    const x = input('x', [2]);
    const dtypes: DType[] = ['float32', 'float16', 'int32', 'int64', 'uint8', 'int8'];
    const outputs = Object.fromEntries(dtypes.map((dtype) => [dtype, cast(x, dtype)]));
    const session = await openSession(buildModel({ ...outputs, bool: equal(x, 1) }), { threads: 1 });
    const results = await session.run({ x: float32([2], [1, 3]) });
    await session.close();
    const seen = Object.values(results).map(({ dtype, data }: NdArray) => [
      dtype,
      ...Array.from(data, Number),
    ]);
    expect(seen).toEqual([
      ['float32', 1, 3],
      ['float16', 0x3c00, 0x4200],
      ['int32', 1, 3],
      ['int64', 1, 3],
      ['uint8', 1, 3],
      ['int8', 1, 3],
      ['bool', 1, 0],
    ]);
  });

  it('names a feed that is missing', async () => {
    const session = await openSession(model, { threads: 1 });
    await expect(session.run({ a: feeds.a })).rejects.toThrow('The input b was not fed');
    await session.close();
  });

  it('refuses a feed of another shape or type', async () => {
    const session = await openSession(model, { threads: 1 });
    const long = float32([3], [1, 2, 3]);
    await expect(session.run({ a: feeds.a, b: long })).rejects.toThrow(GraphError);
    const whole: NdArray = { dtype: 'int32', shape: [2], data: Int32Array.of(1, 2) };
    await expect(session.run({ a: feeds.a, b: whole })).rejects.toThrow(GraphError);
    expect((await session.run(feeds)).total).toEqual(float32([2], [11, 22]));
    await session.close();
  });

  it('says where a device is not to be had, and runs on the CPU where that is allowed', async () => {
    await expect(openSession(model, { device: ABSENT })).rejects.toMatchObject({
      name: 'GraphError',
      seen: expect.stringContaining(`does not load the model on ${ABSENT}: `),
      fix: expect.stringContaining('packmule doctor'),
    });
    const reasons: string[] = [];
    const session = await openSession(model, {
      device: ABSENT,
      onFallback: (reason) => reasons.push(reason),
    });
    expect((await session.run(feeds)).total).toEqual(float32([2], [11, 22]));
    await session.close();
    expect(reasons).toEqual([expect.stringContaining(ABSENT)]);
  });

  it('does not blame a device for a model that the CPU does not open either', async () => {
    const onFallback = (): void => undefined;
    await expect(openSession('/nowhere/net.onnx', { device: ABSENT, onFallback })).rejects.toMatchObject({
      fix: expect.stringContaining('the file is complete'),
    });
  });

  it('does not open a model of unknown operators, nor a file that is absent', async () => {
    const [first] = model.nodes;
    const unknown: OnnxModel = {
      ...model,
      nodes: [{ ...first!, type: 'Levitate' }, ...model.nodes.slice(1)],
    };
    await expect(openSession(unknown)).rejects.toThrow(GraphError);
    await expect(openSession('/nowhere/net.onnx')).rejects.toThrow('/nowhere/net.onnx');
  });
});
