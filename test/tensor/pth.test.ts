import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CheckpointError } from '../../src/base/errors.ts';
import { float32 } from '../../src/tensor/array.ts';
import { parsePth, readPth } from '../../src/tensor/pth.ts';
import { readSafetensors } from '../../src/tensor/safetensors.ts';
import { sharedPath } from '../shared.ts';
import { buildZip } from './build-zip.ts';

/** Pickle opcodes by hand: text is its UTF-8 bytes, numbers are opcodes. */
function bytes(...parts: readonly (number | string | Uint8Array)[]): Uint8Array {
  return Uint8Array.from(
    Buffer.concat(
      parts.map((part) => {
        if (typeof part === 'number') return Uint8Array.of(part);
        return typeof part === 'string' ? new TextEncoder().encode(part) : part;
      }),
    ),
  );
}

const PROTO = bytes(0x80, 2);
const str = (value: string): Uint8Array => bytes('X', value.length, 0, 0, 0, value);
const int = (value: number): Uint8Array => bytes('K', value);
const tuple = (...items: Uint8Array[]): Uint8Array => bytes('(', ...items, 't');
const global = (module: string, name: string): Uint8Array => bytes('c', module, '\n', name, '\n');
const call = (callee: Uint8Array, ...args: Uint8Array[]): Uint8Array => bytes(callee, tuple(...args), 'R');
const dict = (...items: Uint8Array[]): Uint8Array => bytes('}', '(', ...items, 'u');
const orderedDict = call(global('collections', 'OrderedDict'));

interface TensorSpec {
  type?: string;
  key?: string;
  length: number;
  offset?: number;
  shape: number[];
  strides: number[];
}
function tensor({
  type = 'FloatStorage',
  key = '0',
  length,
  offset = 0,
  shape,
  strides,
}: TensorSpec): Uint8Array {
  const storage = bytes(
    tuple(str('storage'), global('torch', type), str(key), str('cuda:0'), int(length)),
    'Q',
  );
  return call(
    global('torch._utils', '_rebuild_tensor_v2'),
    storage,
    int(offset),
    tuple(...shape.map(int)),
    tuple(...strides.map(int)),
    bytes(0x89),
    orderedDict,
  );
}

function pth(pickle: Uint8Array, storages: Readonly<Record<string, ArrayBufferView>> = {}): Uint8Array {
  return buildZip([
    { name: 'weights/data.pkl', bytes: bytes(PROTO, pickle, '.') },
    ...Object.entries(storages).map(([key, data]) => ({
      name: `weights/data/${key}`,
      bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    })),
  ]);
}

const six = Float32Array.of(0, 1, 2, 3, 4, 5);

test('tensors are views of storages: offset, strides, broadcast axes of one', async () => {
  const pickle = dict(
    str('whole'),
    tensor({ length: 6, shape: [2, 3], strides: [3, 1] }),
    str('transposed'),
    tensor({ length: 6, shape: [3, 2], strides: [1, 3] }),
    str('part'),
    tensor({ length: 6, offset: 2, shape: [2], strides: [2] }),
    str('scalar'),
    tensor({ length: 6, offset: 5, shape: [], strides: [] }),
    str('empty'),
    tensor({ length: 6, shape: [0, 3], strides: [3, 1] }),
    str('unit'),
    tensor({ length: 6, offset: 3, shape: [1, 2], strides: [50, 1] }),
  );
  const tensors = await parsePth(pth(pickle, { 0: six }));
  expect(Object.fromEntries(tensors)).toEqual({
    whole: float32([2, 3], [0, 1, 2, 3, 4, 5]),
    transposed: float32([3, 2], [0, 3, 1, 4, 2, 5]),
    part: float32([2], [2, 4]),
    scalar: float32([], [5]),
    empty: float32([0, 3], []),
    unit: float32([1, 2], [3, 4]),
  });
});

test('half, bfloat16 and int64 storages, parameters, _metadata and a wrapping dict', async () => {
  const spec = { length: 2, shape: [2], strides: [1] };
  const state = bytes(
    orderedDict,
    '(',
    str('half'),
    tensor({ ...spec, type: 'HalfStorage', key: 'h' }),
    str('brain'),
    tensor({ ...spec, type: 'BFloat16Storage', key: 'b' }),
    str('long'),
    tensor({ ...spec, type: 'LongStorage', key: 'l' }),
    str('parameter'),
    call(
      global('torch._utils', '_rebuild_parameter'),
      tensor({ ...spec, key: 'f' }),
      bytes(0x88),
      orderedDict,
    ),
    'u',
    dict(str('_metadata'), orderedDict),
    'b',
  );
  const file = pth(dict(str('epoch'), int(3), str('model'), state), {
    h: Uint16Array.of(0x3c00, 0xc000),
    b: Uint16Array.of(0x3f80, 0xc000),
    l: BigInt64Array.of(7n, -7n),
    f: Float32Array.of(0.5, 1.5),
  });
  expect(Object.fromEntries(await parsePth(file))).toEqual({
    half: { dtype: 'float16', shape: [2], data: Uint16Array.of(0x3c00, 0xc000) },
    brain: float32([2], [1, -2]),
    long: { dtype: 'int64', shape: [2], data: BigInt64Array.of(7n, -7n) },
    parameter: float32([2], [0.5, 1.5]),
  });
});

describe('a hostile or damaged file is an error and runs nothing', () => {
  const command = str('touch /tmp/owned');
  const good = tensor({ length: 6, shape: [6], strides: [1] });
  const spec = { length: 6, shape: [6], strides: [1] };
  test.each([
    ['GLOBAL os.system', call(global('os', 'system'), command), /asks for os\.system,/],
    [
      'GLOBAL posix.system, never called',
      dict(str('w'), global('posix', 'system')),
      /asks for posix\.system,/,
    ],
    [
      'STACK_GLOBAL',
      bytes(str('builtins'), str('eval'), 0x93, tuple(command), 'R'),
      /asks for builtins\.eval,/,
    ],
    [
      'STACK_GLOBAL of a path into torch',
      bytes(str('torch'), str('serialization.os.system'), 0x93),
      /asks for torch\.serialization\.os\.system/,
    ],
    ['STACK_GLOBAL without text', bytes(int(1), int(2), 0x93), /text is missing/],
    ['forbidden torch name', call(global('torch', 'load'), command), /asks for torch\.load,/],
    ['REDUCE of a storage type', call(global('torch', 'FloatStorage'), int(9)), /calls torch\.FloatStorage/],
    ['REDUCE of text', bytes(command, tuple(), 'R'), /not a name/],
    ['BUILD on a tensor', bytes(good, dict(), 'b'), /sets the state/],
    ['INST', bytes('(', command, 'ios\nsystem\n'), /opcode 0x69/],
    ['OBJ', bytes('(', global('collections', 'OrderedDict'), 'o'), /opcode 0x6f/],
    ['NEWOBJ', bytes(global('collections', 'OrderedDict'), ')', 0x81), /opcode 0x81/],
    ['extension registry', bytes(0x82, 1), /opcode 0x82/],
    ['protocol 9', bytes(0x80, 9), /protocol 9/],
    ['no memo entry', bytes('h', 5), /no stored value 5/],
    ['pop from nothing', bytes('0'), /value is missing/],
    ['mark missing', bytes('t'), /mark is missing/],
    ['append to a number', bytes(int(1), int(2), 'a'), /list is missing/],
    ['set on a number', bytes(int(1), int(2), int(3), 's'), /dict is missing/],
    ['text longer than the pickle', bytes('X', 0xff, 0xff, 0xff, 0x7f), /breaks off/],
    ['line without end', bytes('cos'), /breaks off/],
    ['endless number', bytes(0x8b, 0xff, 0xff, 0, 0, new Uint8Array(70000)), /number of 65535 bytes/],
    ['not a dict', good, /tensors by name/],
    ['value that is not a tensor', dict(str('w'), int(1)), /holds w, which is not a tensor/],
    ['name that is not text', dict(int(1), good), /name is not text/],
    ['persistent id of something else', bytes(str('0'), 'Q'), /not a tensor storage/],
    [
      'storage of an unlisted type',
      dict(str('w'), tensor({ ...spec, type: 'ComplexFloatStorage' })),
      /ComplexFloatStorage/,
    ],
    ['tensor past its storage', dict(str('w'), tensor({ ...spec, offset: 1 })), /leaves its storage/],
    [
      'strides past the storage',
      dict(str('w'), tensor({ ...spec, shape: [3], strides: [3] })),
      /leaves its storage/,
    ],
    [
      'expanded to a huge tensor',
      dict(str('w'), tensor({ ...spec, shape: [255, 255], strides: [0, 0] })),
      /leaves its storage/,
    ],
    [
      'no storage in the archive',
      dict(str('w'), tensor({ ...spec, key: '9' })),
      /no data for tensor w instead of 24/,
    ],
    [
      'storage path that climbs out',
      dict(str('w'), tensor({ ...spec, key: '../../x' })),
      /no data for tensor w/,
    ],
    [
      'storage of another length',
      dict(str('w'), tensor({ ...spec, length: 7 })),
      /24 bytes for tensor w instead of 28/,
    ],
    [
      'storage in two types',
      dict(str('v'), good, str('w'), tensor({ length: 3, shape: [3], strides: [1] })),
      /storage of w in two ways/,
    ],
  ])('%s', async (_, pickle, message) => {
    const reading = parsePth(pth(pickle, { 0: six }), 'evil.pth');
    await expect(reading).rejects.toBeInstanceOf(CheckpointError);
    await expect(reading).rejects.toThrow(message);
    await expect(reading).rejects.toThrow('evil.pth');
  });

  test.each([
    ['values', bytes('N'.repeat(2 ** 16 + 1)), /open values/],
    ['marks', bytes('('.repeat(2 ** 16 + 1)), /open marks/],
    ['bytes', bytes('N0'.repeat(2 ** 22 + 1)), /a pickle of \d+ bytes/],
  ])('too many %s', async (_, pickle, message) => {
    await expect(parsePth(pth(pickle))).rejects.toThrow(message);
  });

  test('too many values, one in the other', async () => {
    const pickle = Buffer.concat([
      Buffer.from([0x80, 2, 0x5d]),
      Buffer.alloc(2 ** 20, 0x85),
      Buffer.from('.'),
    ]);
    await expect(parsePth(pth(pickle))).rejects.toThrow(/more than 1048576 values/);
  });

  test('too many stored values', async () => {
    const pickle = new Uint8Array(2 ** 20 + 2).fill(0x94);
    pickle[0] = 0x4e;
    await expect(parsePth(pth(pickle))).rejects.toThrow(/stored values/);
  });

  test('nesting a million deep neither recurses nor passes', async () => {
    const pickle = bytes('N', new Uint8Array(1_000_000).fill(0x85));
    await expect(parsePth(pth(pickle))).rejects.toThrow(/tensors by name/);
  });

  test('views that add up to much more than the file', async () => {
    const storage = new Float32Array(2 ** 20);
    const shape = bytes('J', 0, 0, 16, 0);
    const big = bytes(
      global('torch._utils', '_rebuild_tensor_v2'),
      '(',
      tuple(str('storage'), global('torch', 'FloatStorage'), str('0'), str('cpu'), shape),
      'Q',
      int(0),
      tuple(shape),
      tuple(int(1)),
      bytes(0x89),
      orderedDict,
      'tR',
    );
    const items = Array.from({ length: 32 }, (_, i) => bytes(str(`w${i}`), big));
    await expect(parsePth(pth(dict(...items), { 0: storage }))).rejects.toThrow(/4 times its size/);
    expect((await parsePth(pth(dict(...items.slice(0, 8)), { 0: storage }))).size).toBe(8);
  });

  test.each([
    ['the old format', bytes(0x80, 2, 0x8a, 10, 'l\xfc'), /not a zip archive/],
    ['an empty file', new Uint8Array(), /not a zip archive/],
    ['another zip archive', buildZip([{ name: 'readme', bytes: bytes('hi') }]), /without data\.pkl/],
    [
      'big-endian',
      buildZip([
        { name: 'a/data.pkl', bytes: bytes('N.') },
        { name: 'a/byteorder', bytes: bytes('big') },
      ]),
      /big-endian/,
    ],
  ])('%s', async (_, file, message) => {
    await expect(parsePth(file)).rejects.toThrow(message);
  });

  test('a truncated pickle, at any byte', async () => {
    const whole = bytes(PROTO, dict(str('w'), good), '.');
    for (let length = 0; length < whole.length; length++) {
      const file = buildZip([
        { name: 'a/data.pkl', bytes: whole.subarray(0, length) },
        { name: 'a/data/0', bytes: new Uint8Array(six.buffer) },
      ]);
      await expect(parsePth(file)).rejects.toBeInstanceOf(CheckpointError);
    }
  });

  test('no random pickle is anything but a CheckpointError', async () => {
    const opcodes = [
      ...'(012NJKMGXB]aelt)}suRbQqrhj',
      '\x80',
      '\x85',
      '\x86',
      '\x88',
      '\x8c',
      '\x94',
      '\x01',
      '\x00',
      '.',
    ];
    const soup = fc.array(
      fc.oneof(
        fc.constantFrom(...opcodes).map((op) => bytes(op.charCodeAt(0))),
        fc.constant(orderedDict),
        fc.constant(good),
      ),
      { maxLength: 40 },
    );
    await fc.assert(
      fc.asyncProperty(soup, async (parts) => {
        try {
          await parsePth(pth(bytes(...parts), { 0: six }));
        } catch (error) {
          expect(error).toBeInstanceOf(CheckpointError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

const folder = sharedPath('golden/sam-tiny/');
test.skipIf(folder === undefined)(
  'a file written by PyTorch holds the values that its safetensors twin holds',
  async () => {
    const meta = await readPth(`${folder}sam_tiny_meta.pth`);
    const twin = await readSafetensors(`${folder}model.safetensors`);
    expect(meta.get('image_encoder.patch_embed.proj.weight')).toEqual(
      twin.get('vision_encoder.patch_embed.projection.weight'),
    );
    expect(meta.get('mask_decoder.output_upscaling.3.weight')).toEqual(
      twin.get('mask_decoder.upscale_conv2.weight'),
    );
    expect(meta.get('image_encoder.blocks.2.attn.rel_pos_w')!.shape).toEqual([15, 16]);
  },
);
