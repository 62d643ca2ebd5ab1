/** @file An ONNX model as plain data: what the encoder writes and the decoder reads. */
import type { DType, NdArray } from '../../tensor/array.ts';

export type AttributeValue =
  /** Whole numbers are 64 bits wide; one beyond 2 ** 53 is a bigint. */
  | { readonly kind: 'int'; readonly value: number | bigint }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'ints'; readonly value: readonly (number | bigint)[] }
  | { readonly kind: 'floats'; readonly value: readonly number[] };

export const int = (value: number): AttributeValue => ({ kind: 'int', value });
export const float = (value: number): AttributeValue => ({ kind: 'float', value });
export const string = (value: string): AttributeValue => ({ kind: 'string', value });
export const ints = (value: readonly number[]): AttributeValue => ({ kind: 'ints', value });

export interface OnnxNode {
  readonly type: string;
  /** '' is the standard operator set. */
  readonly domain: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, AttributeValue>>;
}

export interface OnnxValue {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
}

export interface OnnxModel {
  readonly graphName: string;
  readonly nodes: readonly OnnxNode[];
  readonly initializers: ReadonlyMap<string, NdArray>;
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  /** Free text by key, shown by every ONNX tool (class names, normalisation, input size). */
  readonly metadata: Readonly<Record<string, string>>;
  /** Version of the operator set per domain. */
  readonly opsets: Readonly<Record<string, number>>;
}

/** The standard operator set Packmule writes: Resize 19, GridSample 20, Pad 19, reductions with axes as input. */
export const OPSET = 20;
