/** How far a run is, written while it works and taken away when it ends. */
import { existsSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { silentObserver } from '../../src/pipeline/observer.ts';
import { readProgress, recordProgress } from '../../src/pipeline/progress-file.ts';
import { runDirectory } from '../../src/pipeline/run-directory.ts';
import { temporaryFolder } from '../temporary.ts';

it('tells the stage that begins, passes on all it is told, and leaves nothing', async () => {
  const run = runDirectory(await temporaryFolder());
  const told: unknown[] = [];
  const recorder = recordProgress(run, {
    ...silentObserver,
    stageStarted: (...about) => told.push(about),
    progress: (...about) => told.push(about),
  });
  recorder.stageStarted('initial', 'Training the initial network');
  recorder.progress(0.25, 'epoch 3 of 12', 9);
  await expect
    .poll(() => readProgress(run), { timeout: 50_000 })
    .toMatchObject({ stage: 'initial', fraction: 0 });
  expect(told).toEqual([
    ['initial', 'Training the initial network'],
    [0.25, 'epoch 3 of 12', 9],
  ]);
  await recorder.end();
  expect(existsSync(run.progress)).toBe(false);
  expect(await readProgress(run)).toBeUndefined();
});

it('lets a run go on where it cannot be written, and takes no damaged file for progress', async () => {
  const run = runDirectory(await temporaryFolder());
  await mkdir(run.progress);
  await chmod(run.root, 0o500);
  const recorder = recordProgress(run, silentObserver);
  recorder.stageStarted('initial', 'Training');
  await recorder.end();
  await chmod(run.root, 0o700);
  const other = runDirectory(await temporaryFolder());
  await writeFile(other.progress, '{"stage":"initial"}');
  expect(await readProgress(other)).toBeUndefined();
});
