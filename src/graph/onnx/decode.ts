/** @file The ONNX decoder: the counterpart of encode.ts, for models Packmule or another tool wrote. */
import { GraphError } from '../../base/errors.ts';
import { BYTES_PER_ELEMENT, type DType, elementCount, type NdArray } from '../../tensor/array.ts';
import { ONNX_DTYPE } from './encode.ts';
import type { AttributeValue, OnnxModel, OnnxNode, OnnxValue } from './model.ts';
import { type ProtobufField, readFields, readPackedVarints } from './protobuf.ts';

const DTYPE_OF = new Map(Object.entries(ONNX_DTYPE).map(([dtype, code]) => [code, dtype as DType]));

/** Reads a part of an external data file. */
export type ReadExternal = (location: string, offset: number, length: number) => Uint8Array;

/** Decodes an ONNX file. `readExternal` is needed for models whose weights lie in a second file. */
export function decodeModel(bytes: Uint8Array, readExternal?: ReadExternal): OnnxModel {
  const nodes: OnnxNode[] = [];
  const initializers = new Map<string, NdArray>();
  const inputs: OnnxValue[] = [];
  const outputs: OnnxValue[] = [];
  const metadata: [string, string][] = [];
  const opsets: [string, number][] = [];
  let graphName: string | undefined;
  for (const field of readFields(bytes)) {
    if (field.field === 7) {
      graphName = '';
      for (const part of readFields(payload(field))) {
        if (part.field === 1) nodes.push(decodeNode(payload(part)));
        else if (part.field === 2) graphName = text(part);
        else if (part.field === 5) {
          const { name, array } = decodeTensor(payload(part), readExternal);
          initializers.set(name, array);
        } else if (part.field === 11) inputs.push(decodeValue(payload(part)));
        else if (part.field === 12) outputs.push(decodeValue(payload(part)));
      }
    } else if (field.field === 8) {
      const [domain, version] = pair(payload(field));
      opsets.push([domain === undefined ? '' : text(domain), version === undefined ? 0 : whole(version)]);
    } else if (field.field === 14) {
      const [key, value] = pair(payload(field));
      if (key !== undefined) metadata.push([text(key), value === undefined ? '' : text(value)]);
    }
  }
  if (graphName === undefined) throw malformed('has no graph');
  // Object.fromEntries, because an assignment to the key __proto__ would be lost.
  return {
    graphName,
    nodes,
    initializers,
    inputs,
    outputs,
    metadata: Object.fromEntries(metadata),
    opsets: Object.fromEntries(opsets),
  };
}

function malformed(what: string): GraphError {
  return new GraphError({
    seen: `The ONNX file ${what}`,
    need: 'A model with a graph of dense tensors of float, int, uint8 or bool',
    fix: 'Export the model again',
  });
}

function payload(field: ProtobufField): Uint8Array {
  if (field.wire !== 2) throw malformed(`has a number where field ${field.field} is a message`);
  return field.bytes;
}

const text = (field: ProtobufField): string => new TextDecoder().decode(payload(field));

function whole(field: ProtobufField): number {
  if (field.wire !== 0) throw malformed(`has bytes where field ${field.field} is a number`);
  return Number(field.value);
}

/** Fields 1 and 2 of a message. */
function pair(bytes: Uint8Array): [ProtobufField | undefined, ProtobufField | undefined] {
  const fields = [...readFields(bytes)];
  return [fields.find(({ field }) => field === 1), fields.find(({ field }) => field === 2)];
}

/** A repeated number: one per field, or packed into one payload. */
const wholes = (field: ProtobufField): readonly bigint[] =>
  field.wire === 0 ? [field.value] : readPackedVarints(payload(field));

/** A number where it is exact. */
const exact = (value: bigint): number | bigint =>
  Number.isSafeInteger(Number(value)) ? Number(value) : value;

function decodeNode(bytes: Uint8Array): OnnxNode {
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes: [string, AttributeValue][] = [];
  let [name, type, domain] = ['', '', ''];
  for (const field of readFields(bytes)) {
    if (field.field === 1) inputs.push(text(field));
    else if (field.field === 2) outputs.push(text(field));
    else if (field.field === 3) name = text(field);
    else if (field.field === 4) type = text(field);
    else if (field.field === 7) domain = text(field);
    else if (field.field === 5) attributes.push(decodeAttribute(payload(field)));
  }
  return { type, domain, name, inputs, outputs, attributes: Object.fromEntries(attributes) };
}

/** A value of 0 or '' may be left out of the file: the kind says what is meant. */
function decodeAttribute(bytes: Uint8Array): [name: string, value: AttributeValue] {
  let name = '';
  let kind = 0;
  let float = 0;
  let int: number | bigint = 0;
  let string = '';
  const ints: (number | bigint)[] = [];
  const floatList: number[] = [];
  for (const field of readFields(bytes)) {
    if (field.field === 1) name = text(field);
    else if (field.field === 2) float = floats(field)[0] ?? 0;
    else if (field.field === 3) int = exact(wholes(field)[0] ?? 0n);
    else if (field.field === 4) string = text(field);
    else if (field.field === 7) for (const value of floats(field)) floatList.push(value);
    else if (field.field === 8) for (const value of wholes(field)) ints.push(exact(value));
    else if (field.field === 20) kind = whole(field);
  }
  switch (kind) {
    case 1:
      return [name, { kind: 'float', value: float }];
    case 2:
      return [name, { kind: 'int', value: int }];
    case 3:
      return [name, { kind: 'string', value: string }];
    case 6:
      return [name, { kind: 'floats', value: floatList }];
    case 7:
      return [name, { kind: 'ints', value: ints }];
    default:
      throw malformed(`has an attribute ${name} of kind ${kind}`);
  }
}

function floats(field: ProtobufField): number[] {
  if (field.wire === 0) throw malformed(`has a whole number where field ${field.field} is a float`);
  const { bytes } = field;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.byteLength >> 2 }, (_, i) => view.getFloat32(4 * i, true));
}

function decodeTensor(bytes: Uint8Array, readExternal?: ReadExternal): { name: string; array: NdArray } {
  const shape: number[] = [];
  const external: Record<string, string> = {};
  let [code, name, isExternal] = [0, '', false];
  let raw: Uint8Array | undefined;
  for (const field of readFields(bytes)) {
    if (field.field === 1) for (const size of wholes(field)) shape.push(Number(size));
    else if (field.field === 2) code = whole(field);
    else if (field.field === 4) raw = joined(raw, Float32Array.from(floats(field)));
    else if (field.field === 5) raw = joined(raw, narrowed(code, wholes(field)));
    else if (field.field === 7) raw = joined(raw, BigInt64Array.from(wholes(field)));
    else if (field.field === 8) name = text(field);
    else if (field.field === 9) raw = payload(field);
    else if (field.field === 13) {
      const [key, value] = pair(payload(field));
      if (key && value) external[text(key)] = text(value);
    } else if (field.field === 14) isExternal = whole(field) === 1;
  }
  const dtype = DTYPE_OF.get(code);
  if (dtype === undefined) throw malformed(`has a tensor ${name} of the unknown type ${code}`);
  const length = elementCount(shape) * BYTES_PER_ELEMENT[dtype];
  if (!Number.isSafeInteger(length) || shape.some((size) => size < 0)) {
    throw malformed(`has a tensor ${name} of the shape [${shape}]`);
  }
  if (isExternal) {
    if (readExternal === undefined) throw malformed(`keeps ${name} in a second file that was not given`);
    raw = readExternal(external.location ?? '', Number(external.offset ?? 0), length);
  }
  if ((raw?.length ?? 0) !== length)
    throw malformed(`has ${raw?.length ?? 0} bytes for ${name}, not ${length}`);
  return { name, array: toArray(dtype, shape, raw ?? new Uint8Array(0)) };
}

/** Narrow types are kept as a list of varints unless their bytes are. */
function narrowed(code: number, values: readonly bigint[]): ArrayBufferView {
  const width = BYTES_PER_ELEMENT[DTYPE_OF.get(code) ?? 'uint8'];
  const numbers = values.map((value) => Number(BigInt.asIntN(32, value)));
  return width === 4
    ? Int32Array.from(numbers)
    : width === 2
      ? Uint16Array.from(numbers)
      : Uint8Array.from(numbers);
}

function joined(before: Uint8Array | undefined, values: ArrayBufferView): Uint8Array {
  const after = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  if (before === undefined) return after;
  const out = new Uint8Array(before.length + after.length);
  out.set(before);
  out.set(after, before.length);
  return out;
}

function toArray(dtype: DType, shape: number[], raw: Uint8Array): NdArray {
  // A copy begins at a multiple of the element size, which a part of a file need not.
  const { buffer } = new Uint8Array(raw);
  switch (dtype) {
    case 'float32':
      return { dtype, shape, data: new Float32Array(buffer) };
    case 'float16':
      return { dtype, shape, data: new Uint16Array(buffer) };
    case 'int32':
      return { dtype, shape, data: new Int32Array(buffer) };
    case 'int64':
      return { dtype, shape, data: new BigInt64Array(buffer) };
    case 'int8':
      return { dtype, shape, data: new Int8Array(buffer) };
    case 'uint8':
    case 'bool':
      return { dtype, shape, data: new Uint8Array(buffer) };
  }
}

function decodeValue(bytes: Uint8Array): OnnxValue {
  let name = '';
  let dtype: DType | undefined;
  const shape: number[] = [];
  for (const field of readFields(bytes)) {
    if (field.field === 1) name = text(field);
    if (field.field !== 2) continue;
    for (const type of readFields(payload(field))) {
      if (type.field !== 1) throw malformed(`has a value ${name} that is no tensor`);
      for (const part of readFields(payload(type))) {
        if (part.field === 1) dtype = DTYPE_OF.get(whole(part));
        if (part.field !== 2) continue;
        for (const dimension of readFields(payload(part))) {
          const size = pair(payload(dimension))[0];
          // A size that is a name, not a number, is open.
          shape.push(size === undefined || size.wire !== 0 ? -1 : whole(size));
        }
      }
    }
  }
  if (dtype === undefined) throw malformed(`has a value ${name} of an unknown type`);
  return { name, dtype, shape };
}
