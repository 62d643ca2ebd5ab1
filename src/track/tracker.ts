/** @file Telling targets how a run goes, beside its trainings. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EpochLog } from '../training/types.ts';
import { openQueue } from './queue.ts';
import type { EndState, Target } from './target.ts';

export interface Tracker {
  /** An epoch of the training in `directory` is over. */
  epoch(training: string, directory: string): void;
  figures(values: Readonly<Record<string, number>>): void;
  /** Waits a moment for what was told. */
  end(state: EndState): Promise<void>;
}

export function openTracker(targets: readonly Target[], note: (text: string) => void): Tracker {
  const queue = openQueue(targets, note);
  /** The last epoch of each training that was told: those before it need not be, as a curve has all. */
  const latest = new Map<string, number>();
  return {
    epoch: (training, directory) => {
      const told = (latest.get(training) ?? 0) + 1;
      latest.set(training, told);
      queue.tell(async (target) => {
        if (latest.get(training) === told) await target.epoch(training, await readCurve(directory));
      });
    },
    figures: (values) => queue.tell((target) => target.figures(values)),
    end: async (state) => {
      queue.tell((target) => target.end(state));
      await queue.end();
    },
  };
}

/** The curve of a training so far. */
async function readCurve(directory: string): Promise<EpochLog[]> {
  const text = await readFile(join(directory, 'log.jsonl'), 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as EpochLog);
}
