/** @file A run of seconds: few small phantoms, a network of a few thousand parameters, three epochs. */
import { writePhantomDataset } from '../../src/dataset/phantom/write.ts';
import type { RunConfig, Tree } from '../../src/pipeline/config.ts';
import { resolveConfig } from '../../src/pipeline/load-config.ts';

const TINY_COUNTS = { labelled: 4, val: 2, test: 2, unlabelled: 4 };

export const TINY_SETTINGS = {
  training: { base: 4, levels: 3, epochs: 3, samplesPerEpoch: 8, batch: 4, inputSize: [64, 64] },
  refine: { refiner: 'random-walker' },
  evaluation: { resamples: 100 },
  report: { cases: 1, pictureSide: 64 },
  threads: 1,
  device: 'cpu',
};

export async function writeTinyData(folder: string, counts = TINY_COUNTS, seed = 3): Promise<void> {
  await writePhantomDataset(folder, { seed, classes: 3, size: { height: 64, width: 64 }, counts });
}

/** Settings of a tiny run; `set` as of --set. */
export function tinyConfig(data: string, set: readonly string[] = [], more: Tree = {}): RunConfig {
  return resolveConfig({ name: 'tiny', data: { root: data }, ...TINY_SETTINGS, ...more }, '/', { set });
}
