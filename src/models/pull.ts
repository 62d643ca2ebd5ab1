/** @file Gets a model of the registry onto this machine, from the first of its sources that gives it. */
import { formatBytes } from '../base/bytes.ts';
import { CheckpointError } from '../base/errors.ts';
import { requireFreeSpace } from '../base/files.ts';
import { describeOwner, lockRemedy, tryLock } from '../base/lock.ts';
import { DEFAULT_PATIENCE, downloadFile, lockPath, type Patience, partialPath } from './download.ts';
import { hubAddress, type ModelEnvironment } from './environment.ts';
import { fileSize, locateModel, ownPath } from './locate.ts';
import { createRate } from './rate.ts';
import type { ModelEntry } from './registry.ts';
import { pause, SourceFailure } from './request.ts';

/** What a download tells; an observer of a run is one. */
export interface PullObserver {
  stageStarted(stage: 'download', title: string): void;
  progress(fraction: number, detail?: string, secondsLeft?: number): void;
  stageFinished(stage: 'download', seconds: number): void;
  note(text: string): void;
}

export interface PullOptions {
  readonly environment: ModelEnvironment;
  readonly observer: PullObserver;
  readonly signal?: AbortSignal;
  readonly patience?: Patience;
}

/** How often a lock is looked at that another process holds, ms. */
const LOCK_LOOK_MS = 300;

/**
 * The path of the model's file, which is downloaded unless it is here. A second process that wants it waits.
 * @throws CheckpointError where no source gives it, which says what to put where; RunError for a full disk; the
 * signal's reason when aborted: what is here so far is kept, and the next call goes on from there.
 */
export async function pullModel(entry: ModelEntry, options: PullOptions): Promise<string> {
  const { environment, signal = new AbortController().signal } = options;
  const here = await locateModel(entry, environment);
  if (here !== undefined) return here;
  if (entry.isShipped) throw notShipped(entry, environment);
  const path = ownPath(entry, environment);
  const odd = await fileSize(path);
  if (odd !== undefined) {
    options.observer.note(`${path} is not whole: it has ${odd} bytes instead of ${entry.bytes}.`);
  }
  if (environment.offline) throw unavailable(entry, environment, ['HF_HUB_OFFLINE is set']);
  const release = await lockDownload(path, options.observer, signal);
  try {
    return (await locateModel(entry, environment)) ?? (await downloadModel(entry, path, options, signal));
  } finally {
    await release();
  }
}

async function downloadModel(
  entry: ModelEntry,
  path: string,
  { environment, observer, patience = DEFAULT_PATIENCE }: PullOptions,
  signal: AbortSignal,
): Promise<string> {
  const begun = (await fileSize(partialPath(path))) ?? 0;
  await requireFreeSpace(
    environment.folder,
    Math.max(0, entry.bytes - begun),
    `Downloading ${entry.name}`,
    'Free some space, or name a folder on another disk with PACKMULE_HOME',
  );
  const start = performance.now();
  observer.note(`${entry.name} is not here yet: downloading ${formatBytes(entry.bytes)} to ${path}.`);
  observer.stageStarted('download', `Downloading ${entry.name}`);
  const rate = createRate(() => performance.now());
  const onProgress = (bytes: number): void => {
    const perSecond = rate(bytes);
    const left = perSecond === undefined ? undefined : (entry.bytes - bytes) / perSecond;
    const speed = perSecond === undefined ? '' : `, ${formatBytes(perSecond)}/s`;
    const detail = `${formatBytes(bytes)} of ${formatBytes(entry.bytes)}${speed}`;
    observer.progress(bytes / entry.bytes, detail, left);
  };
  const context = { environment, patience, signal, onProgress, onNote: observer.note };
  const failures: string[] = [];
  for (const address of addresses(entry, environment)) {
    try {
      await downloadFile(address, path, entry, context);
      observer.stageFinished('download', (performance.now() - start) / 1000);
      return path;
    } catch (error) {
      if (!(error instanceof SourceFailure)) throw error;
      const isHub = address.startsWith(`${environment.endpoint}/`);
      failures.push(`${new URL(address).host} ${error.message}${tokenHint(error, isHub, environment)}`);
    }
  }
  throw unavailable(entry, environment, failures);
}

function tokenHint({ status }: SourceFailure, isHub: boolean, { token }: ModelEnvironment): string {
  if (!isHub || (status !== 401 && status !== 403)) return '';
  return token === undefined
    ? ' (set HF_TOKEN to an access token of the hub)'
    : ' (HF_TOKEN gives no access to this file)';
}

/** Where the file is to be had, in the order in which it is asked for. */
export function addresses({ sources }: ModelEntry, { endpoint, hubFirst }: ModelEnvironment): string[] {
  const rank = (source: (typeof sources)[number]): number => (hubFirst && typeof source !== 'string' ? 0 : 1);
  return [...sources]
    .sort((a, b) => rank(a) - rank(b))
    .map((source) => (typeof source === 'string' ? source : hubAddress(source, endpoint)));
}

function notShipped(entry: ModelEntry, environment: ModelEnvironment): CheckpointError {
  return new CheckpointError({
    seen: `${ownPath(entry, environment)} is missing or not whole`,
    need: `The model ${entry.name}, which comes with Packmule`,
    fix: 'Install Packmule again',
  });
}

function unavailable(
  entry: ModelEntry,
  environment: ModelEnvironment,
  reasons: readonly string[],
): CheckpointError {
  const path = ownPath(entry, environment);
  return new CheckpointError({
    seen: `${entry.name} is not on this machine and could not be downloaded: ${reasons.join('; ')}`,
    need: `The file ${entry.file} of ${entry.bytes} bytes, from ${addresses(entry, environment).join(' or ')}`,
    fix: `Try again when the connection works (what is here so far is kept), or fetch it by other means and put it at ${path}`,
  });
}

/** Waits while another process downloads the same file. */
async function lockDownload(
  path: string,
  observer: PullObserver,
  signal: AbortSignal,
): Promise<() => Promise<void>> {
  const lock = lockPath(path);
  for (let isFirst = true; ; isFirst = false) {
    const attempt = await tryLock(lock);
    if ('release' in attempt) return attempt.release;
    const { owner } = attempt;
    if (isFirst) {
      observer.note(
        `${describeOwner(owner)} has been downloading it since ${owner.started}; waiting. ${lockRemedy(lock, owner)}.`,
      );
    }
    await pause(LOCK_LOOK_MS, signal);
  }
}
