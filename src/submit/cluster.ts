/** @file What Packmule asks of a cluster, and calling the programs by which it answers. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { RunError } from '../base/errors.ts';
import type { ArrayJob } from './array-job.ts';

export interface Cluster {
  /** `Slurm`, `Kubernetes`. */
  readonly name: string;
  /** Name of the file that is submitted: a script or a manifest. */
  readonly file: string;
  /** Whether it does failed tasks again by itself, as often as the job says. */
  readonly retries: boolean;
  /** What is submitted for some tasks of a job, counted from 1. */
  render(job: ArrayJob, tasks: readonly number[]): string;
  /** Submits what `render` gave, from its file, and returns what the cluster calls it. @throws RunError */
  submit(path: string): Promise<string>;
  /** How the tasks of a submission are. @throws RunError where the cluster does not answer. */
  states(id: string, job: ArrayJob, tasks: readonly number[]): Promise<ReadonlyMap<number, TaskState>>;
  /** The end of what a failed task has printed, or where to find it. */
  printed(id: string, job: ArrayJob, task: number): Promise<string>;
  /** Makes the cluster forget a submission of which all tasks are done. */
  forget(id: string): Promise<void>;
}

export type TaskState =
  | { readonly is: 'waiting' | 'running' | 'done' }
  /** `hopeless` where another try would end in the same way: the user has something to correct. */
  | { readonly is: 'failed'; readonly hopeless: boolean };

/** Exit code of Packmule for what the user has to correct. */
export const USER_ERROR = 2;

/** Output of a program of the cluster. @throws RunError where it is missing or fails, with what it said. */
export async function ask(program: string, args: readonly string[]): Promise<string> {
  try {
    return (await promisify(execFile)(program, args, { maxBuffer: 1 << 26 })).stdout;
  } catch (cause) {
    const { code, stderr, message } = cause as NodeJS.ErrnoException & { readonly stderr?: string };
    if (code === 'ENOENT') {
      throw new RunError(
        {
          seen: `There is no program ${program} on this machine`,
          need: 'A machine from which jobs are submitted to the cluster',
          fix: 'Log in to such a machine, or write the script with --out and submit it there',
        },
        { cause },
      );
    }
    throw new RunError(
      {
        seen: `${program} ${args[0]} failed: ${(stderr ?? '').trim() || message}`,
        need: 'A cluster that answers and takes the job',
        fix: 'Correct what it says, then start the same command again: what is done is kept',
      },
      { cause },
    );
  }
}
