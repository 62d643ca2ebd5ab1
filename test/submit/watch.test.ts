import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { RunError } from '../../src/base/errors.ts';
import { silentObserver } from '../../src/pipeline/observer.ts';
import { type ArrayJob, jobName, taskCommand } from '../../src/submit/array-job.ts';
import type { Cluster, TaskState } from '../../src/submit/cluster.ts';
import { slurm } from '../../src/submit/slurm.ts';
import { runArray } from '../../src/submit/watch.ts';
import { temporaryFolder } from '../temporary.ts';
import { arrayJob } from './jobs.ts';

let folder = '';
beforeEach(async () => {
  folder = join(await temporaryFolder(), 'job');
});
const job = (more: Partial<ArrayJob> = {}): ArrayJob => arrayJob({ folder, ...more });

const DONE: TaskState = { is: 'done' };
const KILLED: TaskState = { is: 'failed', hopeless: false };
const HOPELESS: TaskState = { is: 'failed', hopeless: true };

/** A cluster on which a task ends as `ends` says of its so many-th try, from 1 on. */
function clusterOf(ends: (task: number, tries: number) => TaskState) {
  const submitted: number[][] = [];
  const forgotten: string[] = [];
  const cluster: Cluster = {
    name: 'Fake',
    file: 'job.json',
    retries: false,
    render: (_, tasks) => JSON.stringify(tasks),
    submit: async (path) => {
      submitted.push(JSON.parse(await readFile(path, 'utf8')) as number[]);
      return String(submitted.length);
    },
    states: async (id, _, tasks) =>
      new Map(
        tasks.map((task) => {
          const tries = submitted.slice(0, Number(id)).filter((own) => own.includes(task)).length;
          return [task, ends(task, tries)];
        }),
      ),
    printed: async (id, _, task) => `printed by ${id}, task ${task}`,
    forget: async (id) => {
      forgotten.push(id);
    },
  };
  return { cluster, submitted, forgotten };
}

const every = 0.001;

describe('watching a job', () => {
  it('submits again what failed, and nothing else', async () => {
    const { cluster, submitted, forgotten } = clusterOf((task, tries) =>
      (task === 2 && tries === 1) || (task === 3 && tries < 3) ? KILLED : DONE,
    );
    await runArray(cluster, job(), { every });
    expect(submitted).toEqual([[1, 2, 3, 4], [2, 3], [3]]);
    expect(forgotten).toEqual(['1', '2', '3']);
    expect(existsSync(folder)).toBe(false);
  });

  it('gives up after so many tries, and begins anew the next time', async () => {
    const { cluster, submitted } = clusterOf((task) => (task === 4 ? KILLED : DONE));
    await expect(runArray(cluster, job({ retries: 1 }), { every })).rejects.toMatchObject({
      seen: '1 of 4 tasks failed, and 1 more tries did not help: 4. Of task 4: printed by 2, task 4',
    });
    expect(submitted).toEqual([[1, 2, 3, 4], [4]]);
    await expect(runArray(cluster, job({ retries: 0 }), { every })).rejects.toThrow(RunError);
    expect(submitted.at(-1)).toEqual([1, 2, 3, 4]);
  });

  it('does not try again what the user has to correct', async () => {
    const { cluster, submitted } = clusterOf((task) => (task === 1 ? HOPELESS : DONE));
    await expect(runArray(cluster, job(), { every })).rejects.toThrow(RunError);
    expect(submitted).toEqual([[1, 2, 3, 4]]);
  });

  it('goes on after an interruption, and submits nothing twice', async () => {
    const stop = new AbortController();
    const first = clusterOf(() => ({ is: 'running' }));
    const observer = { ...silentObserver, progress: () => stop.abort(new Error('stopped')) };
    const watching = runArray(first.cluster, job(), { every, observer, signal: stop.signal });
    await expect(watching).rejects.toThrow('stopped');
    const second = clusterOf(() => DONE);
    await runArray(second.cluster, job(), { every });
    expect(second.submitted).toEqual([]);
    expect(second.forgotten).toEqual(['1']);
  });

  it('asks again where the cluster does not answer for a while', async () => {
    const { cluster } = clusterOf(() => DONE);
    let misses = 0;
    const states: Cluster['states'] = async (...args) => {
      if (misses++ < 5) throw new RunError({ seen: 'no answer', need: '', fix: '' });
      return cluster.states(...args);
    };
    await runArray({ ...cluster, states }, job(), { every });
    const deaf = async () => Promise.reject(new RunError({ seen: 'no answer', need: '', fix: '' }));
    await expect(runArray({ ...cluster, states: deaf }, job(), { every })).rejects.toThrow('no answer');
  });
});

describe('the script for Slurm', () => {
  const options = ['--partition=long'];

  it('asks for what tasks need', () => {
    const needs = { cpus: 4, memory: '4G', atOnce: 2 };
    const script = slurm(options).render(job({ needs }), [1, 3]);
    for (const line of [
      '--array=1,3%2',
      '--cpus-per-task=4',
      '--mem=4G',
      '--partition=long',
      '--chdir="/lab"',
    ]) {
      expect(script.split('\n')).toContain(`#SBATCH ${line}`);
    }
  });

  it.each([0, 2, 137])('notes that a task ended with exit code %i', async (code) => {
    await mkdir(folder, { recursive: true });
    const program = join(folder, 'a program');
    await writeFile(program, `#!/bin/bash\necho "$@"\nexit ${code}\n`, { mode: 0o755 });
    const args = ['refine', "it's a $run"];
    const script = slurm([]).render(job({ packmule: [program], args }), [3]);
    const variables = { SLURM_ARRAY_JOB_ID: '7', SLURM_ARRAY_TASK_ID: '3' };
    const { status, stdout } = spawnSync('bash', ['-c', script], {
      env: { ...process.env, ...variables },
      encoding: 'utf8',
    });
    expect(status).toBe(code);
    expect(stdout).toBe("refine it's a $run --shard 3/4\n");
    expect(await readFile(join(folder, '7_3.exit'), 'utf8')).toBe(`${code}\n`);
  });
});

describe('a job', () => {
  it('has a name that clusters take, of its own for another command or folder', () => {
    const names = [
      jobName(['refine', 'a'], 4, '/lab'),
      jobName(['refine', 'b'], 4, '/lab'),
      jobName(['refine', 'a'], 5, '/lab'),
      jobName(['refine', 'a'], 4, '/other'),
    ];
    expect(new Set(names).size).toBe(4);
    for (const name of names) expect(name).toMatch(/^[a-z]([-a-z0-9]{0,61}[a-z0-9])$/);
  });

  it('gives a shell the words that the user has typed', () => {
    const args = ['predict', 'a b', "it's", '$(exit 3)', '--set', 'training.inputSize=[96, 160]'];
    const command = taskCommand(job({ packmule: ['printf', '%s\\n'], args }), '$N');
    const printed = execFileSync('bash', ['-c', command], {
      env: { ...process.env, N: '2' },
      encoding: 'utf8',
    });
    expect(printed).toBe(`${[...args, '--shard', '2/4'].join('\n')}\n`);
  });
});
