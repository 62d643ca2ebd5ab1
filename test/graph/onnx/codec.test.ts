/** @file The ONNX encoder and decoder: what is written is read, and damage is always named. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GraphError } from '../../../src/base/errors.ts';
import { createRng } from '../../../src/base/rng.ts';
import { buildModel } from '../../../src/graph/build.ts';
import { decodeModel } from '../../../src/graph/onnx/decode.ts';
import { encodeModel } from '../../../src/graph/onnx/encode.ts';
import type { AttributeValue, OnnxModel } from '../../../src/graph/onnx/model.ts';
import { ProtobufWriter, readFields, readPackedVarints } from '../../../src/graph/onnx/protobuf.ts';
import { input } from '../../../src/graph/tensor.ts';
import { constantSource, initializeWeights, listParameters } from '../../../src/nn/parameters.ts';
import { unet } from '../../../src/nn/unet.ts';
import { openSession } from '../../../src/runtime/session.ts';
import { type DType, elementCount, float32, type NdArray } from '../../../src/tensor/array.ts';

const text = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('', '__proto__', 'constructor'));
const int64 = fc.oneof(
  fc.maxSafeInteger(),
  fc
    .bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
    .filter((value) => !Number.isSafeInteger(Number(value))),
);
const float = fc.float();

const attribute: fc.Arbitrary<AttributeValue> = fc.oneof(
  fc.record({ kind: fc.constant('int' as const), value: int64 }),
  fc.record({ kind: fc.constant('float' as const), value: float }),
  fc.record({ kind: fc.constant('string' as const), value: text }),
  fc.record({ kind: fc.constant('ints' as const), value: fc.array(int64) }),
  fc.record({ kind: fc.constant('floats' as const), value: fc.array(float) }),
);

const dtype = fc.constantFrom<DType>('float32', 'float16', 'int32', 'int64', 'uint8', 'int8', 'bool');
const shape = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 });

const ndArray: fc.Arbitrary<NdArray> = fc.tuple(dtype, shape, fc.integer()).map(([type, sizes, seed]) => {
  const rng = createRng(seed);
  const count = elementCount(sizes);
  const draw = (below: number): number[] => Array.from({ length: count }, () => rng.below(below));
  const data = {
    float32: () => Float32Array.from(draw(1000), (value) => value / 7),
    float16: () => Uint16Array.from(draw(2 ** 16)),
    int32: () => Int32Array.from(draw(2 ** 32)),
    int64: () => BigInt64Array.from(draw(2 ** 32), (value) => BigInt(value) * -(2n ** 31n)),
    uint8: () => Uint8Array.from(draw(256)),
    int8: () => Int8Array.from(draw(256)),
    bool: () => Uint8Array.from(draw(2)),
  }[type]();
  return { dtype: type, shape: sizes, data } as NdArray;
});

const value = fc.record({ name: text, dtype, shape });
const model: fc.Arbitrary<OnnxModel> = fc.record({
  graphName: text,
  nodes: fc.array(
    fc.record({
      type: text,
      domain: text,
      name: text,
      inputs: fc.array(text),
      outputs: fc.array(text),
      attributes: fc.dictionary(text, attribute),
    }),
    { maxLength: 4 },
  ),
  initializers: fc.array(fc.tuple(text, ndArray), { maxLength: 4 }).map((entries) => new Map(entries)),
  inputs: fc.array(value, { maxLength: 3 }),
  outputs: fc.array(value, { maxLength: 3 }),
  metadata: fc.dictionary(text, text),
  opsets: fc.dictionary(text, fc.nat()),
});

/** Without prototypes, which fast-check varies and equality would look at. */
const plain = (of: OnnxModel): OnnxModel => ({
  ...of,
  nodes: of.nodes.map((node) => ({
    ...node,
    attributes: Object.fromEntries(Object.entries(node.attributes)),
  })),
  metadata: Object.fromEntries(Object.entries(of.metadata)),
  opsets: Object.fromEntries(Object.entries(of.opsets)),
});

const config = { inputChannels: 1, outputChannels: 2, base: 2, levels: 2, coordinates: true };
const x = float32(
  [1, 1, 6, 4],
  Float32Array.from({ length: 24 }, (_, i) => Math.sin(i)),
);

function smallNet(): OnnxModel {
  const build = (source: Parameters<typeof unet>[1]) => unet(config, source, input('x', x.shape));
  const weights = initializeWeights(listParameters(build), createRng(1));
  return buildModel(
    { logits: build(constantSource(weights)) },
    { metadata: { classes: '["ulna","radius"]' } },
  );
}

describe('a model', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(model, (written) => {
        expect(decodeModel(encodeModel(written))).toEqual(plain(written));
      }),
      { numRuns: 300 },
    );
  });

  it('runs the same when it was read and written again', async () => {
    const net = smallNet();
    const again = decodeModel(encodeModel(net));
    expect(decodeModel(encodeModel(again))).toEqual(again);
    const [a, b] = [await openSession(net, { threads: 1 }), await openSession(again, { threads: 1 })];
    expect((await b.run({ x })).logits).toEqual((await a.run({ x })).logits);
    await Promise.all([a.close(), b.close()]);
  });

  it('that is damaged is a GraphError or another model, at once', () => {
    const bytes = encodeModel(smallNet());
    const rng = createRng(3);
    const outcomes = { read: 0, refused: 0 };
    for (let i = 0; i < 300; i++) {
      let damaged = Uint8Array.from(bytes);
      if (i % 3 === 0) damaged = damaged.subarray(0, rng.below(damaged.length));
      else for (let k = rng.below(8); k >= 0; k--) damaged[rng.below(damaged.length)] = rng.below(256);
      // Half of the damage goes to the small messages at the front, where most of the structure is.
      if (i % 2 === 0) damaged[rng.below(Math.min(600, damaged.length || 1))] = rng.below(256);
      try {
        decodeModel(damaged);
        outcomes.read++;
      } catch (error) {
        expect(error).toBeInstanceOf(GraphError);
        outcomes.refused++;
      }
    }
    expect(outcomes.refused).toBeGreaterThan(50);
    expect(outcomes.read).toBeGreaterThan(10);
  });

  it('of any bytes at all is a GraphError or a model', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          decodeModel(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(GraphError);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('of more than 2 GB is not put into one piece', () => {
    const large = { byteLength: 2 ** 31, length: 2 ** 29 } as Float32Array;
    const net = smallNet();
    const tooLarge = { ...net, initializers: new Map([['w', float32([2 ** 29], [])]]) };
    (tooLarge.initializers.get('w') as { data: Float32Array }).data = large;
    expect(() => encodeModel(tooLarge)).toThrow('less than 2 GB');
  });
});

describe('a tensor of another tool', () => {
  /** A model whose one initializer is written by `fill`. */
  const decoded = (fill: (tensor: ProtobufWriter) => void): NdArray | undefined => {
    const writer = new ProtobufWriter();
    writer.message(7, (graph) => graph.message(5, fill));
    return decodeModel(writer.finish()).initializers.get('t');
  };
  const packed = (...values: number[]): Uint8Array => {
    const writer = new ProtobufWriter();
    for (const item of values) writer.int(1, item);
    return Uint8Array.from(
      [...readFields(writer.finish())].flatMap((field) => varint(field.wire === 0 ? field.value : 0n)),
    );
  };
  const varint = (item: bigint): number[] => {
    let rest = BigInt.asUintN(64, item);
    const bytes: number[] = [];
    for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
    return [...bytes, Number(rest)];
  };

  it('may list its values as packed numbers', () => {
    const start = (tensor: ProtobufWriter, code: number) => {
      tensor.bytes(1, packed(2));
      tensor.int(2, code);
      tensor.string(8, 't');
    };
    const ints = decoded((tensor) => {
      start(tensor, 6);
      tensor.bytes(5, packed(7, -1));
    });
    expect(ints).toEqual({ dtype: 'int32', shape: [2], data: Int32Array.of(7, -1) });
    const bools = decoded((tensor) => {
      start(tensor, 9);
      tensor.int(5, 1);
      tensor.int(5, 0);
    });
    expect(bools).toEqual({ dtype: 'bool', shape: [2], data: Uint8Array.of(1, 0) });
    const longs = decoded((tensor) => {
      start(tensor, 7);
      tensor.bytes(7, packed(-5, 2 ** 40));
    });
    expect(longs).toEqual({ dtype: 'int64', shape: [2], data: BigInt64Array.of(-5n, 2n ** 40n) });
    const floats = decoded((tensor) => {
      start(tensor, 1);
      tensor.float(4, 1.5);
      tensor.float(4, -2);
    });
    expect(floats).toEqual(float32([2], [1.5, -2]));
  });

  it('is refused where its shape and its values differ, or its type is none of ours', () => {
    const tensor =
      (code: number, ...sizes: number[]) =>
      () =>
        decoded((out) => {
          for (const size of sizes) out.int(1, size);
          out.int(2, code);
          out.string(8, 't');
          out.bytes(9, new Uint8Array(8));
        });
    expect(tensor(1, 2)()).toEqual(float32([2], [0, 0]));
    expect(tensor(1, 3)).toThrow('8 bytes for t, not 12');
    expect(tensor(1, -1, -2)).toThrow(GraphError);
    expect(tensor(1, 2 ** 40, 2 ** 40)).toThrow(GraphError);
    expect(tensor(11, 1)).toThrow('unknown type 11');
  });
});

describe('packed numbers', () => {
  it('that are cut off or too long are a GraphError', () => {
    expect(readPackedVarints(Uint8Array.of(0x96, 0x01, 0x00))).toEqual([150n, 0n]);
    expect(() => readPackedVarints(Uint8Array.of(0x96))).toThrow(GraphError);
    expect(() => readPackedVarints(new Uint8Array(1_000_000).fill(0xff))).toThrow(GraphError);
  });
});
