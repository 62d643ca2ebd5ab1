/**
 * @file A benchmark: cells of methods, numbers of labelled images and seeds, one after the other. Works that cells
 * share are done once, finished ones never again; whatever stops it, the next start goes on there.
 */
import { readFile } from 'node:fs/promises';
import { ConfigError, TrainingError } from '../base/errors.ts';
import type { RunConfig } from '../pipeline/config.ts';
import { acquireLock } from '../pipeline/lock.ts';
import { type RunObserver, silentObserver } from '../pipeline/observer.ts';
import { logEvent, type RunDirectory, runDirectory } from '../pipeline/run-directory.ts';
import type { RunContext } from '../pipeline/stage.ts';
import { duration } from '../report/format.ts';
import { type Method, openCell } from './cell.ts';
import { type CellMasks, type CellName, type CellResult, evaluateCell, readCell } from './evaluate.ts';
import { type Experience, forecast, learn } from './forecast.ts';
import { directoryOf, doWork, isDone } from './make.ts';
import { writeOutputs } from './outputs.ts';
import { modelRole } from './refiners.ts';
import { prepareSetup, type Setup, type Truth } from './setup.ts';
import { summarise, type Table } from './table.ts';
import { inOrder, type Work } from './work.ts';

export interface BenchmarkOptions {
  /** Where everything goes. */
  readonly folder: string;
  /** The rows; the first is what the others are compared with. */
  readonly methods: readonly Method[];
  /** Numbers of labelled images; all of them where none is given. */
  readonly labelled: readonly number[];
  /** Number of seeds: 1, 2, ... */
  readonly seeds: number;
  readonly skipBad?: boolean;
  readonly observer?: RunObserver;
  /** When aborted, the current step is finished and saved, and the signal's reason thrown. */
  readonly signal?: AbortSignal;
}

export interface BenchmarkOutcome {
  readonly run: RunDirectory;
  readonly table: Table;
  /** The files that were written, absolute. */
  readonly files: readonly string[];
}

/** A cell with the works that it takes. */
interface Job {
  readonly name: CellName;
  readonly title: string;
  readonly masks: CellMasks;
  readonly works: ReadonlyMap<string, Work>;
}

/**
 * Does a benchmark, or the rest of one. The tables are written after each cell.
 * @throws PackmuleError for bad data or settings, models that cannot be had, a folder in use, a full disk. A training
 * that cannot be done (no mask to learn from) is noted, and its cell stays missing.
 */
export async function runBenchmark(config: RunConfig, options: BenchmarkOptions): Promise<BenchmarkOutcome> {
  const { folder, methods, labelled, skipBad = false, observer = silentObserver, signal } = options;
  const run = runDirectory(folder);
  const context: RunContext = { run, observer, signal };
  const release = await acquireLock(run.lock);
  try {
    const roles = methods.flatMap(({ refiner }) => (refiner && modelRole(refiner(config.refine))) ?? []);
    const { setup, truth } = await prepareSetup(context, config, {
      labelled,
      models: [...new Set(roles)],
      skipBad,
    });
    requireTruth(truth, setup);
    const jobs = jobsOf(setup, truth, options);
    return await doJobs(context, setup, truth, jobs, options);
  } finally {
    await release();
  }
}

/** The cells in the order in which they are done: those of one seed, then of the next; in it by number of labels. */
function jobsOf(setup: Setup, truth: Truth, { methods, seeds, labelled }: BenchmarkOptions): Job[] {
  const jobs: Job[] = [];
  for (let seed = 1; seed <= seeds; seed++) {
    for (const count of countsOf(setup, labelled)) {
      const cell = openCell(setup, count, seed);
      for (const method of methods) {
        const masks = new Map(truth.splits.map((split) => [split, method.masks(cell, split)] as const));
        jobs.push({
          name: { method: method.name, labelled: count, seed },
          title: `${method.title}, ${count} labelled, seed ${seed}`,
          masks,
          works: inOrder([...masks.values()]),
        });
      }
    }
  }
  return jobs;
}

async function doJobs(
  context: RunContext,
  setup: Setup,
  truth: Truth,
  jobs: readonly Job[],
  { methods, seeds, labelled }: BenchmarkOptions,
): Promise<BenchmarkOutcome> {
  const { run, observer, signal } = context;
  const { resamples } = setup.config.evaluation;
  const grid = {
    methods: methods.map(({ name, title, about }) => ({ name, title, about })),
    labelled: countsOf(setup, labelled),
    seeds,
    classes: truth.classes,
  };
  const results: CellResult[] = [];
  const failures: string[] = [];
  const open: Job[] = [];
  for (const job of jobs) {
    const before = await readCell(run, job.name, job.masks, truth, resamples);
    if (before === undefined) open.push(job);
    else results.push(before);
  }
  if (results.length > 0) observer.note(`${results.length} of ${jobs.length} cells were done before.`);
  const experience = await recall(run, jobs);
  const conclude = async (): Promise<BenchmarkOutcome> => {
    const table = summarise(grid, results, failures, resamples);
    return { run, table, files: await writeOutputs(run, table) };
  };
  for (const [index, job] of open.entries()) {
    signal?.throwIfAborted();
    const rest = new Map(open.slice(index).flatMap(({ works }) => [...works]));
    try {
      for (const [key, work] of job.works) {
        if (isDone(run, work)) continue;
        signal?.throwIfAborted();
        const left = [...rest.values()].filter((other) => !isDone(run, other));
        const title = `Cell ${results.length + failures.length + 1} of ${jobs.length} (${job.title}), ${duration(forecast(experience, left) / 60)} left: ${TITLES[work.kind]}`;
        observer.stageStarted(work.kind, title);
        const seconds = await doWork(context, setup, work);
        learn(experience, work, seconds);
        await logEvent(run, { event: 'work finished', kind: work.kind, key, seconds });
        observer.stageFinished(work.kind, seconds);
      }
      results.push(await evaluateCell(run, job.name, job.masks, truth, resamples));
    } catch (error) {
      if (!(error instanceof TrainingError)) throw error;
      failures.push(`${job.title}: ${error.seen}`);
      observer.note(`Left out: ${failures.at(-1)}.`);
    }
    await conclude();
  }
  return conclude();
}

const TITLES: Readonly<Record<Work['kind'], string>> = {
  network: 'training a network',
  prediction: 'predicting masks',
  refinement: 'refining masks',
};

/** How long finished works took. */
async function recall(run: RunDirectory, jobs: readonly Job[]): Promise<Experience> {
  const experience: Experience = new Map();
  const works = new Map(jobs.flatMap(({ works: own }) => [...own]));
  for (const work of works.values()) {
    if (!isDone(run, work)) continue;
    const { seconds } = JSON.parse(await readFile(directoryOf(run, work).path('work.json'), 'utf8')) as {
      readonly seconds: number;
    };
    learn(experience, work, seconds);
  }
  return experience;
}

/** In the order of the user; all labelled images where he names no number. */
function countsOf({ images }: Setup, labelled: readonly number[]): readonly number[] {
  return labelled.length > 0 ? [...new Set(labelled)] : [images.labelled.count];
}

function requireTruth({ splits }: Truth, { config }: Setup): void {
  if (splits.length > 0) return;
  throw new ConfigError({
    seen: `${config.data.root} has neither test nor val images`,
    need: 'Annotated images on which methods are compared and from which none learns',
    fix: 'Put some annotated images into a folder test, with their annotations',
  });
}
