/** @file From symbolic tensors to an ONNX model. */
import { GraphError } from '../base/errors.ts';
import { int64, type NdArray } from '../tensor/array.ts';
import { type AttributeValue, type OnnxModel, type OnnxNode, type OnnxValue, OPSET } from './onnx/model.ts';
import { type Emitter, isConstant, isInput, type Node, type Tensor } from './tensor.ts';

export interface BuildOptions {
  readonly graphName?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * Builds the model that computes `outputs`, keyed by output name. Inputs are all named inputs the outputs depend
 * on, in the order in which they were made.
 */
export function buildModel(outputs: Readonly<Record<string, Tensor>>, options: BuildOptions = {}): OnnxModel {
  const nodes = nodesInOrder(Object.values(outputs));
  const onnxNodes: OnnxNode[] = [];
  const initializers = new Map<string, NdArray>();
  const inputs: OnnxValue[] = [];
  const names = new Map<Tensor, string>();
  const given = givenNames(nodes, Object.keys(outputs));
  let counter = 0;
  /** A name that numbers what it names, never one that was given: the same graph gets the same names everywhere. */
  const numbered = (type: string): string => {
    let name = `${type}_${counter++}`;
    while (given.has(name)) name = `${type}_${counter++}`;
    return name;
  };

  const shared = (name: string, array: NdArray): string => {
    if (!initializers.has(name)) initializers.set(name, array);
    return name;
  };
  const emitter: Emitter = {
    name: (tensor) => names.get(tensor)!,
    int64: (values) => shared(`i64:${values}`, int64([values.length], values)),
    scalar: (value) => shared(`f32:${value}`, { dtype: 'float32', shape: [], data: Float32Array.of(value) }),
    node: (type, nodeInputs, attributes: Record<string, AttributeValue> = {}, count = 1) => {
      const base = numbered(type);
      const nodeOutputs = count === 1 ? [base] : Array.from({ length: count }, () => numbered(type));
      onnxNodes.push({ type, domain: '', name: base, inputs: nodeInputs, outputs: nodeOutputs, attributes });
      return nodeOutputs;
    },
  };

  for (const node of nodes) {
    const first = node.outputs[0]!;
    if (isInput(node)) {
      const { name } = node.attributes;
      inputs.push({ name, dtype: first.dtype, shape: first.shape });
      names.set(first, name);
    } else if (isConstant(node)) {
      const { array } = node.attributes;
      names.set(
        first,
        constantName(node, first, emitter) ?? shared(node.attributes.name ?? numbered('constant'), array),
      );
    } else {
      const emitted = node.operator.emit(emitter, node);
      for (const [i, output] of node.outputs.entries()) names.set(output, emitted[i]!);
    }
  }

  const outputValues = Object.entries(outputs).map(([name, tensor]) => {
    onnxNodes.push({
      type: 'Identity',
      domain: '',
      name: `output_${name}`,
      inputs: [names.get(tensor)!],
      outputs: [name],
      attributes: {},
    });
    return { name, dtype: tensor.dtype, shape: tensor.shape };
  });
  return {
    graphName: options.graphName ?? 'packmule',
    nodes: renameOutputs(onnxNodes, new Set(outputValues.map(({ name }) => name))),
    initializers,
    inputs,
    outputs: outputValues,
    metadata: options.metadata ?? {},
    opsets: { '': OPSET },
  };
}

/** The names that inputs, outputs and constants were given; one that means two things is a GraphError. */
function givenNames(nodes: readonly Node[], outputNames: readonly string[]): Set<string> {
  const given = new Map<string, unknown>(outputNames.map((name) => [name, 'output']));
  for (const node of nodes) {
    if (!isInput(node) && !isConstant(node)) continue;
    const { name } = node.attributes;
    if (name === undefined) continue;
    // A weight that is used twice is asked for twice, and is the same array.
    const meaning = isConstant(node) ? node.attributes.array : node;
    if (given.has(name) && given.get(name) !== meaning) throw duplicateName(name);
    given.set(name, meaning);
  }
  return new Set(given.keys());
}

/** All nodes the tensors depend on, every node after the nodes it reads. */
export function nodesInOrder(tensors: readonly Tensor[]): Node[] {
  const seen = new Set<Node>();
  const stack = tensors.map((tensor) => tensor.node);
  while (stack.length > 0) {
    const node = stack.pop()!;
    if (seen.has(node)) continue;
    seen.add(node);
    for (const read of node.inputs) stack.push(read.node);
  }
  return [...seen].sort((a, b) => a.outputs[0]!.id - b.outputs[0]!.id);
}

/** Scalars are shared between their users, as the emitter's own. */
function constantName(node: Node, tensor: Tensor, emitter: Emitter): string | undefined {
  if (!isConstant(node) || node.attributes.name !== undefined) return undefined;
  const { array } = node.attributes;
  if (tensor.shape.length > 0 || array.dtype !== 'float32') return undefined;
  return emitter.scalar(Number(array.data[0]));
}

/**
 * Lets the node that computes an output carry the output's name, where it can: the Identity in between would be a
 * copy of a large tensor at every run.
 */
function renameOutputs(nodes: readonly OnnxNode[], outputNames: ReadonlySet<string>): OnnxNode[] {
  const produced = new Set(nodes.flatMap((node) => node.outputs));
  const renamed = new Map<string, string>();
  for (const node of nodes) {
    const [from, to] = [node.inputs[0]!, node.outputs[0]!];
    const isOutput = node.name === `output_${to}` && outputNames.has(to);
    if (isOutput && produced.has(from) && !renamed.has(from)) renamed.set(from, to);
  }
  const rename = (name: string): string => renamed.get(name) ?? name;
  return nodes
    .filter((node) => !(node.type === 'Identity' && renamed.get(node.inputs[0]!) === node.outputs[0]))
    .map((node) => ({ ...node, inputs: node.inputs.map(rename), outputs: node.outputs.map(rename) }));
}

function duplicateName(name: string): GraphError {
  return new GraphError({
    seen: `Two values of the graph are named ${name}`,
    need: 'Inputs, outputs and constants have names of their own',
    fix: 'Rename one of them',
  });
}
