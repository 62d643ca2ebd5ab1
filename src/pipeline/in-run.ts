/** @file What all work in a run directory begins and ends with: its lock, its progress, its data checked. */
import { removeTemporaryFiles } from '../base/files.ts';
import type { Machine } from '../machine/devices.ts';
import type { RunConfig } from './config.ts';
import { acquireLock } from './lock.ts';
import { type RunObserver, silentObserver } from './observer.ts';
import { type PreparedRun, prepareRun, type Truth } from './prepare.ts';
import { recordProgress } from './progress-file.ts';
import { requireRunOrNothing, runDirectory } from './run-directory.ts';
import { chooseSam } from './sam-model.ts';
import type { Shard } from './shard.ts';
import type { RunContext } from './stage.ts';

export interface InRunOptions {
  /** The run directory. */
  readonly folder: string;
  /** Leave out images with problems instead of stopping. */
  readonly skipBad?: boolean;
  /** Whose devices are looked at; this machine by default. */
  readonly machine?: Machine;
  /**
   * Of the first stage that is not done, the part that this process is to do. Any number of processes can do parts of
   * one run at the same time; a call without a shard puts them together.
   */
  readonly shard?: Shard;
  readonly observer?: RunObserver;
  /** When aborted, the current step is finished and saved, and the signal's reason thrown. */
  readonly signal?: AbortSignal;
}

/** @throws PackmuleError for bad data, settings, checkpoints, a run directory in use, a full disk. */
export async function inRun<T>(
  config: RunConfig,
  { folder, skipBad = false, observer = silentObserver, machine, shard, signal }: InRunOptions,
  work: (context: RunContext, prepared: PreparedRun, truth: Truth) => Promise<T>,
): Promise<T> {
  const run = runDirectory(folder);
  const { checkpointSeconds: saveSeconds } = config;
  await requireRunOrNothing(run);
  const model = await chooseSam(config);
  // A shard writes nothing that another process writes, so that it needs no lock.
  const release = shard === undefined ? await acquireLock(run.lock) : async () => undefined;
  const recorder = shard === undefined ? recordProgress(run, observer) : undefined;
  const context: RunContext = {
    run,
    observer: recorder ?? observer,
    signal,
    saveSeconds,
    ...(shard && { shard }),
  };
  try {
    if (shard === undefined) await removeTemporaryFiles(run.root);
    const { prepared, truth } = await prepareRun(context, config, { model, skipBad, machine });
    return await work(context, prepared, truth);
  } finally {
    await recorder?.end();
    await release();
  }
}
