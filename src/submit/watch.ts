/**
 * @file From a job to its end: submit it, look at its tasks now and then, submit again those that failed. What was
 * submitted is kept in a file, so that the same call watches it on after an interruption and submits nothing twice.
 */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { secondsSince } from '../base/clock.ts';
import { RunError } from '../base/errors.ts';
import { writeFileAtomic } from '../base/files.ts';
import { type RunObserver, silentObserver } from '../pipeline/observer.ts';
import type { ArrayJob } from './array-job.ts';
import type { Cluster, TaskState } from './cluster.ts';

/** Looks in a row that may fail: controllers are restarted now and then. */
const PATIENCE = 10;

/** Some tasks of a job, under the name that the cluster gave them. */
interface Submission {
  readonly id: string;
  readonly tasks: readonly number[];
}

export interface WatchOptions {
  /** Seconds between two looks. */
  readonly every?: number;
  readonly observer?: RunObserver;
  /** When aborted, the watching ends and the job goes on. */
  readonly signal?: AbortSignal;
}

/**
 * Ends when all tasks are done.
 * @throws RunError where the cluster takes no job or does not answer, and where tasks have failed too often.
 */
export async function runArray(cluster: Cluster, job: ArrayJob, options: WatchOptions = {}): Promise<void> {
  const { every = 10, observer = silentObserver, signal } = options;
  const path = join(job.folder, 'submitted.json');
  const start = performance.now();
  observer.stageStarted('tasks', `${job.tasks} tasks on ${cluster.name}`);
  let submissions = await readSubmissions(path);
  const submit = async (tasks: readonly number[]): Promise<void> => {
    const file = join(job.folder, cluster.file);
    await writeFileAtomic(file, cluster.render(job, tasks));
    const id = await cluster.submit(file);
    submissions = [...submissions, { id, tasks }];
    await writeFileAtomic(path, `${JSON.stringify(submissions)}\n`);
    observer.note(`Submitted as ${id}${submissions.length > 1 ? `: again tasks ${tasks.join(', ')}` : ''}.`);
  };
  if (submissions.length === 0) await submit(Array.from({ length: job.tasks }, (_, i) => i + 1));
  else observer.note(`Watching ${submissions.map(({ id }) => id).join(', ')}, submitted before.`);

  const tries = (task: number): number => submissions.filter(({ tasks }) => tasks.includes(task)).length;
  const mayTryAgain = ([task, state]: readonly [number, TaskState]): boolean =>
    state.is === 'failed' && !state.hopeless && !cluster.retries && tries(task) <= job.retries;

  for (let misses = 0; ; ) {
    const states = await currentStates(cluster, job, submissions).catch((error: unknown) => {
      if (!(error instanceof RunError) || ++misses > PATIENCE) throw error;
      observer.note(`${cluster.name} does not answer (${error.seen}); asking again.`);
    });
    if (states !== undefined) {
      misses = 0;
      const count = (state: TaskState['is']): number =>
        [...states.values()].filter(({ is }) => is === state).length;
      observer.progress(
        count('done') / job.tasks,
        `${count('done')} of ${job.tasks} done, ${count('running')} run, ${count('waiting')} wait`,
      );
      if (count('done') === job.tasks) break;
      const again = [...states].filter(mayTryAgain).map(([task]) => task);
      if (again.length > 0) await submit(again);
      else if (count('waiting') + count('running') === 0) {
        await rm(path, { force: true });
        throw await failure(cluster, job, submissions, failedTasks(states));
      }
    }
    await wait(every * 1000, undefined, signal && { signal }).catch((error: unknown) => {
      signal?.throwIfAborted();
      throw error;
    });
  }
  for (const { id } of submissions) await cluster.forget(id);
  await rm(job.folder, { recursive: true, force: true });
  observer.stageFinished('tasks', secondsSince(start));
}

/** None where the file is missing or damaged. */
async function readSubmissions(path: string): Promise<readonly Submission[]> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Submission[];
  } catch {
    return [];
  }
}

/** The state of each task, by its last submission. */
async function currentStates(
  cluster: Cluster,
  job: ArrayJob,
  submissions: readonly Submission[],
): Promise<ReadonlyMap<number, TaskState>> {
  const states = new Map<number, TaskState>();
  for (const { id, tasks } of submissions) {
    for (const [task, state] of await cluster.states(id, job, tasks)) states.set(task, state);
  }
  return states;
}

function failedTasks(states: ReadonlyMap<number, TaskState>): number[] {
  return [...states].flatMap(([task, { is }]) => (is === 'failed' ? [task] : []));
}

async function failure(
  cluster: Cluster,
  job: ArrayJob,
  submissions: readonly Submission[],
  failed: readonly number[],
): Promise<RunError> {
  const first = failed[0]!;
  const { id } = submissions.findLast(({ tasks }) => tasks.includes(first))!;
  const printed = await cluster.printed(id, job, first).catch((error: Error) => error.message);
  return new RunError({
    seen: `${failed.length} of ${job.tasks} tasks failed, and ${job.retries} more tries did not help: ${failed.join(', ')}. Of task ${first}: ${printed}`,
    need: 'Tasks that end well, each with its part',
    fix: 'Correct what it says, then start the same command again: what is done is kept',
  });
}
