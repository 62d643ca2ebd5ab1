/** @file How long a promptable model learns from the labelled images, and how long that takes Foal. */
import type { RefineSettings } from '../refine/settings.ts';
import { type PlanNote, wholeMinutes } from '../training/plan.ts';

/** How long a model learns from the labelled images. */
export interface FoalPlan {
  readonly steps: number;
  /** Expected time on two cores, where it is Foal. */
  readonly minutes: number;
}

/** Of a step, on two cores. */
const STEP_SECONDS = 0.5;

/** Time to learn in, as a share of that of one network, and what teaches no more. */
const SHARE = 1 / 3;
const MOST_STEPS = 240;

/** How long a model learns at most, in steps: as set, else what Foal has beside networks of so many minutes. */
export const stepsToLearn = ({ adaptSteps }: Pick<RefineSettings, 'adaptSteps'>, minutes: number): number =>
  adaptSteps ?? Math.min(MOST_STEPS, planFoal(SHARE * minutes).steps);

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
