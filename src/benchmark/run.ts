/**
 * @file A benchmark: cells of methods, numbers of labelled images and seeds, in their order. Works that cells share are
 * done once, finished ones never again; whatever stops it, the next start goes on there.
 */
import { readFile } from 'node:fs/promises';
import { ConfigError } from '../base/errors.ts';
import { requireFreeSpace } from '../base/files.ts';
import { casesOf } from '../dataset/types.ts';
import type { RunConfig } from '../pipeline/config.ts';
import { acquireLock } from '../pipeline/lock.ts';
import { type RunObserver, silentObserver } from '../pipeline/observer.ts';
import { logEvent, type RunDirectory, runDirectory } from '../pipeline/run-directory.ts';
import type { RunContext } from '../pipeline/stage.ts';
import { duration } from '../report/format.ts';
import { fittingJobs, openCrew } from './crew.ts';
import { neededBytes } from './disk.ts';
import { type CellResult, cellFolder, evaluateCell, readCell } from './evaluate.ts';
import { chooseFigure, drawFigure } from './figure.ts';
import { type Experience, forecast, learn } from './forecast.ts';
import { countsOf, type Grid, type Job, jobsOf } from './jobs.ts';
import { directoryOf, folderOf, isDone } from './make.ts';
import type { Examples } from './outputs/qualitative.ts';
import { writeOutputs } from './outputs.ts';
import { modelRole } from './refiners.ts';
import { doWorks } from './schedule.ts';
import { prepareSetup, type Setup, type Truth } from './setup.ts';
import { summarise, type Table } from './table.ts';
import { trackCells } from './tracking.ts';
import { watchWorks } from './watch.ts';
import { keyOf, WORK_TITLES, type Work } from './work.ts';

export interface BenchmarkOptions extends Grid {
  /** Where everything goes. */
  readonly folder: string;
  /** Works that are done at once, each in a process of its own; as many as the machine has room for unless set. */
  readonly jobs?: number;
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

/**
 * Does a benchmark, or the rest of one. The tables are written after each cell.
 * @throws PackmuleError for bad data or settings, models that cannot be had, a folder in use, a full disk. A training
 * that cannot be done (no mask to learn from) is noted, and its cell stays missing.
 */
export async function runBenchmark(config: RunConfig, options: BenchmarkOptions): Promise<BenchmarkOutcome> {
  const { folder, observer = silentObserver, signal } = options;
  const run = runDirectory(folder);
  const context: RunContext = { run, observer, signal };
  const release = await acquireLock(run.lock);
  const tracker = trackCells(context, config);
  try {
    const { setup, truth } = await openBenchmark(context, config, options);
    const jobs = jobsOf(setup, truth.splits, options);
    return await doJobs(context, setup, truth, jobs, { ...options, measured: tracker.cell });
  } finally {
    await tracker.end();
    await release();
  }
}

/** The setup, with images to measure on. @throws PackmuleError as prepareSetup, and where there are no such images. */
export async function openBenchmark(
  context: RunContext,
  config: RunConfig,
  {
    methods,
    labelled,
    skipBad = false,
    jobs,
  }: Pick<BenchmarkOptions, 'methods' | 'labelled' | 'skipBad' | 'jobs'>,
): ReturnType<typeof prepareSetup> {
  const roles = methods.flatMap(({ refiner }) => (refiner && modelRole(refiner(config.refine))) ?? []);
  const prepared = await prepareSetup(context, config, {
    labelled,
    models: [...new Set(roles)],
    skipBad,
    ...(jobs !== undefined && { jobs }),
  });
  requireTruth(prepared.truth, prepared.setup);
  return prepared;
}

interface DoOptions extends BenchmarkOptions {
  /** A cell was measured, now and not by an earlier start. */
  readonly measured: (cell: CellResult) => void;
}

async function doJobs(
  context: RunContext,
  setup: Setup,
  truth: Truth,
  jobs: readonly Job[],
  { methods, seeds, labelled, jobs: asked, measured }: DoOptions,
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
  const open = new Set<Job>();
  for (const job of jobs) {
    const before = await readCell(run, job.name, job.masks, truth, resamples);
    if (before === undefined) open.add(job);
    else results.push(before);
  }
  if (results.length > 0) observer.note(`${results.length} of ${jobs.length} cells were done before.`);
  const experience = await recall(run, jobs);
  const tableSoFar = (): Table => summarise(grid, results, failures, resamples);
  const unfinished = (works: Iterable<Work>): Work[] => [...works].filter((work) => !isDone(run, work));
  const left = (): Work[] => unfinished(new Map([...open].flatMap(({ works }) => [...works])).values());
  const measureWhatIsDone = async (): Promise<void> => {
    for (const job of open) {
      if (unfinished(job.works.values()).length > 0) continue;
      open.delete(job);
      const result = await evaluateCell(run, job.name, job.masks, truth, resamples);
      results.push(result);
      measured(result);
      await writeOutputs(run, tableSoFar());
    }
  };

  await measureWhatIsDone();
  // A grid that has grown shows from the first moment on what it lacks.
  if (results.length > 0) await writeOutputs(run, tableSoFar());
  const size = asked ?? fittingJobs(setup.compute);
  await requireFreeSpace(
    run.root,
    neededBytes(left(), truth.classes.length, size),
    'What is left of this benchmark',
    'Free some space, choose a folder on another disk with --out, or name fewer --methods',
  );
  const crew = openCrew(size, context, setup);
  const watch = watchWorks(observer, crew.size);
  try {
    await doWorks(new Map([...open].flatMap(({ works }) => [...works])), {
      size: crew.size,
      isDone: (work) => isDone(run, work),
      perform: async (work, stopped) => {
        const job = jobs.find(({ works }) => works.has(keyOf(work)))!;
        const time = duration(forecast(experience, left()) / crew.size / 60);
        const title = `Cell ${jobs.indexOf(job) + 1} of ${jobs.length} (${job.title}), ${time} left: ${WORK_TITLES[work.kind]}`;
        const own = watch(title);
        own.stageStarted(work.kind, title);
        const seconds = await crew.perform(work, own, stopped);
        learn(experience, work, seconds);
        await logEvent(run, { event: 'work finished', kind: work.kind, key: keyOf(work), seconds });
        own.stageFinished(work.kind, seconds);
      },
      settled: async (work, failure) => {
        if (failure === undefined) return measureWhatIsDone();
        for (const job of [...open].filter(({ works }) => works.has(keyOf(work)))) {
          open.delete(job);
          failures.push(`${job.title}: ${failure.seen}`);
          observer.note(`Left out: ${failures.at(-1)}.`);
        }
        await writeOutputs(run, tableSoFar());
      },
      signal,
    });
  } finally {
    crew.close();
  }
  const table = tableSoFar();
  const examples = await drawExamples(run, table, results, jobs, setup, truth);
  return { run, table, files: await writeOutputs(run, table, examples) };
}

/** Truth and masks of some cells beside each other; nothing where no cell has its masks still, but figures alone. */
async function drawExamples(
  run: RunDirectory,
  table: Table,
  results: readonly CellResult[],
  jobs: readonly Job[],
  setup: Setup,
  truth: Truth,
): Promise<Examples | undefined> {
  const masksOf = (cell: CellResult): Job['masks'] =>
    jobs.find(({ name }) => cellFolder(name) === cellFolder(cell))!.masks;
  const drawable = results.filter((cell) => [...masksOf(cell).values()].every((work) => isDone(run, work)));
  const choice = chooseFigure(table, drawable);
  if (choice === undefined) return undefined;
  const { split, cells } = choice;
  const masks = cells.map(({ cell }) => {
    const work = masksOf(cell).get(split)!;
    return truth.masks(directoryOf(run, work), folderOf(work), split);
  });
  const cases = casesOf(setup.checked.dataset, split);
  return drawFigure(choice, cases, truth.read(split), await Promise.all(masks));
}

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

function requireTruth({ splits }: Truth, { config }: Setup): void {
  if (splits.length > 0) return;
  throw new ConfigError({
    seen: `${config.data.root} has neither test nor val images`,
    need: 'Annotated images on which methods are compared and from which none learns',
    fix: 'Put some annotated images into a folder test, with their annotations',
  });
}
