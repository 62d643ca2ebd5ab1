/** @file How long the network of close-ups learns, from minutes on two cores. */
import { imageSeconds, SECONDS_PER_STEP } from '../training/cost.ts';
import type { LoopSettings } from '../training/loop.ts';
import { type PlanNote, wholeMinutes } from '../training/plan.ts';
import { LOOK_SIZE } from './look.ts';

export interface CloseUpPlan {
  /** Features of the first level. */
  readonly base: number;
  readonly settings: LoopSettings & { readonly weightDecay: number; readonly averageDecay: number };
  /** Expected time on two cores. */
  readonly minutes: number;
}

/** Time to learn outlines in, as a share of that of one network. */
export const CLOSE_UP_SHARE = 1 / 3;

const BASE = 16;
const BATCH = 16;
const STEPS_PER_EPOCH = 5;

export function planCloseUp(minutes: number): CloseUpPlan {
  const seconds = STEPS_PER_EPOCH * (BATCH * imageSeconds(LOOK_SIZE, BASE) + SECONDS_PER_STEP);
  const epochs = Math.max(1, Math.round((60 * minutes) / seconds));
  return {
    base: BASE,
    settings: {
      epochs,
      samplesPerEpoch: STEPS_PER_EPOCH * BATCH,
      batch: BATCH,
      learningRate: 2e-3,
      schedule: 'one-cycle',
      validateEvery: epochs,
      weightDecay: 0.02,
      averageDecay: 0.99,
    },
    minutes: (epochs * seconds) / 60,
  };
}

/** For the user: what is trained and for how long, `copies` without the images of a fold each included. */
export function describeCloseUp({ settings, minutes }: CloseUpPlan, copies: number): PlanNote {
  const each = `${settings.epochs} epochs of ${settings.samplesPerEpoch} close-ups`;
  const networks = copies === 0 ? 'a network' : `a network, and ${copies} more to calibrate trust by`;
  return {
    topic: 'Outlines',
    text: `learnt close up by ${networks}: ${each}, about ${wholeMinutes((copies + 1) * minutes)} on two cores.`,
  };
}
