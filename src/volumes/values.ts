/** @file Numbers as files store them: types by name, either byte order, to typed arrays. */

/** Bytes that a value of each type takes. */
export const VALUE_BYTES = {
  uint8: 1,
  int8: 1,
  uint16: 2,
  int16: 2,
  uint32: 4,
  int32: 4,
  float32: 4,
  uint64: 8,
  int64: 8,
  float64: 8,
} as const;

export type ValueType = keyof typeof VALUE_BYTES;

/** Values of int64 and uint64 are given as the nearest numbers. */
export type Values =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array;

/** The numbers in a copy of bytes, which are as many as whole values take. */
export function valuesOf(stored: Uint8Array, type: ValueType, littleEndian: boolean): Values {
  // A copy: typed arrays of more than one byte a value need an aligned start. (slice of a Buffer makes none.)
  const bytes = new Uint8Array(stored);
  const buffer = bytes.buffer;
  const width = VALUE_BYTES[type];
  if (!littleEndian && width > 1) {
    const swapped = Buffer.from(buffer);
    if (width === 2) swapped.swap16();
    else if (width === 4) swapped.swap32();
    else swapped.swap64();
  }
  switch (type) {
    case 'uint8':
      return bytes;
    case 'int8':
      return new Int8Array(buffer);
    case 'uint16':
      return new Uint16Array(buffer);
    case 'int16':
      return new Int16Array(buffer);
    case 'uint32':
      return new Uint32Array(buffer);
    case 'int32':
      return new Int32Array(buffer);
    case 'float32':
      return new Float32Array(buffer);
    case 'float64':
      return new Float64Array(buffer);
    case 'uint64':
      return Float64Array.from(new BigUint64Array(buffer), Number);
    case 'int64':
      return Float64Array.from(new BigInt64Array(buffer), Number);
  }
}
