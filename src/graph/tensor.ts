/**
 * @file Symbolic tensors: a graph of operators with static shapes.
 *
 * A Tensor is a promise of an array: it knows its shape, its dtype and the node that will compute it. Building a
 * graph computes nothing; `buildModel` turns the tensors one asks for into an ONNX model, and ONNX Runtime runs it.
 */
import { GraphError } from '../base/errors.ts';
import { BYTES_PER_ELEMENT, type DType, elementCount, type NdArray } from '../tensor/array.ts';
import type { AttributeValue } from './onnx/model.ts';

export type Shape = readonly number[];

/** What an operator says of one of its outputs. */
export interface TensorType {
  readonly shape: Shape;
  readonly dtype: DType;
}

export interface Tensor extends TensorType {
  /** Unique in the process; later tensors have larger numbers, so the order of ids is a topological order. */
  readonly id: number;
  readonly node: Node;
  /** Which output of the node this is. */
  readonly output: number;
}

/** One use of an operator. Leaves (inputs and constants) are nodes without inputs. */
export interface Node<Attributes = unknown> {
  readonly operator: Operator<Attributes>;
  readonly inputs: readonly Tensor[];
  readonly attributes: Attributes;
  readonly outputs: readonly Tensor[];
}

/** Writes the ONNX nodes of one graph node. */
export interface Emitter {
  /** ONNX name of an input of the node being emitted. */
  name(tensor: Tensor): string;
  /** A constant of whole numbers (shapes, axes, pads), shared between its users. */
  int64(values: readonly number[]): string;
  /** A scalar float constant, shared between its users. */
  scalar(value: number): string;
  /** Adds an ONNX node and returns the names of its outputs. The last node emitted names the graph node's outputs. */
  node(
    type: string,
    inputs: readonly string[],
    attributes?: Record<string, AttributeValue>,
    outputs?: number,
  ): string[];
}

/** An operator: its shape rule, its ONNX emission and its gradient rule, side by side. */
export interface Operator<Attributes = unknown> {
  readonly name: string;
  /** The shape rule: types of the outputs, or a GraphError that names the shapes seen. */
  infer(inputs: readonly Tensor[], attributes: Attributes): readonly TensorType[];
  /** Emits ONNX nodes and returns the ONNX names of the outputs. */
  emit(emitter: Emitter, node: Node<Attributes>): readonly string[];
  /**
   * The gradient rule (vector-Jacobian product): from the gradients of the outputs (undefined where no gradient
   * arrives) those of the inputs (undefined where an input has none). Absent for operators without a gradient.
   */
  gradient?(
    node: Node<Attributes>,
    outputGradients: readonly (Tensor | undefined)[],
    needed: readonly boolean[],
  ): readonly (Tensor | undefined)[];
}

let nextId = 0;

/** Applies an operator and returns all its outputs. */
export function applyAll<A>(
  operator: Operator<A>,
  inputs: readonly Tensor[],
  attributes: A,
): readonly Tensor[] {
  const types = operator.infer(inputs, attributes);
  const outputs: Tensor[] = [];
  const node: Node<A> = { operator, inputs, attributes, outputs };
  types.forEach(({ shape, dtype }, output) => {
    if (!shape.every((size) => Number.isInteger(size) && size >= 0)) {
      throw shapeError(
        operator.name,
        inputs,
        `an output of shape [${shape}]`,
        'sizes that are whole numbers',
      );
    }
    outputs.push({ id: nextId++, node: node as Node, output, shape, dtype });
  });
  return outputs;
}

/** Applies an operator with one output. */
export function apply<A>(operator: Operator<A>, inputs: readonly Tensor[], attributes: A): Tensor {
  return applyAll(operator, inputs, attributes)[0]!;
}

/** A GraphError that shows an operator and the shapes it was given. */
export function shapeError(
  operator: string,
  inputs: readonly Tensor[],
  seen: string,
  need: string,
): GraphError {
  const shapes = inputs.map((input) => `${input.dtype}[${input.shape}]`).join(', ');
  return new GraphError({
    seen: `${operator}(${shapes}) got ${seen}`,
    need: `It needs ${need}`,
    fix: 'Check the shapes of the tensors that go in',
  });
}

interface InputAttributes extends TensorType {
  readonly name: string;
}

const inputOperator: Operator<InputAttributes> = {
  name: 'input',
  infer: (_, { shape, dtype }) => [{ shape, dtype }],
  emit: (_, node) => [node.attributes.name],
};

/** A named input, fed at every run. */
export function input(name: string, shape: Shape, dtype: DType = 'float32'): Tensor {
  return apply(inputOperator, [], { name, shape, dtype });
}

export function isInput(node: Node): node is Node<InputAttributes> {
  return node.operator === (inputOperator as Operator);
}

interface ConstantAttributes {
  readonly array: NdArray;
  readonly name?: string;
}

const constantOperator: Operator<ConstantAttributes> = {
  name: 'constant',
  infer: (_, { array }) => [{ shape: array.shape, dtype: array.dtype }],
  emit: () => [],
};

/** A constant array, stored in the model as an initializer (under `name` where given). */
export function constant(array: NdArray, name?: string): Tensor {
  const bytes = elementCount(array.shape) * BYTES_PER_ELEMENT[array.dtype];
  if (bytes !== array.data.byteLength) {
    throw new GraphError({
      seen: `constant ${name ?? ''} of shape [${array.shape}] has ${array.data.byteLength} bytes`,
      need: `A ${array.dtype} array of that shape has ${bytes} bytes`,
      fix: 'Give the data and the shape of the same array',
    });
  }
  return apply(constantOperator, [], name === undefined ? { array } : { array, name });
}

export function isConstant(node: Node): node is Node<ConstantAttributes> {
  return node.operator === (constantOperator as Operator);
}

/** A scalar constant. */
export function scalar(value: number, dtype: 'float32' | 'int64' = 'float32'): Tensor {
  return dtype === 'float32'
    ? constant({ dtype, shape: [], data: Float32Array.of(value) })
    : constant({ dtype, shape: [], data: BigInt64Array.of(BigInt(value)) });
}

/** A tensor, or a number that stands for a scalar constant. */
export type TensorLike = Tensor | number;

export function asTensor(value: TensorLike, dtype: DType = 'float32'): Tensor {
  if (typeof value !== 'number') return value;
  return scalar(value, dtype === 'int64' ? 'int64' : 'float32');
}
