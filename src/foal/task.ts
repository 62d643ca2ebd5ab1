/** @file How Foal learns: from instance images, beginning with fresh weights or those of another training. */
import { createRng } from '../base/rng.ts';
import { initializeWeights, type Weights } from '../nn/parameters.ts';
import type { BatchSize } from '../prompted/graph.ts';
import { buildPromptedStep } from '../prompted/step.ts';
import type { PromptedTask } from '../prompted/train.ts';
import { weightsHash } from '../sam/checkpoint.ts';
import type { SamConfig } from '../sam/config.ts';
import { FREQUENCIES_NAME } from '../sam/prompt-encoder.ts';
import { float32 } from '../tensor/array.ts';
import { openEpisodes, type StoredPrompts, storedPrompts } from './episodes.ts';
import { pixelFeatures } from './features.ts';
import { MOST_TOKENS } from './prompts.ts';
import type { Supply } from './supply.ts';
import { drawFrequencies, encodeFoal } from './weights.ts';

export interface FoalTaskOptions {
  readonly config: SamConfig;
  /** Images of a step, and prompts of each image. */
  readonly batch: number;
  readonly prompts: number;
  readonly seed: number;
  /** What is learnt from, `prompts` objects each, and what stands for it when trainings are told apart. */
  readonly imageAt: Supply;
  readonly data: unknown;
  /** All weights of a model of this architecture to begin with; fresh ones by default. */
  readonly start?: Weights;
}

export const FOAL_DEFAULTS = { batch: 4, prompts: 4, learningRate: 1e-3, schedule: 'one-cycle' } as const;

export const FOAL_FILE = 'foal.safetensors';

export function foalTask(options: FoalTaskOptions): PromptedTask<StoredPrompts> {
  const { config, batch, prompts, seed, imageAt, data, start } = options;
  const rng = createRng(seed);
  const frequencies = start?.get(FREQUENCIES_NAME)?.data ?? drawFrequencies(config, rng.child('frequencies'));
  const size: BatchSize = { images: batch, prompts, tokens: MOST_TOKENS };
  const model = { config, size, frequencies, features: pixelFeatures(config, batch) };
  return {
    key: { config, batch, prompts, seed, data, start: start && weightsHash(start) },
    build: (averageDecay) => buildPromptedStep(model, { averageDecay }),
    start: ({ specs }) => start ?? initializeWeights(specs, rng.child('weights')),
    answerLength: batch * prompts * (4 * config.gridSize) ** 2,
    prompts: storedPrompts,
    open: (state) => openEpisodes({ config, size, frequencies, seed, imageAt }, state),
    whole: (trained) =>
      new Map([...trained, [FREQUENCIES_NAME, float32([2, config.width / 2], frequencies)]]),
    file: FOAL_FILE,
    encode: (whole, metadata) => encodeFoal(config, whole, metadata),
  };
}
