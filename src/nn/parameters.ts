/**
 * @file Where a model's weights come from.
 *
 * A model is a function that asks a ParameterSource for each weight by name. The source decides what it gets:
 * placeholders (to list the weights), views of one flat training vector, or constants (to export a trained model).
 */
import { CheckpointError } from '../base/errors.ts';
import type { Rng } from '../base/rng.ts';
import { constant, input, type Shape, type Tensor } from '../graph/tensor.ts';
import { elementCount, type Float32NdArray, float32 } from '../tensor/array.ts';

/** How a weight starts: a constant, or uniform in [-bound, bound]. */
export type Initializer = { readonly constant: number } | { readonly uniform: number };

export interface ParameterSpec {
  readonly name: string;
  readonly shape: Shape;
  readonly initializer: Initializer;
}

export type ParameterSource = (name: string, shape: Shape, initializer: Initializer) => Tensor;

/** Named arrays, in the order in which the model asks for them. */
export type Weights = ReadonlyMap<string, Float32NdArray>;

/** The weights a model asks for, each once, in order. `build` is called once and its result dropped. */
export function listParameters(build: (source: ParameterSource) => unknown): ParameterSpec[] {
  const specs = new Map<string, ParameterSpec>();
  build((name, shape, initializer) => {
    if (!specs.has(name)) specs.set(name, { name, shape, initializer });
    return input(name, shape);
  });
  return [...specs.values()];
}

/** Fresh weights; every parameter draws from a generator of its own, named after it. */
export function initializeWeights(specs: readonly ParameterSpec[], rng: Rng): Map<string, Float32NdArray> {
  return new Map(
    specs.map(({ name, shape, initializer }) => {
      const data = new Float32Array(elementCount(shape));
      if ('constant' in initializer) data.fill(initializer.constant);
      else {
        const draw = rng.child(name);
        for (let i = 0; i < data.length; i++)
          data[i] = draw.between(-initializer.uniform, initializer.uniform);
      }
      return [name, float32(shape, data)];
    }),
  );
}

/** A source of constants: the weights are stored in the model. */
export function constantSource(weights: Weights): ParameterSource {
  return (name, shape) => constant(weightOf(weights, name, shape), name);
}

/** One of the weights. @throws CheckpointError where it is not there or of another shape. */
export function weightOf(weights: Weights, name: string, shape: Shape): Float32NdArray {
  const array = weights.get(name);
  if (array === undefined || array.shape.join() !== shape.join()) {
    throw new CheckpointError({
      seen: `The weights have ${array ? `${name} of shape [${array.shape}]` : `no ${name}`}`,
      need: `The model needs ${name} of shape [${shape}]`,
      fix: 'Use weights that were trained with the same settings',
    });
  }
  return array;
}
