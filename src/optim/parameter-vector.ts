/** @file All parameters of a model as one vector: where each lies, and the way there and back. */
import { concat, split } from '../graph/ops/join.ts';
import { reshape } from '../graph/ops/reshape.ts';
import type { Tensor } from '../graph/tensor.ts';
import { type ParameterSource, type ParameterSpec, type Weights, weightOf } from '../nn/parameters.ts';
import { elementCount, type Float32NdArray, float32 } from '../tensor/array.ts';

/** Number of values of all parameters. */
export function vectorLength(specs: readonly ParameterSpec[]): number {
  return specs.reduce((total, { shape }) => total + elementCount(shape), 0);
}

/**
 * Weights as one vector, in the order of the specs.
 * @throws CheckpointError where they are not those of the specs.
 */
export function packWeights(specs: readonly ParameterSpec[], weights: Weights): Float32NdArray {
  const vector = new Float32Array(vectorLength(specs));
  let offset = 0;
  for (const { name, shape } of specs) {
    vector.set(weightOf(weights, name, shape).data, offset);
    offset += elementCount(shape);
  }
  return float32([vector.length], vector);
}

/** The named arrays of a vector (views of its memory). */
export function unpackWeights(
  specs: readonly ParameterSpec[],
  vector: Float32NdArray,
): Map<string, Float32NdArray> {
  let offset = 0;
  return new Map(
    specs.map(({ name, shape }) => {
      const start = offset;
      offset += elementCount(shape);
      return [name, float32(shape, vector.data.subarray(start, offset))];
    }),
  );
}

/** The symbolic parameters of a symbolic vector [P], by name. */
export function splitVector(specs: readonly ParameterSpec[], vector: Tensor): Map<string, Tensor> {
  const parts = split(
    vector,
    specs.map(({ shape }) => elementCount(shape)),
    0,
  );
  return new Map(specs.map(({ name, shape }, i) => [name, reshape(parts[i]!, shape)]));
}

/** A source that hands out the parameters of a symbolic vector. */
export function vectorSource(parameters: ReadonlyMap<string, Tensor>): ParameterSource {
  return (name) => parameters.get(name)!;
}

/** One vector [P] of gradients given per parameter. */
export function joinVector(gradients: readonly Tensor[]): Tensor {
  return concat(
    gradients.map((gradient) => reshape(gradient, [elementCount(gradient.shape)])),
    0,
  );
}
