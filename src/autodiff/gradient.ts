/**
 * @file Reverse-mode differentiation of a graph: appends the nodes that compute gradients.
 *
 * One pass over the nodes from the loss back to the targets; each operator's own rule (its vector-Jacobian product)
 * says how the gradient of its outputs becomes that of its inputs, and gradients that meet are added.
 */
import { GraphError } from '../base/errors.ts';
import { nodesInOrder } from '../graph/build.ts';
import { add } from '../graph/ops/elementwise.ts';
import { expand } from '../graph/ops/reshape.ts';
import { sameShape } from '../graph/shape.ts';
import { type Node, scalar, type Tensor } from '../graph/tensor.ts';

/**
 * The gradients of a scalar loss with respect to tensors of its graph, in the order of `targets` and of their
 * shapes. A target the loss does not depend on gets zeros.
 */
export function gradient(loss: Tensor, targets: readonly Tensor[]): Tensor[] {
  if (loss.shape.length !== 0) {
    throw new GraphError({
      seen: `The loss has the shape [${loss.shape}]`,
      need: 'The gradient is taken of a scalar',
      fix: 'Reduce the loss with sum or mean',
    });
  }
  const nodes = nodesInOrder([loss]);
  const wanted = new Set(targets);
  const leadsToTarget = new Set<Node>();
  const depends = (tensor: Tensor): boolean => wanted.has(tensor) || leadsToTarget.has(tensor.node);
  for (const node of nodes) {
    if (node.inputs.some(depends)) leadsToTarget.add(node);
  }

  const gradients = new Map<Tensor, Tensor>([[loss, scalar(1)]]);
  for (const node of nodes.reverse()) {
    if (!leadsToTarget.has(node)) continue;
    const ofOutputs = node.outputs.map((output) => gradients.get(output));
    if (ofOutputs.every((of) => of === undefined)) continue;
    const { operator } = node;
    if (operator.gradient === undefined) throw noGradient(operator.name);
    const ofInputs = operator.gradient(node, ofOutputs, node.inputs.map(depends));
    node.inputs.forEach((tensor, i) => {
      const arriving = ofInputs[i];
      if (arriving === undefined || !depends(tensor)) return;
      if (!sameShape(arriving.shape, tensor.shape)) throw wrongShape(operator.name, arriving, tensor);
      const before = gradients.get(tensor);
      gradients.set(tensor, before === undefined ? arriving : add(before, arriving));
    });
  }
  return targets.map((target) => gradients.get(target) ?? expand(scalar(0), target.shape));
}

function wrongShape(name: string, arriving: Tensor, tensor: Tensor): GraphError {
  return new GraphError({
    seen: `The gradient rule of ${name} gives [${arriving.shape}] for an input of shape [${tensor.shape}]`,
    need: 'A gradient has the shape of its tensor',
    fix: 'Correct the rule, for a broadcast input by summing over the repeated axes',
  });
}

function noGradient(name: string): GraphError {
  return new GraphError({
    seen: `The loss depends on a target through ${name}, which has no gradient`,
    need: 'A path of differentiable operators',
    fix: 'Take the target out, or compute the value outside the graph and feed it',
  });
}
