import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { CheckpointError } from '../../src/base/errors.ts';
import { type DType, elementCount, float32, type NdArray } from '../../src/tensor/array.ts';
import { toFloat32 } from '../../src/tensor/elements.ts';
import {
  encodeSafetensors,
  openSafetensors,
  parseSafetensors,
  readSafetensors,
} from '../../src/tensor/safetensors.ts';
import { sharedPath } from '../shared.ts';
import { temporaryFolder } from '../temporary.ts';

let folder: string;
beforeAll(async () => {
  folder = await temporaryFolder();
});

const arrays = {
  float32: (n: number) => fc.float32Array({ minLength: n, maxLength: n }),
  float16: (n: number) => fc.uint16Array({ minLength: n, maxLength: n }),
  int32: (n: number) => fc.int32Array({ minLength: n, maxLength: n }),
  int64: (n: number) => fc.bigInt64Array({ minLength: n, maxLength: n }),
  uint8: (n: number) => fc.uint8Array({ minLength: n, maxLength: n }),
  int8: (n: number) => fc.int8Array({ minLength: n, maxLength: n }),
  bool: (n: number) => fc.uint8Array({ minLength: n, maxLength: n, max: 1 }),
} satisfies Record<DType, unknown>;

const anyArray: fc.Arbitrary<NdArray> = fc
  .tuple(fc.constantFrom(...(Object.keys(arrays) as DType[])), fc.array(fc.nat({ max: 4 }), { maxLength: 4 }))
  .chain(([dtype, shape]) =>
    (arrays[dtype](elementCount(shape)) as fc.Arbitrary<NdArray['data']>).map((data) => ({
      dtype,
      shape,
      data,
    })),
  );

const anyName = fc.string({ minLength: 1, unit: 'grapheme' }).filter((name) => name !== '__metadata__');

test('what is encoded is read back, with names, types, shapes and metadata', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.tuple(anyName, anyArray), { selector: ([name]) => name, maxLength: 6 }),
      fc.dictionary(fc.string(), fc.string(), { noNullPrototype: true }),
      async (entries, metadata) => {
        const tensors = new Map(entries);
        const read = await parseSafetensors(encodeSafetensors(tensors, metadata));
        expect(read.metadata).toEqual(metadata);
        expect(new Map([...read.tensors].sort())).toEqual(new Map([...tensors].sort()));
      },
    ),
  );
});

test('every type is read as float32 too', async () => {
  const path = join(folder, 'floats.safetensors');
  const tensors = new Map<string, NdArray>([
    ['halves', { dtype: 'float16', shape: [3], data: Uint16Array.of(0x3c00, 0xc000, 0x3555) }],
    ['one', { dtype: 'float16', shape: [], data: Uint16Array.of(0x4000) }],
    ['none', { dtype: 'float16', shape: [0, 2], data: new Uint16Array(0) }],
    ['floats', float32([2], [0.1, -7])],
    ['whole', { dtype: 'int64', shape: [1], data: BigInt64Array.of(-5n) }],
  ]);
  await writeFile(path, encodeSafetensors(tensors));
  const file = await openSafetensors(path);
  for (const [name, array] of tensors)
    expect(await file.readFloat32(name), name).toEqual(float32(array.shape, toFloat32(array)));
  await expect(file.readFloat32('more')).rejects.toThrow(/no tensor more/);
  await file.close();
});

test('metadata and tensors under the name __proto__ are read back like any other', async () => {
  const metadata: Record<string, string> = Object.fromEntries([['__proto__', 'text']]);
  const read = await parseSafetensors(
    encodeSafetensors(new Map([['__proto__', float32([1], [2])]]), metadata),
  );
  expect(Object.entries(read.metadata)).toEqual([['__proto__', 'text']]);
  expect(read.tensors.get('__proto__')).toEqual(float32([1], [2]));
});

test('equal tensors give equal bytes, whatever their order, and every tensor is aligned', async () => {
  const a = float32([2], [1, 2]);
  const b: NdArray = { dtype: 'uint8', shape: [3], data: Uint8Array.of(1, 2, 3) };
  const c: NdArray = { dtype: 'int64', shape: [], data: BigInt64Array.of(-1n) };
  const forward = encodeSafetensors(new Map<string, NdArray>(Object.entries({ a, b, c })));
  const backward = encodeSafetensors(new Map<string, NdArray>(Object.entries({ c, b, a })));
  expect(backward).toEqual(forward);
  const path = join(folder, 'aligned.safetensors');
  await writeFile(path, forward);
  const file = await openSafetensors(path);
  expect([...file.entries.keys()]).toEqual(['c', 'a', 'b']);
  for (const [name, align] of [
    ['a', 4],
    ['c', 8],
  ] as const) {
    expect(file.entries.get(name)!.offset % align).toBe(0);
  }
  await file.close();
});

/** A file from a header as given and `dataBytes` zero bytes. */
function fileOf(header: unknown, dataBytes = 0): Uint8Array {
  const text = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

test('types that arrays lack are widened', async () => {
  const bytes = fileOf(
    {
      bf: { dtype: 'BF16', shape: [2], data_offsets: [0, 4] },
      i: { dtype: 'I16', shape: [1], data_offsets: [4, 6] },
      u: { dtype: 'U16', shape: [1], data_offsets: [6, 8] },
      w: { dtype: 'U32', shape: [1], data_offsets: [8, 12] },
      d: { dtype: 'F64', shape: [1], data_offsets: [12, 20] },
    },
    20,
  );
  const view = new DataView(bytes.buffer, bytes.length - 20);
  view.setUint16(0, 0x3f80, true);
  view.setUint16(2, 0xc000, true);
  view.setInt16(4, -7, true);
  view.setUint16(6, 65535, true);
  view.setUint32(8, 4294967295, true);
  view.setFloat64(12, 0.5, true);
  const { tensors } = await parseSafetensors(bytes);
  expect(tensors.get('bf')).toEqual(float32([2], [1, -2]));
  expect(tensors.get('i')).toEqual({ dtype: 'int32', shape: [1], data: Int32Array.of(-7) });
  expect(tensors.get('u')).toEqual({ dtype: 'int32', shape: [1], data: Int32Array.of(65535) });
  expect(tensors.get('w')).toEqual({ dtype: 'int64', shape: [1], data: BigInt64Array.of(4294967295n) });
  expect(tensors.get('d')).toEqual(float32([1], [0.5]));
});

describe('a damaged file is an error that names the file and the tensor', () => {
  const four = (data_offsets: unknown, shape: unknown = [1], dtype: unknown = 'F32') => ({
    dtype,
    shape,
    data_offsets,
  });
  test.each([
    ['too short', Uint8Array.of(1, 2, 3), /3 bytes, too few/],
    ['header longer than the file', fileOf('{}').slice(0, 9), /claims a header of 2 bytes/],
    ['header length of 2^63', new Uint8Array(16).fill(0xff), /claims a header/],
    ['not JSON', fileOf('{"a"'), /not JSON/],
    ['not UTF-8', fileOf('{}').fill(0xff, 8), /not JSON/],
    ['not an object', fileOf([]), /not a JSON object/],
    ['metadata that is not text', fileOf({ __metadata__: { a: 1 } }), /metadata a /],
    ['entry that is not an object', fileOf({ w: 3 }), /tensor w by 3/],
    [
      'endless nesting',
      fileOf(`{"w":${'['.repeat(20_000)}${']'.repeat(20_000)}}`),
      /tensor w by \[\[\.\.\.\]\]/,
    ],
    ['shape of thousands', fileOf({ w: four([0, 4], Array(9999).fill('x')) }, 4), /"x",\.\.\.\]/],
    ['unknown type', fileOf({ w: four([0, 4], [1], 'F8_E4M3') }, 4), /tensor w of type "F8_E4M3"/],
    ['type from the prototype', fileOf({ w: four([0, 4], [1], 'toString') }, 4), /tensor w of type/],
    ['negative shape', fileOf({ w: four([0, 4], [-1]) }, 4), /tensor w of shape \[-1\]/],
    ['fractional shape', fileOf({ w: four([0, 4], [0.5, 2]) }, 4), /tensor w of shape/],
    ['shape beyond whole numbers', fileOf({ w: four([0, 4], [1e300, 0]) }, 4), /tensor w of shape/],
    ['shape that overflows', fileOf({ w: four([0, 4], [2 ** 40, 2 ** 40]) }, 4), /tensor w of shape/],
    ['offsets turned round', fileOf({ w: four([4, 0]) }, 4), /tensor w at offsets/],
    ['offsets missing', fileOf({ w: { dtype: 'F32', shape: [1] } }, 4), /tensor w at offsets/],
    ['too few bytes for the shape', fileOf({ w: four([0, 4], [2]) }, 4), /in 4 bytes instead of 8/],
    ['data cut off', fileOf({ w: four([0, 4]) }, 3), /tensor w, which ends at byte/],
    ['bytes left over', fileOf({ w: four([0, 4]) }, 5), /1 bytes after its last tensor/],
    ['hole', fileOf({ a: four([0, 4]), b: four([8, 12]) }, 12), /tensor b, which leaves a hole/],
    ['overlap', fileOf({ a: four([0, 4]), b: four([2, 6]) }, 6), /tensor b, which overlaps/],
  ])('%s', async (_, bytes, message) => {
    const path = join(folder, 'damaged.safetensors');
    await writeFile(path, bytes);
    const reading = readSafetensors(path);
    await expect(reading).rejects.toBeInstanceOf(CheckpointError);
    await expect(reading).rejects.toThrow(message);
    await expect(reading).rejects.toThrow('damaged.safetensors');
  });

  test('a missing file, a folder and an unknown tensor', async () => {
    await expect(readSafetensors(join(folder, 'none'))).rejects.toThrow(/cannot be opened/);
    await expect(readSafetensors(folder)).rejects.toThrow(CheckpointError);
    const path = join(folder, 'empty.safetensors');
    await writeFile(path, fileOf({}));
    const file = await openSafetensors(path);
    await expect(file.read('w')).rejects.toThrow(/no tensor w/);
    await file.close();
  });

  test('no mangled file is anything but a CheckpointError', async () => {
    const good = encodeSafetensors(new Map([['weight', float32([2, 2], [1, 2, 3, 4])]]), { format: 'pt' });
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: good.length - 1 }), fc.nat({ max: 255 }), async (at, value) => {
        const bytes = good.slice();
        bytes[at] = value;
        try {
          await parseSafetensors(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(CheckpointError);
        }
      }),
    );
  });
});

const reference = sharedPath('golden/sam-tiny/model.safetensors');
test.skipIf(reference === undefined)('a file of the reference implementation is read', async () => {
  const tensors = await readSafetensors(reference!);
  expect(tensors.get('vision_encoder.neck.conv2.weight')!.shape).toEqual([32, 32, 3, 3]);
  const values = tensors.get('mask_decoder.iou_token.weight')!.data as Float32Array;
  expect(values.every(Number.isFinite) && values.some((value) => value !== 0)).toBe(true);
});
