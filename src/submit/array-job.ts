/** @file An array job: one command of Packmule, divided among tasks that a cluster runs side by side. */
import { hashJson } from '../base/hash.ts';
import { shellWord } from '../base/text.ts';

export interface ArrayJob {
  /** Lower-case letters, digits and hyphens, the same for the same command in the same folder. */
  readonly name: string;
  readonly tasks: number;
  /** The command that is divided, as one types it: `refine runs/teeth`. */
  readonly args: readonly string[];
  /** How Packmule is called where tasks run: a program and its first arguments. */
  readonly packmule: readonly string[];
  /** Where tasks run, and relative paths in `args` begin. */
  readonly workFolder: string;
  /** Receives the script, and what tasks print. */
  readonly folder: string;
  /** How often a task that failed is done again. */
  readonly retries: number;
  readonly needs: TaskNeeds;
}

/** What each task asks the cluster for; its own defaults where nothing is set. */
export interface TaskNeeds {
  readonly cpus?: number;
  /** As the cluster writes it: `4G` for Slurm, `4Gi` for Kubernetes. */
  readonly memory?: string;
  /** Tasks that run at the same time, at most. */
  readonly atOnce?: number;
}

export function jobName(args: readonly string[], tasks: number, workFolder: string): string {
  return `packmule-${args[0]}-${hashJson([args, tasks, workFolder]).slice(0, 8)}`;
}

/** The command of one task for a shell, in which `index` stands for its number, counted from 1. */
export function taskCommand({ packmule, args, tasks }: ArrayJob, index: string): string {
  return [...[...packmule, ...args].map(shellWord), '--shard', `"${index}/${tasks}"`].join(' ');
}
