/**
 * @file Kills a run at random moments and starts it again until it is done, over and over. Whatever the moment, what was
 * done stays done, no file under its final name is damaged, and the end has the bytes of a run that nobody touched.
 */
import { spawn } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createRng } from '../../src/base/rng.ts';
import { type Comparison, compareRuns } from './compare.ts';
import { smallRun } from './small-run.ts';
import { lostWork, type RunState, readState } from './state.ts';

export interface KillOptions {
  /** The built command line. */
  readonly main: string;
  /** An empty folder for data and runs. */
  readonly folder: string;
  /** How many kills. */
  readonly moments: number;
  readonly seed: number;
  readonly onKill?: (kills: number, working: string) => void;
  /** Told of what went wrong as soon as it is seen. */
  readonly onDefect?: (defect: string) => void;
  /** When aborted, the run that is under way is the last, and goes to its end without further kills. */
  readonly signal?: AbortSignal;
}

export interface KillFigures {
  readonly kills: number;
  /** Runs that were killed and came to their end. */
  readonly runs: number;
  /** Kills by the stage that was worked on; `check` is everything between two stages. */
  readonly byStage: Readonly<Record<string, number>>;
  /** Longest time between the last checkpoint of a training and its kill, s. */
  readonly oldestUnsaved: number;
  /** What was compared at the end of each run. */
  readonly compared: Pick<Comparison, 'files' | 'bytes'>;
  /** What went wrong, one line each; empty is as it should be. */
  readonly defects: readonly string[];
}

export async function killRuns(options: KillOptions): Promise<KillFigures> {
  const { folder, moments, seed, onKill, onDefect, signal } = options;
  await mkdir(folder, { recursive: true });
  const start = await starter(options);
  const rng = createRng(seed);
  const begun = performance.now();
  await start('whole');
  const wholeMs = performance.now() - begun;
  const byStage: Record<string, number> = {};
  const defects: string[] = [];
  let [kills, runs, oldestUnsaved] = [0, 0, 0];
  let compared = { files: 0, bytes: 0 };
  const isLeft = (): boolean => kills < moments && !signal?.aborted;
  while (isLeft()) {
    const name = `killed-${++runs}`;
    const root = join(folder, name, 'small');
    const say = (what: string): void => {
      const defect = `run ${runs}, kill ${kills}: ${what}`;
      defects.push(defect);
      onDefect?.(defect);
    };
    let before: RunState | undefined;
    while (await start(name, isLeft() ? rng.uniform() * wholeMs : undefined)) {
      const killedAt = Date.now();
      kills++;
      const state = await readState(root);
      state.corrupt.forEach(say);
      if (before !== undefined) for (const lost of lostWork(before, state)) say(`lost ${lost}`);
      for (const { savedAt } of state.checkpoints.values()) {
        oldestUnsaved = Math.max(oldestUnsaved, (killedAt - savedAt) / 1000);
      }
      byStage[state.working] = (byStage[state.working] ?? 0) + 1;
      onKill?.(kills, state.working);
      before = state;
    }
    const { different, ...counts } = await compareRuns(join(folder, 'whole', 'small'), root);
    for (const file of different) say(`${file} is not as without kills`);
    compared = counts;
    await rm(join(folder, name), { recursive: true });
  }
  return { kills, runs, byStage, oldestUnsaved, compared, defects };
}

/** Starts the run, or goes on with it, in a folder of its own; resolves to whether it was killed, after so many ms. */
async function starter({
  main,
  folder,
}: KillOptions): Promise<(name: string, killAfterMs?: number) => Promise<boolean>> {
  const args = await smallRun(join(folder, 'data'));
  return (name, killAfterMs) =>
    new Promise((done, fail) => {
      const runs = join(folder, name);
      const child = spawn(process.execPath, [main, ...args, '--name', 'small', '--runs', runs], {
        // Ctrl-C is for whoever kills, who lets the run end.
        detached: true,
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      const text: Buffer[] = [];
      child.stderr.on('data', (chunk: Buffer) => text.push(chunk));
      const timer =
        killAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfterMs);
      child.once('error', fail);
      child.once('close', (code, signal) => {
        clearTimeout(timer);
        if (signal === 'SIGKILL') done(true);
        else if (code === 0) done(false);
        else fail(new Error(`The run ended with ${signal ?? `exit code ${code}`}: ${Buffer.concat(text)}`));
      });
    });
}
