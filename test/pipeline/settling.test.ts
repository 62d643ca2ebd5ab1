/** A tiny run whose masks an atlas settles. */
import { existsSync } from 'node:fs';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { coco } from '../../src/annotations/coco.ts';
import { hashFile } from '../../src/base/hash.ts';
import { encodeRle } from '../../src/masks/rle.ts';
import { silentObserver } from '../../src/pipeline/observer.ts';
import { predictImages } from '../../src/pipeline/predict-images.ts';
import { runPipeline } from '../../src/pipeline/run.ts';
import { type RunDirectory, runDirectory } from '../../src/pipeline/run-directory.ts';
import { atlasFile, atlasOf, readSettling, settles, settlingFile } from '../../src/pipeline/settling.ts';
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
  it('settles the masks of the initial network, and refines those that are better on held-out images', async () => {
    const { heldOut, kept } = await readSettling(runDirectory(at('run')));
    expect(kept).toBe(heldOut.after > heldOut.before);
    expect(await masks('run', 'settled', 'annotations.json')).not.toEqual(
      await masks('run', 'selected', 'annotations.json'),
    );
    expect(await masks('run', 'refined', 'annotations.json')).toEqual(
      await masks('run', kept ? 'settled' : 'selected', 'annotations.json'),
    );
    expect(existsSync(atlasFile(runDirectory(at('run'))))).toBe(kept);
    const report = await readFile(at('run', 'report.html'), 'utf8');
    expect(report).toContain(kept ? 'settles which class pixels belong to' : 'Pixels stay with the class');
  });

  /** A copy of the run for which held-out images said this. */
  async function settledAs(name: string, kept: boolean): Promise<RunDirectory> {
    await cp(at('run'), at(name), { recursive: true });
    const run = runDirectory(at(name));
    await writeFile(settlingFile(run), JSON.stringify({ heldOut: { before: 0.5, after: 0.5 }, kept }));
    const record = run.path('stages', 'folds.json');
    const { sealed, ...others } = JSON.parse(await readFile(record, 'utf8'));
    const seal = await hashFile(settlingFile(run));
    await writeFile(
      record,
      JSON.stringify({ ...others, sealed: { ...sealed, 'folds/settling.json': seal } }),
    );
    return run;
  }

  it('refines masks as they are where settled ones are no better, of both networks', async () => {
    const run = await settledAs('worse', false);
    await runPipeline(config('refine.refiner=close-up', 'refine.closeUpMinutes=0.001'), { folder: run.root });
    expect(existsSync(atlasFile(run))).toBe(false);
    expect(existsSync(run.path('final-settled'))).toBe(false);
  });

  it('settles the masks of other images as its own', async () => {
    const run = await settledAs('better', true);
    await runPipeline(config(), { folder: run.root });
    expect(await masks('better', 'refined', 'annotations.json')).toEqual(
      await masks('run', 'settled', 'annotations.json'),
    );
    const context = { run, observer: silentObserver, signal: undefined };
    const predicted = async (name: string): Promise<unknown> => {
      const { annotations } = await predictImages(context, {
        paths: [at('data', 'test', 'images')],
        out: at(name),
        refine: true,
        compute: { threads: 1 },
        embeddings: at('embeddings'),
      });
      return masks(annotations.slice(folder.length + 1));
    };
    const settled = await predicted('settled');
    await rm(atlasFile(run));
    const named = await predicted('named');
    expect(named).toEqual(await masks('better', 'final-selected', 'test.json'));
    expect(settled).not.toEqual(named);
  });

  it('settles masks also where no image is held out, by an atlas that suits the labelled ones', async () => {
    await cp(at('run'), at('untold'), { recursive: true });
    await runPipeline(config('trust.folds=0'), { folder: at('untold') });
    expect(await masks('untold', 'refined', 'annotations.json')).toEqual(
      await masks('run', 'settled', 'annotations.json'),
    );
    expect(await readFile(at('untold', 'report.html'), 'utf8')).toContain('no image is held out to see');
  });

  it('does without where it is switched off, with the same initial network', async () => {
    await cp(at('run'), at('off'), { recursive: true });
    const { stages } = await runPipeline(config('refine.atlas=false'), { folder: at('off') });
    const skipped = stages.filter(({ skipped }) => skipped).map(({ name }) => name);
    expect(skipped).toContain('initial');
    for (const gone of ['settled', 'folds/settling.json', 'refined/atlas.json'])
      expect(existsSync(at('off', gone)), gone).toBe(false);
    expect(await masks('off', 'refined', 'annotations.json')).toEqual(
      await masks('run', 'selected', 'annotations.json'),
    );
    expect(await readFile(at('off', 'report.html'), 'utf8')).not.toContain('atlas of the labelled');
  });

  it('belongs to classes of which there are several, and which exclude each other', () => {
    const asked = (head: 'exclusive' | 'overlapping', classes: readonly string[]): boolean =>
      settles({ atlas: true }, { head, classes });
    expect(asked('exclusive', ['a', 'b'])).toBe(true);
    expect(asked('overlapping', ['a', 'b'])).toBe(false);
    expect(asked('exclusive', ['a'])).toBe(false);
    expect(settles({ atlas: false }, { head: 'exclusive', classes: ['a', 'b'] })).toBe(false);
  });

  it('counts images flipped only where every class has a twin', () => {
    const structures = [
      { classIndex: 0, rle: encodeRle({ height: 1, width: 4, data: Uint8Array.of(1, 0, 0, 0) }) },
    ];
    const item = {
      id: 'a',
      name: 'a',
      imagePath: '',
      split: 'labelled',
      size: { height: 1, width: 4 },
      structures,
    } as const;
    const known = (mirroredPairs?: [number, number][]): boolean[] =>
      atlasOf({ root: '', classes: ['a', 'b'], cases: [], ...(mirroredPairs && { mirroredPairs }) }, [
        item,
      ]).places.map((place) => place !== null);
    expect(known([[0, 1]])).toEqual([true, true]);
    expect([known(), known([])]).toEqual([
      [true, false],
      [true, false],
    ]);
    const [place] = atlasOf({ root: '', classes: ['a', 'b'], cases: [], mirroredPairs: [] }, [item]).places;
    expect(place!.centre[0]).toBeCloseTo(-0.75);
  });
});
