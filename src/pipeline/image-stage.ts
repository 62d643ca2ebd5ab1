/** @file Stages that work image by image, so that shards can do parts of them. */
import { secondsSince } from '../base/clock.ts';
import { doImages, doPart, forgetJournals, type ImageJob } from './image-job.ts';
import type { Results } from './results.ts';
import { describeShard } from './shard.ts';
import {
  finishedStage,
  type RunContext,
  runStage,
  type StageOptions,
  type StageOutcome,
  stageKey,
} from './stage.ts';

export interface ImageStageOptions<T>
  extends Omit<StageOptions, 'work'>,
    Pick<ImageJob<T>, 'cases' | 'journal' | 'open'> {
  /** Writes the outputs from the results of all images, by case id. */
  readonly write: (found: Results<T>) => Promise<void>;
}

/** Does such a stage unless it is done, or the part of it that the process is to do. */
export async function runImageStage<T>(
  context: RunContext,
  options: ImageStageOptions<T>,
): Promise<StageOutcome> {
  const { run, shard } = context;
  const { name, title, inputs } = options;
  const key = stageKey(name, inputs);
  // By key: shards of other settings write elsewhere, and clear nothing away.
  const parts = run.path('stages', `${name}-${key.slice(0, 16)}`);
  const job: ImageJob<T> = { ...options, parts };
  if (shard === undefined) {
    const outcome = await runStage(context, {
      ...options,
      work: async () => options.write(await doImages(context, job)),
    });
    await forgetJournals(job);
    return outcome;
  }
  const finished = await finishedStage(context, options);
  if (finished !== undefined) return finished;
  const start = performance.now();
  context.observer.stageStarted(name, `${title}, ${describeShard(shard)}`);
  const part = await doPart(context, job, shard);
  const seconds = secondsSince(start);
  context.observer.stageFinished(name, seconds);
  return { name, key, skipped: false, seconds, part };
}
