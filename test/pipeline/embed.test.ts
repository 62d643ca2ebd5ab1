/** Embeddings that are stored before a run refines its masks with them. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { embedImages } from '../../src/pipeline/embed-images.ts';
import { type RunObserver, silentObserver } from '../../src/pipeline/observer.ts';
import { runPipeline } from '../../src/pipeline/run.ts';
import { fixturePath } from '../sam/fixtures.ts';
import { temporaryFolder } from '../temporary.ts';
import { tinyConfig, writeTinyData } from './tiny.ts';

let folder = '';
const at = (...parts: string[]): string => join(folder, ...parts);
/** All images: trust is calibrated on the labelled ones. */
const REFINED = 12;

beforeAll(async () => {
  folder = await temporaryFolder();
  await writeTinyData(at('data'));
});

const config = (...set: string[]) =>
  tinyConfig(at('data'), [
    'refine.refiner=sam',
    `sam.model=${fixturePath('mobile-sam', 'model.pth')}`,
    ...set,
  ]);

/** Names of the stored embeddings, and when each was written. */
async function stored(): Promise<Map<string, number>> {
  const files = (await readdir(at('.embeddings'), { recursive: true })).filter((name) =>
    name.endsWith('.safetensors'),
  );
  const times = await Promise.all(files.map(async (file) => (await stat(at('.embeddings', file))).mtimeMs));
  return new Map(files.map((file, i) => [file, times[i]!]));
}

describe('embeddings of a run', { timeout: 300_000 }, () => {
  it('are stored in parts, before anything else is done; what is there is kept, and refinement takes it', async () => {
    const run = { folder: at('run') };
    const first = await embedImages(config(), { ...run, shard: { index: 1, count: 2 } });
    expect(first).toEqual({ images: REFINED / 2, before: 0, folder: at('.embeddings') });
    const half = await stored();
    expect(half.size).toBe(REFINED / 2);
    expect(await embedImages(config(), run)).toMatchObject({ images: REFINED, before: REFINED / 2 });
    const all = await stored();
    expect(all.size).toBe(REFINED);
    expect([...all]).toEqual(expect.arrayContaining([...half]));
    expect(await embedImages(config(), run)).toMatchObject({ before: REFINED });
    expect(await readdir(at('run'))).toEqual([]);
    await runPipeline(config(), { ...run, until: 'trust' });
    expect(await stored()).toEqual(all);
  });

  it('go on after an interruption', async () => {
    const stop = new AbortController();
    const run = { folder: at('other', 'run') };
    let stage = '';
    const observer: RunObserver = {
      ...silentObserver,
      stageStarted: (name) => {
        stage = name;
      },
      progress: (_, detail) => {
        if (stage === 'embed' && detail?.startsWith('3 of')) stop.abort();
      },
    };
    const options = { ...run, observer, signal: stop.signal };
    await expect(embedImages(config('sam.precision=float32'), options)).rejects.toThrow(/abort/i);
    const rest = await embedImages(config('sam.precision=float32'), run);
    expect(rest).toMatchObject({ images: REFINED, before: 3 });
  });

  it.each(['close-up', 'random-walker', 'none'])(
    'are none of the refiner %s, which is said',
    async (refiner) => {
      const other = tinyConfig(at('data'), [`refine.refiner=${refiner}`]);
      await expect(embedImages(other, { folder: at('none') })).rejects.toThrow(/encodes no images/);
    },
  );

  it('are none of Foal, which is quicker than the disk', async () => {
    const foal = tinyConfig(at('data'), ['refine.refiner=foal']);
    await expect(embedImages(foal, { folder: at('foal') })).rejects.toThrow(/none are stored/);
  });
});
