/** @file Where a run keeps what: the one place that knows the names of its files. */
import { readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { RunError } from '../base/errors.ts';
import { appendLine } from '../base/files.ts';
import type { SplitName } from '../dataset/types.ts';

/** Holds embeddings of images; beside the runs, which share it. */
export const EMBEDDINGS_FOLDER = '.embeddings';

/** Folders that hold masks, in the order in which they are made. */
export type MaskFolder =
  | 'predicted'
  | 'selected'
  | 'settled'
  | 'refined'
  | 'folds'
  | 'final'
  | 'final-selected'
  | 'final-settled'
  | 'final-refined';

export interface RunDirectory {
  readonly root: string;
  /** Resolved settings, versions and data fingerprint. */
  readonly config: string;
  /** What happened when, one line of JSON each. */
  readonly log: string;
  readonly lock: string;
  /** How far the stage is that is being done; there while a run works. */
  readonly progress: string;
  readonly evaluation: string;
  /** How trust is made from evidence, and how far it can be believed. */
  readonly trust: string;
  readonly report: string;
  /** What people decided about the refined masks. */
  readonly decisions: string;
  /** Path of a file or folder inside the run directory. */
  path(...parts: string[]): string;
  /** Annotations of one split: annotations.json for the unlabelled pool, which is what a run is for. */
  masks(folder: MaskFolder, split: SplitName): string;
}

export function runDirectory(folder: string): RunDirectory {
  const root = resolve(folder);
  const path = (...parts: string[]): string => join(root, ...parts);
  return {
    root,
    config: path('config.json'),
    log: path('log.jsonl'),
    lock: path('lock.json'),
    progress: path('progress.json'),
    evaluation: path('evaluation.json'),
    trust: path('trust', 'model.json'),
    report: path('report.html'),
    decisions: path('review', 'decisions.jsonl'),
    path,
    masks: (maskFolder, split) =>
      path(maskFolder, split === 'unlabelled' ? 'annotations.json' : `${split}.json`),
  };
}

/**
 * A stage clears away folders such as final/ and results/ before it begins, so that they must be those of a run.
 * @throws RunError when the folder holds files but no run.
 */
export async function requireRunOrNothing(run: RunDirectory): Promise<void> {
  const names = await readdir(run.root).catch(() => []);
  const found = names.filter((name) => !name.startsWith('.'));
  const ours = [run.config, run.log, run.lock, run.path('stages')].map((path) => basename(path));
  if (found.length === 0 || found.some((name) => ours.includes(name))) return;
  throw new RunError({
    seen: `${run.root} holds files that are no run of Packmule, such as ${found[0]}`,
    need: 'A folder of its own for a run: parts of it are deleted when settings change',
    fix: 'Choose another --name or another folder with --runs',
  });
}

/** Adds a line to the log of the run. */
export async function logEvent(run: RunDirectory, event: Readonly<Record<string, unknown>>): Promise<void> {
  await appendLine(run.log, JSON.stringify({ time: new Date().toISOString(), ...event }));
}
