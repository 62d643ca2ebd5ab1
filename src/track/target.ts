/** @file Programs that a run tells how it goes. */
import type { EpochLog } from '../training/types.ts';

/** Of the epochs of a training and the figures of a run. Whatever it throws, the run goes on without it. */
export interface Target {
  /** As in a note: `TensorBoard`. */
  readonly name: string;
  /** An epoch of a training is over; `curve` has all of its epochs, also those of earlier starts. */
  epoch(training: string, curve: readonly EpochLog[]): Promise<void>;
  /** What the run was measured to be, by name: `dice/test/final`. */
  figures(values: Readonly<Record<string, number>>): Promise<void>;
  end(state: EndState): Promise<void>;
}

export type EndState = 'finished' | 'failed' | 'stopped';

/** The numbers of an epoch by name. */
export function scalarsOf({ loss, learningRate, validationDice }: EpochLog): Record<string, number> {
  return {
    loss,
    learningRate,
    ...(validationDice !== undefined && { validationDice }),
  };
}
