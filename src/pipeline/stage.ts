/**
 * @file Stages: work that is done once for the same inputs, settings and code.
 *
 * Each stage has a key, the hash of everything its result depends on; the key of an earlier stage stands for that
 * stage's results. A finished stage of the same key is skipped, an unfinished one goes on from what it left, and
 * one of another key is cleared away first. Once a stage is done anew, what later ones made is outdated, until these are
 * done too or found to have the same key. What later stages stand on is sealed: its hash is kept, so that a file that
 * somebody changed or exchanged since is noticed.
 */
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { relative } from 'node:path';
import { secondsSince } from '../base/clock.ts';
import { RunError } from '../base/errors.ts';
import { writeFileAtomic } from '../base/files.ts';
import { hashFile, hashJson } from '../base/hash.ts';
import { PACKMULE_VERSION } from '../base/version.ts';
import type { Tracker } from '../track/tracker.ts';
import type { RunObserver, StageName } from './observer.ts';
import { logEvent, type RunDirectory } from './run-directory.ts';
import { notDone, type Part, type Shard } from './shard.ts';

/** To be raised when a stage gives other results than before from the same inputs, between two versions. */
const CODE_REVISION = 4;

export interface RunContext {
  readonly run: RunDirectory;
  readonly observer: RunObserver;
  readonly signal: AbortSignal | undefined;
  /** Seconds of training that a kill may cost; as the training has it unless set. */
  readonly saveSeconds?: number;
  /** Stages that come after the one that is being done. */
  readonly later?: readonly StageName[];
  /** The part of the images that this process is to do; absent where it is to do everything. */
  readonly shard?: Shard;
  /** Told how trainings go; absent where nobody is. */
  readonly tracker?: Tracker;
}

export interface StageOptions {
  readonly name: StageName;
  /** For people: `Refining masks`. */
  readonly title: string;
  /** Everything the result depends on besides the code, as plain JSON. */
  readonly inputs: unknown;
  /** Folders and files of this stage alone, relative to the run directory. */
  readonly owns: readonly string[];
  /** Files that are there when the stage is finished, absolute. */
  readonly outputs: readonly string[];
  /** Files that nothing changes once the stage is finished, absolute. */
  readonly seals?: readonly string[];
  readonly work: () => Promise<void>;
}

/** Outdated: finished before an earlier stage was begun anew. */
type StageState = 'started' | 'finished' | 'outdated';

interface StageRecord {
  readonly key: string;
  readonly state: StageState;
  readonly seconds?: number;
  /** SHA-256 of the sealed files, by their paths in the run directory. */
  readonly sealed?: Readonly<Record<string, string>>;
}

export interface StageOutcome {
  readonly name: StageName;
  readonly key: string;
  readonly skipped: boolean;
  /** Of the work, s; of this process alone where an earlier one was interrupted. */
  readonly seconds: number;
  /** Where only a part of the stage was done, by a shard. */
  readonly part?: Part;
}

const recordOf = (run: RunDirectory, name: StageName): string => run.path('stages', `${name}.json`);

/** Key of a stage. */
export function stageKey(name: StageName, inputs: unknown): string {
  return hashJson({ stage: name, version: PACKMULE_VERSION, revision: CODE_REVISION, inputs });
}

/**
 * The outcome of a stage that is done; undefined where it is not, or with other inputs.
 * @throws RunError where somebody changed what it had made.
 */
export async function finishedStage(
  { run, observer }: RunContext,
  { name, title, inputs, outputs }: Pick<StageOptions, 'name' | 'title' | 'inputs' | 'outputs'>,
): Promise<StageOutcome | undefined> {
  const key = stageKey(name, inputs);
  const record = await readRecord(run, name);
  if (record?.key !== key || record.state === 'started' || !outputs.every(existsSync)) return undefined;
  await requireSealed(run, record);
  if (record.state === 'outdated') await writeRecord(run, name, { ...record, state: 'finished' });
  observer.stageSkipped(name, title);
  return { name, key, skipped: true, seconds: record.seconds ?? 0 };
}

/** Does a stage unless it is done. @throws RunError as finishedStage, and where that is not for a shard to do. */
export async function runStage(context: RunContext, options: StageOptions): Promise<StageOutcome> {
  const { run, observer, signal, shard, later = [] } = context;
  const { name, title, seals = [] } = options;
  const finished = await finishedStage(context, options);
  if (finished !== undefined) return finished;
  if (shard !== undefined) throw notDone(run, name);
  signal?.throwIfAborted();
  const key = stageKey(name, options.inputs);
  for (const one of later) await outdate(run, one);
  if ((await readRecord(run, name))?.key !== key) {
    for (const part of options.owns) await rm(run.path(part), { recursive: true, force: true });
  }
  await writeRecord(run, name, { key, state: 'started' });
  await logEvent(run, { event: 'stage started', stage: name, key });
  observer.stageStarted(name, title);
  const start = performance.now();
  await options.work();
  const seconds = secondsSince(start);
  await writeRecord(run, name, { key, state: 'finished', seconds, sealed: await sealFiles(run, seals) });
  await logEvent(run, { event: 'stage finished', stage: name, key, seconds });
  observer.stageFinished(name, seconds);
  return { name, key, skipped: false, seconds };
}

async function sealFiles(run: RunDirectory, files: readonly string[]): Promise<Record<string, string>> {
  const hashes = await Promise.all(
    files.map(async (path) => [relative(run.root, path), await hashFile(path)]),
  );
  return Object.fromEntries(hashes);
}

async function requireSealed(run: RunDirectory, { sealed = {} }: StageRecord): Promise<void> {
  for (const [file, hash] of Object.entries(sealed)) {
    // One that is gone is for the stage that makes it.
    if (!existsSync(run.path(file)) || (await hashFile(run.path(file))) === hash) continue;
    throw new RunError({
      seen: `${run.path(file)} is not the file that the run made: it was changed or exchanged since`,
      need: 'What a finished stage made stays as it is, because later stages stand on it',
      fix: 'Put it back, or delete it to have it made again; corrections of masks are made with `packmule review`',
    });
  }
}

async function outdate(run: RunDirectory, name: StageName): Promise<void> {
  const record = await readRecord(run, name);
  if (record?.state === 'finished') await writeRecord(run, name, { ...record, state: 'outdated' });
}

/** Undefined where there is none, or what there is cannot be read: the stage is then done anew. */
export async function readRecord(run: RunDirectory, name: StageName): Promise<StageRecord | undefined> {
  try {
    return JSON.parse(await readFile(recordOf(run, name), 'utf8')) as StageRecord;
  } catch {
    return undefined;
  }
}

async function writeRecord(run: RunDirectory, name: StageName, record: StageRecord): Promise<void> {
  await writeFileAtomic(recordOf(run, name), `${JSON.stringify(record)}\n`);
}
