/**
 * @file A part of a benchmark: the works of some of its cells, done by one of several processes on whichever machines see
 * the folder. No two parts have a work in common, so that none waits for another; the tables are made by the call that
 * does no part, from what is done.
 */
import { requireFreeSpace } from '../base/files.ts';
import type { RunConfig } from '../pipeline/config.ts';
import { silentObserver } from '../pipeline/observer.ts';
import { runDirectory } from '../pipeline/run-directory.ts';
import { type Shard, shardOf } from '../pipeline/shard.ts';
import type { RunContext } from '../pipeline/stage.ts';
import { neededBytes } from './disk.ts';
import { apart, jobsOf } from './jobs.ts';
import { doWork, isDone } from './make.ts';
import { type BenchmarkOptions, openBenchmark } from './run.ts';
import { doWorks } from './schedule.ts';
import { inOrder, WORK_TITLES } from './work.ts';

export interface PartOptions extends Omit<BenchmarkOptions, 'jobs'> {
  readonly shard: Shard;
}

/** A part of the cells, the works of which are done. */
export interface BenchmarkPart {
  readonly shard: Shard;
  readonly cells: number;
  /** Of these cells. */
  readonly works: number;
  /** Works that were done before this process began. */
  readonly before: number;
}

/** Does what is left of a part. @throws PackmuleError as runBenchmark, but for a folder in use. */
export async function runBenchmarkPart(config: RunConfig, options: PartOptions): Promise<BenchmarkPart> {
  const { folder, shard, observer = silentObserver, signal } = options;
  const run = runDirectory(folder);
  const context: RunContext = { run, observer, signal, shard };
  const { setup, truth } = await openBenchmark(context, config, options);
  const groups = apart(jobsOf(setup, truth.splits, options));
  const jobs = shardOf(groups, shard).flat();
  const works = inOrder(jobs.flatMap(({ masks }) => [...masks.values()]));
  const left = [...works.values()].filter((work) => !isDone(run, work));
  await requireFreeSpace(
    run.root,
    neededBytes(left, setup.checked.dataset.classes.length, 1),
    'This part of the benchmark',
    'Free some space, choose a folder on another disk with --out, or name fewer --methods',
  );
  await doWorks(works, {
    size: 1,
    isDone: (work) => isDone(run, work),
    perform: async (work, stopped) => {
      const title = `Work ${left.indexOf(work) + 1} of ${left.length}: ${WORK_TITLES[work.kind]}`;
      observer.stageStarted(work.kind, title);
      observer.stageFinished(work.kind, await doWork({ ...context, signal: stopped }, setup, work));
    },
    settled: async (_, failure) => {
      if (failure !== undefined) observer.note(`Left out: ${failure.seen}.`);
    },
    signal,
  });
  return { shard, cells: jobs.length, works: works.size, before: works.size - left.length };
}
