/** @file Foal as a learner: all of it is trained, on views of the images at the size at which they will be decoded. */
import type { InstanceSource } from '../dataset/instances/types.ts';
import { tryModel } from '../foal/evaluate.ts';
import { openSupply } from '../foal/supply.ts';
import { foalTask } from '../foal/task.ts';
import { type ComputeOptions, computeOf } from '../runtime/session.ts';
import type { SamCheckpoint } from '../sam/checkpoint.ts';
import { windowConfig } from '../sam/window.ts';
import type { Learner } from './adapt.ts';

export interface FoalLearnerOptions {
  readonly base: SamCheckpoint;
  readonly seed: number;
  /** What stands for the images and masks when trainings are told apart. */
  readonly data: unknown;
  readonly compute: ComputeOptions;
}

/** Of each of the two images of a step. */
const PROMPTS = 6;
/** Side of the views that are learnt from, in places: those of the windows that the decoder is run on. */
const VIEW_PLACES = 32;

export function foalLearner({ base, seed, data, compute }: FoalLearnerOptions): Learner {
  const config = windowConfig(base.config, Math.min(VIEW_PLACES, base.config.gridSize));
  return {
    learningRate: 3e-4,
    task: (cases) => {
      const source: InstanceSource = {
        name: 'labelled images',
        sample: (rng) => cases[rng.below(cases.length)]!.read(),
      };
      return foalTask({
        config,
        ...{ batch: 2, prompts: PROMPTS },
        seed,
        imageAt: openSupply({
          ...{ sources: [source], config, count: PROMPTS, seed },
          views: { inputSize: base.config.imageSize },
        }),
        data: { of: data, ids: cases.map(({ id }) => id) },
        start: base.weights,
      });
    },
    ask: (weights = base.weights, use) => tryModel({ ...base, weights }, computeOf(compute), use),
  };
}
