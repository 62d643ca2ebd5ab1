/**
 * @file The few parts of the protobuf wire format that ONNX files and TensorBoard's events use
 * (https://protobuf.dev/programming-guides/encoding/).
 */
import { GraphError } from '../../base/errors.ts';

/** Appends fields to a growing list of byte chunks; large payloads are referenced, not copied. */
export class ProtobufWriter {
  readonly #chunks: Uint8Array[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  #push(bytes: Uint8Array): void {
    this.#chunks.push(bytes);
    this.#length += bytes.length;
  }

  #varint(value: number | bigint): void {
    let rest = BigInt.asUintN(64, BigInt(value));
    const bytes: number[] = [];
    while (rest >= 0x80n) {
      bytes.push(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    bytes.push(Number(rest));
    this.#push(Uint8Array.from(bytes));
  }

  int(field: number, value: number | bigint): void {
    this.#varint(field << 3);
    this.#varint(value);
  }

  float(field: number, value: number): void {
    this.#varint((field << 3) | 5);
    this.#push(new Uint8Array(Float32Array.of(value).buffer));
  }

  double(field: number, value: number): void {
    this.#varint((field << 3) | 1);
    this.#push(new Uint8Array(Float64Array.of(value).buffer));
  }

  bytes(field: number, value: Uint8Array): void {
    this.#varint((field << 3) | 2);
    this.#varint(value.length);
    this.#push(value);
  }

  string(field: number, value: string): void {
    this.bytes(field, new TextEncoder().encode(value));
  }

  message(field: number, write: (inner: ProtobufWriter) => void): void {
    const inner = new ProtobufWriter();
    write(inner);
    this.#varint((field << 3) | 2);
    this.#varint(inner.length);
    for (const chunk of inner.#chunks) this.#push(chunk);
  }

  finish(): Uint8Array {
    const out = new Uint8Array(this.#length);
    let offset = 0;
    for (const chunk of this.#chunks) {
      out.set(chunk, offset);
      offset += chunk.length;
    }
    return out;
  }
}

/** One field of a message: a varint (as a signed 64-bit number), raw 4 or 8 bytes, or a length-delimited payload. */
export type ProtobufField =
  | { readonly field: number; readonly wire: 0; readonly value: bigint }
  | { readonly field: number; readonly wire: 1 | 2 | 5; readonly bytes: Uint8Array };

/** The fields of a message in file order. Throws a GraphError where the bytes end early or make no sense. */
export function* readFields(bytes: Uint8Array): Generator<ProtobufField> {
  let at = 0;
  const varint = (): bigint => {
    const { value, next } = readVarint(bytes, at);
    at = next;
    return value;
  };
  while (at < bytes.length) {
    const tag = varint();
    const wire = Number(tag & 7n);
    const field = Number(tag >> 3n);
    if (field < 1 || field >= 2 ** 29) throw damaged(at, `there is no field ${field}`);
    if (wire === 0) {
      yield { field, wire, value: varint() };
    } else if (wire === 1 || wire === 2 || wire === 5) {
      const length = wire === 1 ? 8 : wire === 5 ? 4 : Number(varint());
      if (length < 0 || at + length > bytes.length) throw damaged(at, `field ${field} runs past the end`);
      yield { field, wire, bytes: bytes.subarray(at, at + length) };
      at += length;
    } else {
      throw damaged(at, `wire type ${wire} is not used by ONNX`);
    }
  }
}

/** A packed list of varints, as signed 64-bit numbers. */
export function readPackedVarints(bytes: Uint8Array): bigint[] {
  const values: bigint[] = [];
  for (let at = 0; at < bytes.length; ) {
    const { value, next } = readVarint(bytes, at);
    values.push(value);
    at = next;
  }
  return values;
}

/** One varint as a signed 64-bit number, and the place behind it. */
function readVarint(bytes: Uint8Array, start: number): { value: bigint; next: number } {
  let value = 0n;
  for (let i = 0; i < 10; i++) {
    const byte = bytes[start + i];
    if (byte === undefined) throw damaged(start, 'a number is cut off');
    value |= BigInt(byte & 0x7f) << BigInt(7 * i);
    if (byte < 0x80) return { value: BigInt.asIntN(64, value), next: start + i + 1 };
  }
  throw damaged(start, 'a number has more than 10 bytes');
}

function damaged(at: number, what: string): GraphError {
  return new GraphError({
    seen: `The ONNX data is damaged at byte ${at} of a message: ${what}`,
    need: 'A complete ONNX file',
    fix: 'Export or copy the file again',
  });
}
