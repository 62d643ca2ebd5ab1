/**
 * @file The ONNX encoder: writes the protobuf messages of onnx.proto3 (ModelProto, GraphProto, NodeProto,
 * TensorProto, AttributeProto), field numbers as in https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.
 */
import { GraphError } from '../../base/errors.ts';
import type { DType, NdArray } from '../../tensor/array.ts';
import type { AttributeValue, OnnxModel, OnnxNode, OnnxValue } from './model.ts';
import { ProtobufWriter } from './protobuf.ts';

/** TensorProto.DataType. */
export const ONNX_DTYPE: Readonly<Record<DType, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
};

const IR_VERSION = 9;
const PRODUCER = 'packmule';

/** Initializers smaller than this stay in the model file: shape inference needs to read them. */
const EXTERNAL_MINIMUM_BYTES = 1024;
/** Offsets in the external file are multiples of this, so that the file can be memory-mapped. */
const EXTERNAL_ALIGNMENT = 4096;

export interface EncodedModel {
  readonly model: Uint8Array;
  /** With external data: the arrays and their byte offsets in the data file, in order. */
  readonly external: readonly { readonly array: NdArray; readonly offset: number }[];
}

/**
 * Encodes a model with its weights inside.
 * @throws GraphError over 2 GB, which protobuf does not go beyond.
 */
export function encodeModel(model: OnnxModel): Uint8Array {
  const bytes = initializerBytes(model);
  if (bytes >= 2 ** 31) {
    throw new GraphError({
      seen: `The model ${model.graphName} has weights of ${bytes} bytes`,
      need: 'An ONNX model in one piece has less than 2 GB',
      fix: 'Write it to a file with its weights beside it (writeModel), and open that by its path',
    });
  }
  return encode(model, undefined).model;
}

/** Bytes of all arrays in a model. */
export function initializerBytes(model: OnnxModel): number {
  let total = 0;
  for (const { data } of model.initializers.values()) total += data.byteLength;
  return total;
}

/** Encodes a model whose weights lie in a second file named `location`, beside the model file. */
export function encodeModelExternal(model: OnnxModel, location: string): EncodedModel {
  return encode(model, location);
}

function encode(model: OnnxModel, location: string | undefined): EncodedModel {
  const external: { array: NdArray; offset: number }[] = [];
  let end = 0;
  const place = (array: NdArray): number | undefined => {
    if (location === undefined || array.data.byteLength < EXTERNAL_MINIMUM_BYTES) return undefined;
    const offset = Math.ceil(end / EXTERNAL_ALIGNMENT) * EXTERNAL_ALIGNMENT;
    external.push({ array, offset });
    end = offset + array.data.byteLength;
    return offset;
  };
  const writer = new ProtobufWriter();
  writer.int(1, IR_VERSION);
  writer.string(2, PRODUCER);
  writer.message(7, (graph) => {
    for (const node of model.nodes) graph.message(1, (out) => writeNode(out, node));
    graph.string(2, model.graphName);
    for (const [name, array] of model.initializers) {
      const offset = place(array);
      graph.message(5, (out) => writeTensor(out, name, array, location, offset));
    }
    for (const value of model.inputs) graph.message(11, (out) => writeValue(out, value));
    for (const value of model.outputs) graph.message(12, (out) => writeValue(out, value));
  });
  for (const [domain, version] of Object.entries(model.opsets)) {
    writer.message(8, (out) => {
      out.string(1, domain);
      out.int(2, version);
    });
  }
  for (const [key, value] of Object.entries(model.metadata)) {
    writer.message(14, (out) => {
      out.string(1, key);
      out.string(2, value);
    });
  }
  return { model: writer.finish(), external };
}

function writeNode(out: ProtobufWriter, node: OnnxNode): void {
  for (const name of node.inputs) out.string(1, name);
  for (const name of node.outputs) out.string(2, name);
  out.string(3, node.name);
  out.string(4, node.type);
  for (const [name, value] of Object.entries(node.attributes)) {
    out.message(5, (inner) => writeAttribute(inner, name, value));
  }
  if (node.domain !== '') out.string(7, node.domain);
}

/** AttributeProto.AttributeType: FLOAT 1, INT 2, STRING 3, FLOATS 6, INTS 7. */
function writeAttribute(out: ProtobufWriter, name: string, attribute: AttributeValue): void {
  out.string(1, name);
  switch (attribute.kind) {
    case 'float':
      out.float(2, attribute.value);
      out.int(20, 1);
      break;
    case 'int':
      out.int(3, attribute.value);
      out.int(20, 2);
      break;
    case 'string':
      out.string(4, attribute.value);
      out.int(20, 3);
      break;
    case 'floats':
      for (const value of attribute.value) out.float(7, value);
      out.int(20, 6);
      break;
    case 'ints':
      for (const value of attribute.value) out.int(8, value);
      out.int(20, 7);
      break;
  }
}

function writeTensor(
  out: ProtobufWriter,
  name: string,
  array: NdArray,
  location: string | undefined,
  offset: number | undefined,
): void {
  for (const size of array.shape) out.int(1, size);
  out.int(2, ONNX_DTYPE[array.dtype]);
  out.string(8, name);
  if (offset === undefined) {
    out.bytes(9, rawBytes(array));
    return;
  }
  const entries = { location: location ?? '', offset: String(offset), length: String(array.data.byteLength) };
  for (const [key, value] of Object.entries(entries)) {
    out.message(13, (inner) => {
      inner.string(1, key);
      inner.string(2, value);
    });
  }
  out.int(14, 1);
}

/** The array's memory; ONNX raw data is little-endian, as every machine Node runs on. */
export function rawBytes(array: NdArray): Uint8Array {
  return new Uint8Array(array.data.buffer, array.data.byteOffset, array.data.byteLength);
}

function writeValue(out: ProtobufWriter, value: OnnxValue): void {
  out.string(1, value.name);
  out.message(2, (type) =>
    type.message(1, (tensor) => {
      tensor.int(1, ONNX_DTYPE[value.dtype]);
      tensor.message(2, (shape) => {
        for (const size of value.shape) shape.message(1, (dimension) => dimension.int(1, size));
      });
    }),
  );
}
