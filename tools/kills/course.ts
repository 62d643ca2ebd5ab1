/** @file A small run that nobody touched, and one like it that is killed again and again and compared with it. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Rng } from '../../src/base/rng.ts';
import { type Comparison, compareRuns } from './compare.ts';
import { type Life, live } from './process.ts';
import type { SmallRun } from './small-run.ts';
import { lostWork, type RunState, readState } from './state.ts';
import { type Mark, type StageWork, workOf } from './trace.ts';

export interface Course extends SmallRun {
  readonly dist: string;
  /** Holds a folder with the run that nobody touched, and one with each that is killed. */
  readonly folder: string;
  /** The stages that are killed, in their order; `check`, what comes before the first, is one. */
  readonly stages: readonly string[];
  /** How long each of them took, ms. */
  readonly ms: Life['ms'];
  readonly work: ReadonlyMap<string, StageWork>;
}

const UNTOUCHED = 'untouched';

/** Does a small run whose stages and work nobody disturbs. */
export async function untouched(dist: string, folder: string, run: SmallRun): Promise<Course> {
  const { marks, ms } = await live(dist, argsIn(join(folder, UNTOUCHED), run));
  return { ...run, dist, folder, stages: run.stages ?? [...ms.keys()], ms, work: workOf(marks) };
}

const argsIn = (runs: string, { name, args }: SmallRun): string[] => [
  ...args,
  ...['--name', name, '--runs', runs],
];

export interface KilledRun {
  /** Kills by the stage that was worked on, by what the run directory says. */
  readonly kills: ReadonlyMap<string, number>;
  /** Runs of networks that were done more than once, by stage. */
  readonly again: ReadonlyMap<string, number>;
  readonly comparison: Comparison;
  /** What was lost or damaged, one line each. */
  readonly defects: readonly string[];
}

export interface Killing {
  /** The stages to be met, once each. */
  readonly aims: readonly string[];
  /** Part of the time of a stage in which it is killed. */
  readonly within: number;
  readonly rng: Rng;
  readonly onKill: (working: string) => void;
  /** When aborted, the run goes to its end without further kills. */
  readonly signal?: AbortSignal | undefined;
}

/** Kills a run at a random moment of each stage, where the stage is not over before, and lets it come to its end. */
export async function killedRun(course: Course, killing: Killing): Promise<KilledRun> {
  const { dist, folder, name, ms, work, mayCost } = course;
  const { aims, within, rng, onKill, signal } = killing;
  const runs = join(folder, 'killed');
  const args = argsIn(runs, course);
  const kills = new Map<string, number>();
  const defects: string[] = [];
  const marks: Mark[] = [];
  let state: RunState | undefined;
  let killed = true;
  for (const stage of aims) {
    if (signal?.aborted || state?.finished.has(stage)) continue;
    const life = await live(dist, args, { stage, afterMs: rng.uniform() * within * ms.get(stage)! });
    killed = life.killed;
    marks.push(...life.marks, { what: 'killed' });
    defects.push(...doneTwice(state, life));
    if (!killed) break;
    const before = state;
    state = await readState(runs);
    defects.push(...state.corrupt);
    if (before !== undefined) defects.push(...lostWork(before, state).map((what) => `lost ${what}`));
    kills.set(state.working, (kills.get(state.working) ?? 0) + 1);
    onKill(state.working);
  }
  if (killed) {
    const life = await live(dist, args);
    marks.push(...life.marks);
    defects.push(...doneTwice(state, life));
  }
  const again = new Map<string, number>();
  for (const [stage, { runs: all }] of workOf(marks)) {
    const extra = all - work.get(stage)!.runs;
    again.set(stage, extra);
    const allowed = (kills.get(stage) ?? 0) * mayCost[stage]!;
    if (extra > allowed)
      defects.push(`${stage} did ${extra} runs of networks again, where ${allowed} may be`);
    if (extra < 0) defects.push(`${stage} did ${-extra} runs of networks too few`);
  }
  const comparison = await compareRuns(join(folder, UNTOUCHED, name), join(runs, name));
  defects.push(...comparison.different.map((file) => `${file} is not as without kills`));
  await rm(runs, { recursive: true });
  return { kills, again, comparison, defects };
}

/** Stages that were finished before a process began, and that it did nevertheless. */
function doneTwice(before: RunState | undefined, { marks }: Life): string[] {
  return marks.flatMap((mark) =>
    mark.what === 'started' && before?.finished.has(mark.stage)
      ? [`the finished stage ${mark.stage} was done again`]
      : [],
  );
}
