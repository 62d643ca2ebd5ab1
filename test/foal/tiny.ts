/** @file A Foal of a few thousand weights, for tests. */
import { join } from 'node:path';
import { writeFileAtomic } from '../../src/base/files.ts';
import { createRng } from '../../src/base/rng.ts';
import { encodeFoal } from '../../src/foal/weights.ts';
import { initializeWeights, type ParameterSpec } from '../../src/nn/parameters.ts';
import { type SamCheckpoint, samParameters } from '../../src/sam/checkpoint.ts';
import { type SamConfig, samName } from '../../src/sam/config.ts';
import type { Float32NdArray } from '../../src/tensor/array.ts';

/** Inputs of `imageSize` px, a multiple of 32. */
export function tinyFoal(imageSize: number): SamConfig {
  return {
    imageSize,
    gridSize: imageSize / 16,
    encoder: {
      kind: 'conv',
      stem: 4,
      stages: [
        { width: 8, depth: 1 },
        { width: 12, depth: 0 },
        { width: 16, depth: 1 },
        { width: 32, depth: 0 },
      ],
      contexts: 1,
    },
    width: 16,
    maskChannels: [6, 6],
    transformer: { width: 16, depth: 2, heads: 4, mlpWidth: 24, crossWidth: 8 },
    maskTokens: 4,
    iouHead: { depth: 3, width: 12 },
    highQuality: false,
    mixing: 32,
  };
}

export function tinyFoalCheckpoint(imageSize = 64, seed = 1): SamCheckpoint {
  const config = tinyFoal(imageSize);
  return { name: samName(config), config, weights: randomWeights(samParameters(config), seed) };
}

/** Writes it into a folder of its own, with what keeps its input small; returns the path of the file. */
export async function writeTinyFoal(folder: string): Promise<string> {
  const { config, weights } = tinyFoalCheckpoint();
  const path = join(folder, 'model.safetensors');
  await writeFileAtomic(path, encodeFoal(config, weights, {}));
  const hints = { model_type: 'sam', vision_config: { image_size: config.imageSize } };
  await writeFileAtomic(join(folder, 'config.json'), JSON.stringify(hints));
  return path;
}

/** Fresh weights, but that the mixing of places, which begins as nothing, does something. */
export function randomWeights(specs: readonly ParameterSpec[], seed: number): Map<string, Float32NdArray> {
  const rng = createRng(seed);
  const weights = initializeWeights(specs, rng);
  const out = weights.get('mask_decoder.mixing.out.weight')!;
  out.data.set(out.data.map(() => 0.1 * rng.normal()));
  return weights;
}
