/** The check of a run's images when it is interrupted: what was found sound stays known. */
import { readFile } from 'node:fs/promises';
import { expect, it, vi } from 'vitest';
import { openDataset } from '../../src/dataset/dataset.ts';
import { checkImages } from '../../src/pipeline/check-images.ts';
import { silentObserver } from '../../src/pipeline/observer.ts';
import { runDirectory } from '../../src/pipeline/run-directory.ts';
import { useFolder } from './folder.ts';
import { writeTinyData } from './tiny.ts';

const inFolder = useFolder();

it('is kept now and then, and ends as a check that nobody interrupted', async () => {
  await writeTinyData(inFolder('data'));
  const dataset = await openDataset({ root: inFolder('data') });
  const stopping = new AbortController();
  const check = async (run: string, signal?: AbortSignal): Promise<string[]> => {
    const observer = {
      ...silentObserver,
      progress: (fraction: number) => fraction > 0.5 && stopping.abort(),
    };
    const context = { run: runDirectory(inFolder(run)), observer, signal, saveSeconds: 0 };
    await checkImages(context, dataset, false).catch((error: unknown) => {
      if (!signal?.aborted) throw error;
    });
    // A check that is stopped does not wait for what is being written.
    const text = await vi.waitFor(() => readFile(inFolder(run, 'checked.json'), 'utf8'), 10_000);
    return JSON.parse(text) as string[];
  };
  const interrupted = await check('killed', stopping.signal);
  const whole = await check('whole');
  expect(whole).toHaveLength(12);
  expect(interrupted.length).toBeGreaterThan(0);
  expect(interrupted.length).toBeLessThan(12);
  expect(whole).toEqual(expect.arrayContaining(interrupted));
  expect(await check('killed')).toEqual(whole);
});
