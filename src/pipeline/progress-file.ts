/**
 * @file What a run tells, kept in its folder while it works, so that a page can follow a run that was started in a
 * terminal. That it cannot be written is no reason to stop: the disk will say so where it matters.
 */
import { readFile, rm } from 'node:fs/promises';
import { z } from 'zod';
import { writeFileAtomic } from '../base/files.ts';
import type { RunObserver } from './observer.ts';
import type { RunDirectory } from './run-directory.ts';

/** How far the stage is that is being done. */
export interface RunProgress {
  readonly stage: string;
  /** For people: `Training the initial network`. */
  readonly title: string;
  /** Of the stage's work, [0, 1]. */
  readonly fraction: number;
  readonly detail?: string;
  readonly secondsLeft?: number;
}

const progressSchema = z.strictObject({
  stage: z.string(),
  title: z.string(),
  fraction: z.number(),
  detail: z.string().exactOptional(),
  secondsLeft: z.number().exactOptional(),
});

/** As often as somebody who looks can read it. */
const EVERY_MS = 1000;

export interface ProgressRecorder extends RunObserver {
  /** Takes the file away once the last writing has ended. */
  end(): Promise<void>;
}

/** An observer that passes on all it is told, and writes how far the run is. */
export function recordProgress(run: RunDirectory, observer: RunObserver): ProgressRecorder {
  let now: RunProgress = { stage: '', title: '', fraction: 0 };
  let began = 0;
  let written = Number.NEGATIVE_INFINITY;
  let writing: Promise<void> | undefined;
  const write = (): void => {
    const time = performance.now();
    if (writing !== undefined || time - written < EVERY_MS) return;
    written = time;
    writing = writeFileAtomic(run.progress, JSON.stringify(now))
      .catch(() => undefined)
      .finally(() => {
        writing = undefined;
      });
  };
  return {
    ...observer,
    stageStarted: (stage, title) => {
      observer.stageStarted(stage, title);
      now = { stage, title, fraction: 0 };
      began = performance.now();
      written = Number.NEGATIVE_INFINITY;
      write();
    },
    progress: (fraction, detail, secondsLeft) => {
      observer.progress(fraction, detail, secondsLeft);
      const elapsed = (performance.now() - began) / 1000;
      const left = secondsLeft ?? (fraction > 0 ? (elapsed / fraction) * (1 - fraction) : undefined);
      const { stage, title } = now;
      now = {
        stage,
        title,
        fraction,
        ...(detail !== undefined && { detail }),
        ...(left !== undefined && { secondsLeft: left }),
      };
      write();
    },
    end: async () => {
      await writing;
      await rm(run.progress, { force: true }).catch(() => undefined);
    },
  };
}

/** How far a run said it was; undefined where it said nothing. */
export async function readProgress(run: RunDirectory): Promise<RunProgress | undefined> {
  try {
    return progressSchema.parse(JSON.parse(await readFile(run.progress, 'utf8')));
  } catch {
    return undefined;
  }
}
