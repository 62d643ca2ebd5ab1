/**
 * @file Slurm: an array job by sbatch. Whether a task is still there, squeue tells; how it ended, a file that its script
 * writes last. Accounting, which many clusters lack, is not needed, and a task that was killed has written none.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RunError } from '../base/errors.ts';
import { shellWord } from '../base/text.ts';
import { type ArrayJob, taskCommand } from './array-job.ts';
import { ask, type Cluster, type TaskState, USER_ERROR } from './cluster.ts';

/** Last lines of a log that are shown. */
const LINES = 12;

/** @param options for sbatch, such as `--partition=long` */
export function slurm(options: readonly string[]): Cluster {
  return {
    name: 'Slurm',
    file: 'job.sh',
    retries: false,
    render: (job, tasks) => script(job, tasks, options),
    submit: async (path) => (await ask('sbatch', ['--parsable', path])).trim().split(';')[0]!,
    states,
    printed: async (id, { folder }, task) => {
      const path = join(folder, `${id}_${task}.log`);
      const log = await readFile(path, 'utf8').catch(() => '');
      const end = log.trimEnd().split('\n').slice(-LINES).join('\n');
      return end === '' ? `Nothing was printed into ${path}` : `${path} ends with:\n${end}\n`;
    },
    forget: async () => undefined,
  };
}

function script(job: ArrayJob, tasks: readonly number[], options: readonly string[]): string {
  const { cpus, memory, atOnce } = job.needs;
  const directives = [
    `--job-name=${job.name}`,
    `--array=${tasks.join(',')}${atOnce === undefined ? '' : `%${atOnce}`}`,
    `--chdir="${job.workFolder}"`,
    `--output="${join(job.folder, '%A_%a.log')}"`,
    ...(cpus === undefined ? [] : [`--cpus-per-task=${cpus}`]),
    ...(memory === undefined ? [] : [`--mem=${memory}`]),
    ...options,
  ];
  return [
    '#!/bin/bash',
    ...directives.map((directive) => `#SBATCH ${directive}`),
    `# Each task does its part; the command without --shard puts them together.`,
    'code=0',
    `${taskCommand(job, '$SLURM_ARRAY_TASK_ID')} || code=$?`,
    `echo "$code" > ${shellWord(job.folder)}/"\${SLURM_ARRAY_JOB_ID}_\${SLURM_ARRAY_TASK_ID}.exit"`,
    'exit "$code"',
    '',
  ].join('\n');
}

async function states(
  id: string,
  { folder }: ArrayJob,
  tasks: readonly number[],
): Promise<ReadonlyMap<number, TaskState>> {
  const queued = await queue(id);
  const entries = tasks.map(async (task): Promise<[number, TaskState]> => {
    const state = queued.get(task);
    if (state !== undefined) return [task, { is: state }];
    const code = await readFile(join(folder, `${id}_${task}.exit`), 'utf8').then(Number, () => undefined);
    return [task, code === 0 ? { is: 'done' } : { is: 'failed', hopeless: code === USER_ERROR }];
  });
  return new Map(await Promise.all(entries));
}

/** The tasks of an array that have not ended. */
async function queue(id: string): Promise<ReadonlyMap<number, 'waiting' | 'running'>> {
  const text = await ask('squeue', ['--noheader', '--array', `--jobs=${id}`, '--format=%i %t']).catch(
    (error: unknown) => {
      // A job that ended some minutes ago is no longer known.
      if (error instanceof RunError && /invalid job id/i.test(error.seen)) return '';
      throw error;
    },
  );
  return new Map(
    [...text.matchAll(/^\d+_(\d+) (\w+)/gm)].map(([, task, state]) => [
      Number(task),
      state === 'PD' ? 'waiting' : 'running',
    ]),
  );
}
