/**
 * @file The check of a run's images. What was sound stays known in the run directory, by hash: later commands and shards,
 * and a check that was interrupted, read every file again and decode none that is the same.
 */
import { readFile } from 'node:fs/promises';
import { secondsSince } from '../base/clock.ts';
import { writeFileAtomic } from '../base/files.ts';
import { type CheckedDataset, checkDataset } from '../dataset/check.ts';
import { noPictures } from '../dataset/misfits.ts';
import type { Dataset } from '../dataset/types.ts';
import { pacedSaver } from '../training/pace.ts';
import type { RunDirectory } from './run-directory.ts';
import type { RunContext } from './stage.ts';

const pathOf = (run: RunDirectory): string => run.path('checked.json');

/** @throws DatasetError as checkDataset. */
export async function checkImages(
  { run, observer, signal, shard, saveSeconds }: RunContext,
  dataset: Dataset,
  skipBad: boolean,
): Promise<CheckedDataset> {
  const start = performance.now();
  observer.stageStarted('check', 'Checking the data');
  const before = await readTokens(run);
  const tokens = new Set<string>();
  const write = (all: Iterable<string>): Promise<void> =>
    writeFileAtomic(pathOf(run), `${JSON.stringify([...all].sort())}\n`);
  const saver = pacedSaver(() => write(new Set([...before, ...tokens])), saveSeconds);
  const checked = await checkDataset(dataset, {
    skipBad,
    sound: before,
    onSound: async (token) => {
      tokens.add(token);
      // A shard writes nothing that another process writes.
      if (shard === undefined && !before.has(token)) await saver.saveWhenDue();
    },
    onProgress: (done, total) => observer.progress(done / total, `${done} of ${total} images`),
    ...(signal && { signal }),
  });
  if (shard === undefined && [...tokens].some((token) => !before.has(token))) await write(tokens);
  observer.stageFinished('check', secondsSince(start));
  if (dataset.withoutPicture !== undefined) observer.note(noPictures(dataset.withoutPicture));
  for (const { message } of checked.problems) observer.note(`Left out: ${message}.`);
  for (const { message } of checked.doubts) observer.note(`${message}.`);
  return checked;
}

/** None where the file is missing or damaged. */
async function readTokens(run: RunDirectory): Promise<ReadonlySet<string>> {
  try {
    return new Set(JSON.parse(await readFile(pathOf(run), 'utf8')) as string[]);
  } catch {
    return new Set();
  }
}
