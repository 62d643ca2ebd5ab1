/**
 * @file The element types that weights files use, and what each becomes in an NdArray.
 *
 * NdArray has fewer types than the file formats: bfloat16 and float64 become float32, 16-bit integers int32, and
 * uint32 int64. Files are little-endian, as is every machine that ONNX Runtime runs on.
 */
import type { DType, NdArray } from './array.ts';
import { bfloat16ToFloat32, float16ToFloat32 } from './float16.ts';

/** Element types by their safetensors names. */
export type FileDType =
  | 'F64'
  | 'F32'
  | 'F16'
  | 'BF16'
  | 'I64'
  | 'I32'
  | 'I16'
  | 'I8'
  | 'U32'
  | 'U16'
  | 'U8'
  | 'BOOL';

/** Bytes per element in the file. */
export const FILE_DTYPE_BYTES: Readonly<Record<FileDType, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
};

/** The file type in which each array type is stored without loss. */
export const FILE_DTYPE_OF: Readonly<Record<DType, FileDType>> = {
  float32: 'F32',
  float16: 'F16',
  int32: 'I32',
  int64: 'I64',
  uint8: 'U8',
  int8: 'I8',
  bool: 'BOOL',
};

export function isFileDType(name: unknown): name is FileDType {
  return typeof name === 'string' && Object.hasOwn(FILE_DTYPE_BYTES, name);
}

/**
 * An array over little-endian bytes, which are used in place where the type allows it.
 *
 * @param bytes exactly elementCount(shape) elements, starting at a multiple of the element size
 */
export function decodeElements(dtype: FileDType, shape: readonly number[], bytes: Uint8Array): NdArray {
  const { buffer, byteOffset, byteLength } = bytes;
  const length = byteLength / FILE_DTYPE_BYTES[dtype];
  switch (dtype) {
    case 'F64':
      return {
        dtype: 'float32',
        shape,
        data: Float32Array.from(new Float64Array(buffer, byteOffset, length)),
      };
    case 'F32':
      return { dtype: 'float32', shape, data: new Float32Array(buffer, byteOffset, length) };
    case 'F16':
      return { dtype: 'float16', shape, data: new Uint16Array(buffer, byteOffset, length) };
    case 'BF16':
      return {
        dtype: 'float32',
        shape,
        data: bfloat16ToFloat32(new Uint16Array(buffer, byteOffset, length)),
      };
    case 'I64':
      return { dtype: 'int64', shape, data: new BigInt64Array(buffer, byteOffset, length) };
    case 'I32':
      return { dtype: 'int32', shape, data: new Int32Array(buffer, byteOffset, length) };
    case 'I16':
      return { dtype: 'int32', shape, data: Int32Array.from(new Int16Array(buffer, byteOffset, length)) };
    case 'I8':
      return { dtype: 'int8', shape, data: new Int8Array(buffer, byteOffset, length) };
    case 'U32':
      return {
        dtype: 'int64',
        shape,
        data: BigInt64Array.from(new Uint32Array(buffer, byteOffset, length), BigInt),
      };
    case 'U16':
      return { dtype: 'int32', shape, data: Int32Array.from(new Uint16Array(buffer, byteOffset, length)) };
    case 'U8':
      return { dtype: 'uint8', shape, data: bytes };
    case 'BOOL':
      return { dtype: 'bool', shape, data: bytes.map((value) => (value === 0 ? 0 : 1)) };
  }
}

/** The values as float32, without a copy where they are float32 already. int64 beyond 2^24 loses digits. */
export function toFloat32(array: NdArray): Float32Array {
  const { data } = array;
  if (data instanceof Float32Array) return data;
  if (array.dtype === 'float16') return float16ToFloat32(data as Uint16Array);
  if (data instanceof BigInt64Array) return Float32Array.from(data, Number);
  return Float32Array.from(data);
}
