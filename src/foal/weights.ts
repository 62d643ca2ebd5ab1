/** @file Foal's weights: fresh ones, and the file they end in. */
import { CheckpointError } from '../base/errors.ts';
import { createRng, type Rng } from '../base/rng.ts';
import { initializeWeights, type Weights } from '../nn/parameters.ts';
import { loadSamCheckpoint, samParameters } from '../sam/checkpoint.ts';
import { type SamConfig, samName } from '../sam/config.ts';
import type { NdArray } from '../tensor/array.ts';
import { float16ToNumber, float32ToFloat16, numberToFloat16 } from '../tensor/float16.ts';
import { encodeSafetensors } from '../tensor/safetensors.ts';

/** Cycles of the slowest and the fastest frequency over half of the input's side. */
const SLOWEST = 0.25;
const FASTEST = 8;

/**
 * The frequencies of the position encoding [2, width / 2], by which the input's place in [-1, 1] is multiplied: all
 * directions, from a quarter of a cycle over half of the input to eight, so that neighbouring places differ and far
 * ones do too. (SAM draws from a normal distribution, whose fastest are about two cycles: enough for large objects.)
 */
export function drawFrequencies({ width }: Pick<SamConfig, 'width'>, rng: Rng): Float32Array {
  const half = width / 2;
  const out = new Float32Array(width);
  for (let i = 0; i < half; i++) {
    const cycles = SLOWEST * (FASTEST / SLOWEST) ** ((i + rng.uniform()) / half);
    const angle = rng.between(0, 2 * Math.PI);
    out[i] = halved(cycles * Math.cos(angle));
    out[half + i] = halved(cycles * Math.sin(angle));
  }
  return out;
}

/** Rounded to half precision: what is stored is what was trained with. */
const halved = (value: number): number => float16ToNumber(numberToFloat16(value));

/**
 * The weights of a Foal of the same layers, whatever its input size. One of before places saw each other has fresh
 * weights for that, the same each time, which do nothing yet: it answers as it did, and can learn it.
 * @throws CheckpointError for a file that cannot be read or holds another model.
 */
export async function readFoal(path: string, config: SamConfig): Promise<Weights> {
  const found = await loadSamCheckpoint(path);
  const layers = ({ imageSize: _, gridSize: __, ...others }: SamConfig): string => JSON.stringify(others);
  if (layers(found.config) === layers(config)) return found.weights;
  const { mixing: _, ...apart } = config;
  if (layers(found.config) === layers(apart)) {
    return new Map([
      ...initializeWeights(samParameters(config), createRng(0).child('weights')),
      ...found.weights,
    ]);
  }
  throw new CheckpointError({
    seen: `${path} holds ${found.name}`,
    need: `A model with the layers of ${samName(config)}`,
    fix: 'Name the file of a Foal that `packmule foal train` made',
  });
}

/** A model file in half precision, with the tensors of `samParameters` and no others. */
export function encodeFoal(
  config: SamConfig,
  weights: Weights,
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const tensors = samParameters(config).map(({ name, shape }): [string, NdArray] => {
    return [name, { dtype: 'float16', shape, data: float32ToFloat16(weights.get(name)!.data) }];
  });
  return encodeSafetensors(new Map(tensors), metadata);
}
