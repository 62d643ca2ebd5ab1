/** @file Doing works, several at once where there is somebody to do them, each after those that it is made from. */
import { TrainingError } from '../base/errors.ts';
import { sourcesOf, type Work } from './work.ts';

export interface ScheduleOptions {
  /** How many are done at once. */
  readonly size: number;
  isDone(work: Work): boolean;
  /** Does one. The signal is that of the caller, or says that another work has failed. */
  perform(work: Work, signal: AbortSignal): Promise<void>;
  /** One is done, or cannot be done, and neither can what is made from it. */
  settled(work: Work, failure: TrainingError | undefined): Promise<void>;
  readonly signal: AbortSignal | undefined;
}

/**
 * Does what is not done, in the order given as far as works wait for each other. A training that cannot be done is
 * told to `settled`; what is made from it is left out.
 * @throws what else a work throws, and the signal's reason; works under way are stopped first, and have saved what
 * they did.
 */
export async function doWorks(
  works: ReadonlyMap<string, Work>,
  { size, isDone, perform, settled, signal }: ScheduleOptions,
): Promise<void> {
  const stop = new AbortController();
  const either = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
  const waiting = new Map([...works].filter(([, work]) => !isDone(work)));
  const running = new Set<Promise<void>>();

  const start = (key: string, work: Work): void => {
    waiting.delete(key);
    const promise = perform(work, either)
      .then(
        () => settled(work, undefined),
        (error: unknown) => {
          if (error instanceof TrainingError) return settled(work, error);
          throw error;
        },
      )
      .finally(() => running.delete(promise));
    running.add(promise);
  };
  const startWhatCanBe = (): void => {
    for (const [key, work] of waiting) {
      if (running.size >= size) return;
      if (sourcesOf(work).every(isDone)) start(key, work);
    }
  };

  try {
    for (;;) {
      signal?.throwIfAborted();
      startWhatCanBe();
      if (running.size === 0) return;
      await Promise.race(running);
    }
  } catch (error) {
    stop.abort(error);
    await Promise.allSettled(running);
    throw error;
  }
}
