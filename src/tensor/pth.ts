/**
 * @file Reads the tensors of PyTorch's zip format (.pth, .pt, .bin; torch.save since 1.6) without running any of
 * its code: `<prefix>/data.pkl` describes the tensors, `<prefix>/data/<key>` hold their storages.
 *
 * Format: torch/serialization.py and torch/_utils.py. Only the names that a plain state dict needs are permitted.
 */
import { CheckpointError } from '../base/errors.ts';
import { elementCount, type NdArray } from './array.ts';
import { type ByteSource, bytesSource, openByteSource } from './byte-source.ts';
import { decodeElements, FILE_DTYPE_BYTES, type FileDType } from './elements.ts';
import {
  PickleDict,
  PickleError,
  PickleForeign,
  PickleGlobal,
  type PickleValue,
  unpickle,
} from './pickle.ts';
import { looksLikeZip, openZip, type ZipArchive, type ZipEntry } from './zip.ts';

const STORAGE_DTYPES: ReadonlyMap<string, FileDType> = new Map([
  ['torch.DoubleStorage', 'F64'],
  ['torch.FloatStorage', 'F32'],
  ['torch.HalfStorage', 'F16'],
  ['torch.BFloat16Storage', 'BF16'],
  ['torch.LongStorage', 'I64'],
  ['torch.IntStorage', 'I32'],
  ['torch.ShortStorage', 'I16'],
  ['torch.CharStorage', 'I8'],
  ['torch.ByteStorage', 'U8'],
  ['torch.BoolStorage', 'BOOL'],
]);
const CALLABLE = new Set([
  'collections.OrderedDict',
  'torch._utils._rebuild_tensor_v2',
  'torch._utils._rebuild_parameter',
]);

/** Keys under which training scripts keep the state dict beside other things. */
const WRAPPERS = ['state_dict', 'model', 'model_state_dict'];

/** Copies of strided tensors may take this many times the file, so that a small file cannot fill the memory. */
const MAX_GROWTH = 4;

/** Describes a tensor: elements `offset + sum(index * stride)` of a storage. */
class StoredTensor {
  readonly storage: Storage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  constructor(storage: Storage, offset: number, shape: readonly number[], strides: readonly number[]) {
    this.storage = storage;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
  }
}

class Storage {
  readonly key: string;
  readonly dtype: FileDType;
  /** Elements. */
  readonly length: number;
  constructor(key: string, dtype: FileDType, length: number) {
    this.key = key;
    this.dtype = dtype;
    this.length = length;
  }
}

/**
 * All tensors of a state dict by name, contiguous. bfloat16 is returned as float32, float16 as its bit patterns.
 *
 * A file that wraps its state dict as `state_dict` or `model` is unwrapped. Anything in the file that is not a
 * plain tensor and would need code to run is a CheckpointError that names it.
 */
export async function readPth(path: string): Promise<Map<string, NdArray>> {
  const source = await openByteSource(path);
  try {
    return await readSource(source);
  } finally {
    await source.close();
  }
}

/** The same from bytes in memory; `name` stands for the file in messages. */
export function parsePth(bytes: Uint8Array, name = 'PyTorch data'): Promise<Map<string, NdArray>> {
  return readSource(bytesSource(bytes, name));
}

async function readSource(source: ByteSource): Promise<Map<string, NdArray>> {
  if (!(await looksLikeZip(source))) {
    throw new CheckpointError({
      seen: `${source.name} is not a zip archive`,
      need: 'Weights as torch.save has written them since PyTorch 1.6 are needed',
      fix: 'Copy or download it again, or load it in PyTorch and save it anew, best as safetensors',
    });
  }
  const archive = await openZip(source);
  const { prefix, pickle } = findPickle(source.name, archive);
  await refuseBigEndian(source.name, archive, prefix);
  try {
    const root = unpickle(await archive.read(pickle), createHost());
    return await readTensors(source, archive, prefix, stateDict(root));
  } catch (error) {
    if (!(error instanceof PickleError)) throw error;
    throw new CheckpointError(
      {
        seen: `${source.name} ${error.message}`,
        need: 'Packmule runs no code from weights files: only plain tensors by name are read',
        fix: 'Save the state dict alone (torch.save(model.state_dict(), ...)) or as safetensors, if you trust the file',
      },
      { cause: error },
    );
  }
}

function findPickle(file: string, archive: ZipArchive): { prefix: string; pickle: ZipEntry } {
  for (const entry of archive.entries.values()) {
    const match = /^([^/]+\/)?data\.pkl$/.exec(entry.name);
    if (match) return { prefix: match[1] ?? '', pickle: entry };
  }
  throw new CheckpointError({
    seen: `${file} is a zip archive without data.pkl`,
    need: 'Weights as torch.save writes them are needed',
    fix: 'Name the weights file itself; unpack it first if it was packed for download',
  });
}

async function refuseBigEndian(file: string, archive: ZipArchive, prefix: string): Promise<void> {
  const entry = archive.entries.get(`${prefix}byteorder`);
  if (entry === undefined || entry.size > 16) return;
  if (new TextDecoder().decode(await archive.read(entry)) !== 'big') return;
  throw new CheckpointError({
    seen: `${file} was written by a big-endian machine`,
    need: 'Little-endian weights are needed',
    fix: 'Save them again on an x86 or ARM machine',
  });
}

function createHost() {
  return {
    checkGlobal(name: string): void {
      if (!CALLABLE.has(name) && !STORAGE_DTYPES.has(name)) {
        throw new PickleError(`asks for ${name}, which is not permitted`);
      }
    },
    call(name: string, args: readonly PickleValue[]): PickleValue {
      if (name === 'collections.OrderedDict') return orderedDict(args);
      if (name === 'torch._utils._rebuild_tensor_v2') return new PickleForeign(rebuildTensor(args));
      if (name === 'torch._utils._rebuild_parameter') return expectTensor(args[0]);
      throw new PickleError(`calls ${name}, which is not permitted`);
    },
    persistent: (id: PickleValue): PickleValue => new PickleForeign(storageOf(id)),
  };
}

function orderedDict(args: readonly PickleValue[]): PickleDict {
  const dict = new PickleDict();
  const pairs = args[0] ?? [];
  if (!Array.isArray(pairs)) throw new PickleError('has an OrderedDict of something that is not a list');
  for (const pair of pairs) {
    if (!Array.isArray(pair) || pair.length !== 2) throw new PickleError('has an OrderedDict without pairs');
    dict.entries.set(pair[0]!, pair[1]!);
  }
  return dict;
}

function storageOf(id: PickleValue): Storage {
  const [kind, type, key, , length] = Array.isArray(id) ? id : [];
  const dtype = type instanceof PickleGlobal ? STORAGE_DTYPES.get(type.name) : undefined;
  if (kind !== 'storage' || dtype === undefined || typeof key !== 'string' || !isWhole(length)) {
    throw new PickleError('refers to something that is not a tensor storage');
  }
  return new Storage(key, dtype, length);
}

function rebuildTensor(args: readonly PickleValue[]): StoredTensor {
  const [foreign, offset, shape, strides] = args;
  const storage = foreign instanceof PickleForeign ? foreign.value : undefined;
  if (
    !(storage instanceof Storage) ||
    !isWhole(offset) ||
    !isWholeList(shape) ||
    !isWholeList(strides) ||
    shape.length !== strides.length
  ) {
    throw new PickleError('describes a tensor by impossible values');
  }
  const count = elementCount(shape);
  const last = shape.reduce((sum, size, axis) => sum + (size - 1) * strides[axis]!, offset);
  // Turned round so that a count that is not a number (an endless axis beside an empty one) is refused too.
  if (!(count <= storage.length) || (count > 0 && last >= storage.length)) {
    throw new PickleError(
      `describes a tensor of shape [${shape.join(', ')}] that leaves its storage of ${storage.length} elements`,
    );
  }
  return new StoredTensor(storage, offset, shape, strides);
}

function expectTensor(value: PickleValue | undefined): PickleForeign {
  if (value instanceof PickleForeign && value.value instanceof StoredTensor) return value;
  throw new PickleError('wraps something that is not a tensor as a parameter');
}

/** The dict of tensors: the root itself, or what it holds under a usual key. */
function stateDict(root: PickleValue): PickleDict {
  if (!(root instanceof PickleDict)) throw new PickleError('does not hold tensors by name');
  for (const key of WRAPPERS) {
    const inner = root.entries.get(key);
    if (inner instanceof PickleDict) return inner;
  }
  return root;
}

async function readTensors(
  source: ByteSource,
  archive: ZipArchive,
  prefix: string,
  dict: PickleDict,
): Promise<Map<string, NdArray>> {
  const storages = new Map<string, Uint8Array<ArrayBuffer>>();
  const tensors = new Map<string, NdArray>();
  let budget = Math.max(2 ** 26, MAX_GROWTH * source.size);
  for (const [name, value] of dict.entries) {
    if (typeof name !== 'string') throw new PickleError('has a tensor whose name is not text');
    if (!(value instanceof PickleForeign) || !(value.value instanceof StoredTensor)) {
      throw new PickleError(`holds ${name}, which is not a tensor`);
    }
    const { storage, shape } = value.value;
    const width = FILE_DTYPE_BYTES[storage.dtype];
    budget -= elementCount(shape) * width;
    if (budget < 0) throw new PickleError(`has tensors that take more than ${MAX_GROWTH} times its size`);
    let bytes = storages.get(storage.key);
    if (bytes === undefined) {
      bytes = await readStorage(source.name, archive, `${prefix}data/${storage.key}`, storage, name);
      storages.set(storage.key, bytes);
    }
    if (bytes.length !== storage.length * width) {
      throw new PickleError(`describes the storage of ${name} in two ways`);
    }
    tensors.set(name, decodeElements(storage.dtype, shape, contiguousBytes(value.value, bytes, width)));
  }
  return tensors;
}

async function readStorage(file: string, archive: ZipArchive, path: string, storage: Storage, name: string) {
  const entry = archive.entries.get(path);
  const size = storage.length * FILE_DTYPE_BYTES[storage.dtype];
  if (entry === undefined || entry.size !== size) {
    throw new CheckpointError({
      seen: `${file} has ${entry ? `${entry.size} bytes` : 'no data'} for tensor ${name} instead of ${size} bytes`,
      need: 'The whole file is needed',
      fix: 'Copy or download it again',
    });
  }
  return archive.read(entry);
}

/** The tensor's elements in row-major order: a view where they lie so already, else a copy. */
function contiguousBytes(tensor: StoredTensor, bytes: Uint8Array<ArrayBuffer>, width: number): Uint8Array {
  const { shape, strides, offset } = tensor;
  const count = elementCount(shape);
  if (isContiguous(shape, strides)) return bytes.subarray(offset * width, (offset + count) * width);
  const out = new Uint8Array(count * width);
  const index = new Array<number>(shape.length).fill(0);
  let from = offset;
  for (let i = 0; i < count; i++) {
    for (let b = 0; b < width; b++) out[i * width + b] = bytes[from * width + b]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis]!++;
      from += strides[axis]!;
      if (index[axis]! < shape[axis]!) break;
      from -= shape[axis]! * strides[axis]!;
      index[axis] = 0;
    }
  }
  return out;
}

/** Strides of axes of one element do not matter. */
function isContiguous(shape: readonly number[], strides: readonly number[]): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) return false;
    expected *= shape[axis]!;
  }
  return true;
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isWholeList(value: unknown): value is number[] {
  return Array.isArray(value) && value.every(isWhole);
}
