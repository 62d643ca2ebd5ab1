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
import { fillTemplate, type Template } from './template.ts';

/** Last lines of a log that are shown. */
const LINES = 12;

/** @param options for sbatch, such as `--partition=long` */
export function slurm(options: readonly string[], template = SLURM_TEMPLATE): Cluster {
  return {
    name: 'Slurm',
    file: 'job.sh',
    retries: false,
    render: (job, tasks) => script(job, tasks, options, template),
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

/** The script of an array, unless the user has another one. */
export const SLURM_TEMPLATE: Template = {
  name: 'The template',
  text: `#!/bin/bash
#SBATCH --job-name={{name}}
#SBATCH --array={{array}}
#SBATCH --chdir="{{workFolder}}"
#SBATCH --output="{{log}}"
#SBATCH --cpus-per-task={{cpus}}
#SBATCH --mem={{memory}}
#SBATCH {{option}}
# Each task does its part; the command without --shard puts them together.
code=0
{{command}} || code=$?
echo "$code" > {{exitFile}}
exit "$code"
`,
};

function script(
  job: ArrayJob,
  tasks: readonly number[],
  options: readonly string[],
  template: Template,
): string {
  const { cpus, memory, atOnce } = job.needs;
  return fillTemplate(template, {
    name: { value: job.name, needed: false },
    array: { value: `${tasks.join(',')}${atOnce === undefined ? '' : `%${atOnce}`}`, needed: true },
    workFolder: { value: job.workFolder, needed: true },
    log: { value: join(job.folder, '%A_%a.log'), needed: false },
    cpus: { value: cpus, needed: true },
    memory: { value: memory, needed: true },
    option: { value: options, needed: true },
    command: { value: taskCommand(job, '$SLURM_ARRAY_TASK_ID'), needed: true },
    exitFile: {
      value: `${shellWord(job.folder)}/"\${SLURM_ARRAY_JOB_ID}_\${SLURM_ARRAY_TASK_ID}.exit"`,
      needed: true,
    },
  });
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
