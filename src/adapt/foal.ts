/** @file Foal as a learner: all of it is trained, on views of the images at the size at which they will be decoded. */
import type { InstanceSource } from '../dataset/instances/types.ts';
import { tryModel } from '../foal/evaluate.ts';
import { openSupply } from '../foal/supply.ts';
import { foalTask } from '../foal/task.ts';
import { type ComputeOptions, computeOf } from '../runtime/session.ts';
import type { SamCheckpoint } from '../sam/checkpoint.ts';
import { windowConfig } from '../sam/window.ts';
import { type PlanNote, wholeMinutes } from '../training/plan.ts';
import type { Learner } from './adapt.ts';

export interface FoalLearnerOptions {
  readonly base: SamCheckpoint;
  readonly seed: number;
  /** What stands for the images and masks when trainings are told apart. */
  readonly data: unknown;
  readonly compute: ComputeOptions;
}

/** How long Foal learns from the labelled images. */
export interface FoalPlan {
  readonly steps: number;
  /** Expected time on two cores. */
  readonly minutes: number;
}

/** Of a step, on two cores. */
const STEP_SECONDS = 0.5;

/** As many steps as there is time for. */
export const planFoal = (minutes: number): FoalPlan =>
  foalPlan(Math.max(1, Math.round((60 * minutes) / STEP_SECONDS)));

export const foalPlan = (steps: number): FoalPlan => ({ steps, minutes: (steps * STEP_SECONDS) / 60 });

/** For the user: how long it learns, `copies` without the images of a fold each included. */
export function describeFoal({ steps, minutes }: FoalPlan, copies: number): PlanNote {
  const each =
    copies === 0 ? '' : `, and ${copies === 1 ? 'a copy' : `${copies} copies`} to see what that gains`;
  return {
    topic: 'Foal',
    text: `learns from the labelled images in ${steps} steps at most${each}, about ${wholeMinutes((copies + 1) * minutes)} on two cores.`,
  };
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
