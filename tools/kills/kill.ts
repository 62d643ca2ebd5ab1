/**
 * @file Kills runs at random moments of each of their stages and starts them again until they are done, over and over.
 * Whatever the moment, what was done stays done but for a checkpoint interval, no file under its final name is damaged,
 * and the end has the bytes of a run that nobody touched.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createRng } from '../../src/base/rng.ts';
import type { Comparison } from './compare.ts';
import { type Course, type KilledRun, killedRun, untouched } from './course.ts';
import { smallRuns } from './small-run.ts';

export interface KillOptions {
  /** The build. */
  readonly dist: string;
  /** An empty folder for data and runs. */
  readonly folder: string;
  /** How many kills at least: each stage of each small run gets as many. */
  readonly moments: number;
  readonly seed: number;
  /** Names of the small runs that are killed; all of them by default. */
  readonly only?: readonly string[];
  readonly onKill?: (kills: number, name: string, working: string) => void;
  /** Told of what went wrong as soon as it is seen. */
  readonly onDefect?: (defect: string) => void;
  /** When aborted, the run that is under way is the last, and goes to its end without further kills. */
  readonly signal?: AbortSignal;
}

export interface StageFigures {
  /** Of the small run. */
  readonly name: string;
  /** `check` is everything before the first stage and between two. */
  readonly stage: string;
  /** Kills while it was worked on, by what the run directory says. */
  readonly kills: number;
  /** Runs of networks that it takes: steps of a training, looks at images. */
  readonly work: number;
  /** Most of them that a killed run did again, and how many one kill may cost. */
  readonly again: number;
  readonly mayCost: number;
}

export interface KillFigures {
  readonly kills: number;
  /** Runs that were killed and came to their end. */
  readonly runs: number;
  readonly stages: readonly StageFigures[];
  /** What was compared at the end of a run, of all small runs together. */
  readonly compared: Pick<Comparison, 'files' | 'bytes'>;
  /** What went wrong, one line each; empty is as it should be. */
  readonly defects: readonly string[];
}

/** A process that was just started takes longer over a stage than one that did others before. */
const STRETCH = 1.25;
/** Further runs for stages that were over before their kill, which comes sooner each time, down to a quarter of the stage. */
const PATIENCE = 16;
const SOONER = 0.7;
const SOONEST = 0.25;

export async function killRuns(options: KillOptions): Promise<KillFigures> {
  const { dist, folder, moments, seed, only, onKill, onDefect, signal } = options;
  await mkdir(folder, { recursive: true });
  const courses: Course[] = [];
  for (const run of await smallRuns(dist, folder)) {
    if (only?.includes(run.name) ?? true) courses.push(await untouched(dist, join(folder, run.name), run));
  }
  const share = Math.ceil(moments / courses.reduce((sum, { stages }) => sum + stages.length, 0));
  const rng = createRng(seed);
  const defects: string[] = [];
  const say = (defect: string): void => {
    defects.push(defect);
    onDefect?.(defect);
  };
  for (const { name, work, mayCost } of courses) {
    for (const [stage, { unsaved }] of work) {
      if (unsaved > mayCost[stage]!) say(`${name}: ${stage} saves after ${unsaved} runs of networks`);
    }
  }
  let kills = 0;
  const done = courses.map((course) => ({ course, killed: [] as KilledRun[] }));
  const short = ({ course, killed }: (typeof done)[number]): string[] =>
    course.stages.filter((stage) => killsOf(killed, stage) < share);
  for (let round = 1; round <= share + PATIENCE; round++) {
    const within = Math.max(SOONEST, STRETCH * SOONER ** Math.max(0, round - share));
    for (const one of done) {
      const aims = short(one);
      if (aims.length === 0 || signal?.aborted) continue;
      const { name } = one.course;
      const onOne = (working: string): void => {
        kills++;
        onKill?.(kills, name, working);
      };
      const run = await killedRun(one.course, { aims, within, rng, onKill: onOne, signal });
      one.killed.push(run);
      for (const defect of run.defects) say(`${name}, run ${round}: ${defect}`);
    }
  }
  for (const one of signal?.aborted ? [] : done)
    for (const stage of short(one)) say(`${one.course.name}: ${stage} was not met ${share} times`);
  return {
    kills,
    runs: done.reduce((sum, { killed }) => sum + killed.length, 0),
    stages: done.flatMap(({ course, killed }) =>
      course.stages.map((stage) => figures(course, killed, stage)),
    ),
    compared: done.reduce(
      ({ files, bytes }, { killed }) => ({
        files: files + (killed[0]?.comparison.files ?? 0),
        bytes: bytes + (killed[0]?.comparison.bytes ?? 0),
      }),
      { files: 0, bytes: 0 },
    ),
    defects,
  };
}

const killsOf = (killed: readonly KilledRun[], stage: string): number =>
  killed.reduce((sum, { kills }) => sum + (kills.get(stage) ?? 0), 0);

function figures({ name, work, mayCost }: Course, killed: readonly KilledRun[], stage: string): StageFigures {
  return {
    name,
    stage,
    kills: killsOf(killed, stage),
    work: work.get(stage)?.runs ?? 0,
    again: Math.max(0, ...killed.map(({ again }) => again.get(stage) ?? 0)),
    mayCost: mayCost[stage]!,
  };
}
