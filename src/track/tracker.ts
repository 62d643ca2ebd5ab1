/**
 * @file Telling targets how a run goes without ever waiting for them: what is told is done one after the other beside
 * the training, and a target that fails costs a note and nothing else.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EpochLog } from '../training/types.ts';
import type { EndState, Target } from './target.ts';

export interface Tracker {
  /** An epoch of the training in `directory` is over. */
  epoch(training: string, directory: string): void;
  figures(values: Readonly<Record<string, number>>): void;
  /** Waits a moment for what was told. */
  end(state: EndState): Promise<void>;
}

/** The longest that the end of a run waits for its targets, ms. */
const PATIENCE_MS = 10_000;

export function openTracker(targets: readonly Target[], note: (text: string) => void): Tracker {
  const queues = new Map(targets.map((target) => [target, Promise.resolve()]));
  const warned = new Set<Target>();
  /** The last epoch of each training that was told: those before it need not be, as a curve has all. */
  const latest = new Map<string, number>();
  let closed = false;
  const tell = (what: (target: Target) => Promise<void>): void => {
    for (const [target, before] of queues) {
      const next = before.then(async () => {
        if (closed) return;
        try {
          await what(target);
        } catch (error) {
          if (warned.has(target)) return;
          warned.add(target);
          note(`${target.name} cannot be told how the run goes: ${reasonOf(error)}. The run goes on.`);
        }
      });
      queues.set(target, next);
    }
  };
  return {
    epoch: (training, directory) => {
      const told = (latest.get(training) ?? 0) + 1;
      latest.set(training, told);
      tell(async (target) => {
        if (latest.get(training) === told) await target.epoch(training, await readCurve(directory));
      });
    },
    figures: (values) => tell((target) => target.figures(values)),
    end: async (state) => {
      tell((target) => target.end(state));
      await Promise.race([Promise.all(queues.values()), patience()]);
      closed = true;
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

/** Without keeping the process from ending. */
function patience(): Promise<void> {
  return new Promise((done) => {
    setTimeout(done, PATIENCE_MS).unref();
  });
}

/** What a failed request says lies in its cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error && cause.message !== '' ? cause.message : error.message;
}
