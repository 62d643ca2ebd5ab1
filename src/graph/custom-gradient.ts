/**
 * @file A gradient rule of one's own for a composition of operators.
 *
 * The forward part is built from ordinary operators; the rule replaces what differentiating them one by one would
 * give. It costs nothing at run time: the node only stands between the graph and its gradient.
 */
import { apply, type Operator, type Tensor } from './tensor.ts';

/** From the gradient of the output to those of the inputs; an input whose `needed` is false may be undefined. */
export type GradientRule = (gradient: Tensor, needed: readonly boolean[]) => readonly (Tensor | undefined)[];

const customOperator: Operator<{ readonly rule: GradientRule }> = {
  name: 'customGradient',
  infer: ([output]) => [{ shape: output!.shape, dtype: output!.dtype }],
  emit: (emitter, { inputs: [output] }) => [emitter.name(output!)],
  gradient: ({ attributes: { rule } }, [g], needed) => [undefined, ...rule(g!, needed.slice(1))],
};

/**
 * The tensor `output`, whose gradient with respect to `inputs` is given by `rule`. What else `output` is made of gets no
 * gradient through it.
 */
export function customGradient(output: Tensor, inputs: readonly Tensor[], rule: GradientRule): Tensor {
  return apply(customOperator, [output, ...inputs], { rule });
}
