/** A tiny run whose masks an atlas settles. */
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { coco } from '../../src/annotations/coco.ts';
import { silentObserver } from '../../src/pipeline/observer.ts';
import { predictImages } from '../../src/pipeline/predict-images.ts';
import { runPipeline } from '../../src/pipeline/run.ts';
import { runDirectory } from '../../src/pipeline/run-directory.ts';
import { readAtlas, readSettling, settles, settlingFile } from '../../src/pipeline/settling.ts';
import { temporaryFolder } from '../temporary.ts';
import { tinyConfig, writeTinyData } from './tiny.ts';

let folder = '';
const at = (...parts: string[]): string => join(folder, ...parts);
const config = (...set: string[]) =>
  tinyConfig(at('data'), ['refine.refiner=none', 'trust.folds=2', 'trust.networks=1', ...set]);

beforeAll(async () => {
  folder = await temporaryFolder();
  await writeTinyData(at('data'));
  await runPipeline(config(), { folder: at('run') });
}, 300_000);

const masks = async (...path: string[]): Promise<unknown> => {
  const { images } = await coco.read(at(...path));
  return images.map(({ structures }) => structures.map(({ classIndex, rle }) => [classIndex, rle]));
};

describe('a run with an atlas', { timeout: 300_000 }, () => {
  it('settles masks of both networks, and refines those that are better on held-out images', async () => {
    const run = runDirectory(at('run'));
    const { heldOut, kept } = await readSettling(run);
    expect(kept).toBe(heldOut.after > heldOut.before);
    expect((await readAtlas(run)).places.every((place) => place !== null)).toBe(true);
    expect(await masks('run', 'settled', 'annotations.json')).not.toEqual(
      await masks('run', 'selected', 'annotations.json'),
    );
    expect(await masks('run', 'refined', 'annotations.json')).toEqual(
      await masks('run', kept ? 'settled' : 'selected', 'annotations.json'),
    );
    const report = await readFile(at('run', 'report.html'), 'utf8');
    expect(report).toContain(kept ? 'settles which class pixels belong to' : 'Pixels stay with the class');
  });

  it('refines the others where settled ones are worse, there and of other images', async () => {
    const run = runDirectory(at('turned'));
    await cp(at('run'), run.root, { recursive: true });
    const context = { run, observer: silentObserver, signal: undefined };
    const predicted = async (kept: boolean): Promise<unknown> => {
      await writeFile(settlingFile(run), JSON.stringify({ heldOut: { before: 0, after: 0 }, kept }));
      const out = at(`predicted-${kept}`);
      const { annotations } = await predictImages(context, {
        paths: [at('data', 'test', 'images')],
        out,
        refine: true,
        compute: { threads: 1 },
        embeddings: at('embeddings'),
      });
      return masks(annotations.slice(folder.length + 1));
    };
    expect(await predicted(true)).toEqual(await masks('run', 'final-settled', 'test.json'));
    expect(await predicted(false)).toEqual(await masks('run', 'final-selected', 'test.json'));
  });

  it('does without where it is switched off, and trains no network anew', async () => {
    await cp(at('run'), at('off'), { recursive: true });
    const { stages } = await runPipeline(config('refine.atlas=false'), { folder: at('off') });
    const skipped = stages.filter(({ skipped }) => skipped).map(({ name }) => name);
    expect(skipped).toContain('initial');
    expect(await masks('off', 'refined', 'annotations.json')).toEqual(
      await masks('run', 'selected', 'annotations.json'),
    );
    expect(await readFile(at('off', 'report.html'), 'utf8')).not.toContain('atlas of the labelled');
  });

  it('has one without held-out images too, and where classes may overlap none', async () => {
    await cp(at('run'), at('untold'), { recursive: true });
    await runPipeline(config('trust.folds=0'), { folder: at('untold'), until: 'trust' });
    expect(await masks('untold', 'refined', 'annotations.json')).toEqual(
      await masks('run', 'settled', 'annotations.json'),
    );
    await expect(readSettling(runDirectory(at('untold')))).rejects.toThrow(/settling\.json is missing/);
    expect(settles({ atlas: true }, 'overlapping')).toBe(false);
  });
});
