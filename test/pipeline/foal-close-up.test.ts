/** A tiny run whose masks Foal redraws first, and then a network of close-ups. */
import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { coco, writeCoco } from '../../src/annotations/coco.ts';
import { writeFileAtomic } from '../../src/base/files.ts';
import { setPixels } from '../../src/masks/mask.ts';
import { decodeRle, encodeRle, type Rle } from '../../src/masks/rle.ts';
import type { RunConfig } from '../../src/pipeline/config.ts';
import { silentObserver } from '../../src/pipeline/observer.ts';
import { predictImages } from '../../src/pipeline/predict-images.ts';
import { type RunOutcome, runPipeline } from '../../src/pipeline/run.ts';
import { readCloseUps } from '../../src/pipeline/stages/close-up.ts';
import type { Evidence } from '../../src/refine/evidence.ts';
import { tune } from '../../src/tune/tune.ts';
import { writeTinyFoal } from '../foal/tiny.ts';
import { temporaryFolder } from '../temporary.ts';
import { tinyConfig, writeTinyData } from './tiny.ts';

let folder = '';
const at = (...parts: string[]): string => join(folder, ...parts);
let untold: RunOutcome;

beforeAll(async () => {
  folder = await temporaryFolder();
  await writeTinyData(at('data'));
  await writeTinyFoal(at('foal'));
  untold = await runPipeline(settings('trust.folds=0'), { folder: at('untold') });
}, 300_000);

function settings(...set: string[]): RunConfig {
  return tinyConfig(at('data'), [
    'refine.refiner=foal+close-up',
    `sam.model=${at('foal', 'model.safetensors')}`,
    'refine.adaptSteps=8',
    'refine.closeUpMinutes=0.001',
    'refine.atlas=false',
    ...set,
  ]);
}

const masksIn = async (path: string) =>
  (await coco.read(path)).images.flatMap(({ fileName, structures }) =>
    structures.map(({ classIndex, rle, provenance }) => ({
      fileName,
      classIndex,
      rle,
      provenance: provenance!,
    })),
  );

describe('a run by Foal and close-ups', { timeout: 300_000 }, () => {
  it('lets both learn, and has what both say of a mask', async () => {
    const names = untold.stages.map(({ name }) => name);
    expect(names.filter((name) => /adapt|closeUp|refine/.test(name))).toEqual([
      'adapt',
      'closeUp',
      'refine',
      'refineFinal',
    ]);
    const masks = await masksIn(at('untold', 'refined', 'annotations.json'));
    const redrawn = masks.filter(({ provenance }) => provenance.keptInitial === undefined);
    expect(redrawn.length).toBeGreaterThan(0);
    for (const { provenance } of redrawn) {
      expect(provenance.refiner).toBe('foal+close-up');
      const evidence = provenance.evidence as Evidence;
      expect(evidence.predictedIou).toBe(Math.min(1, Math.max(0, provenance.predictedIou as number)));
      expect(evidence.agreement).toBe(provenance.agreement);
    }
  });

  it('gives the masks of other images what its own have', async () => {
    const context = { run: untold.run, observer: silentObserver, signal: undefined };
    const { annotations } = await predictImages(context, {
      paths: [at('data', 'test', 'images')],
      out: at('predicted'),
      refine: true,
      compute: { threads: 1 },
      embeddings: at('embeddings'),
    });
    const bare = async (path: string) => (await masksIn(path)).map(({ provenance: _, ...mask }) => mask);
    expect(await bare(annotations)).toEqual(await bare(at('untold', 'final-refined', 'test.json')));
  });

  it('leaves out what makes the masks of held-out images no better', async () => {
    const { run, adaptation } = await runPipeline(settings(), { folder: at('told'), until: 'trust' });
    const { drawn, heldOut } = adaptation!;
    expect(heldOut!.before).toBeGreaterThan(drawn!);
    const both = await readCloseUps(run);
    expect(both.heldOut!.before).toBeGreaterThan(drawn!);
    expect(await refinersOf('told')).toEqual([both.kept ? 'foal+close-up' : 'foal']);

    await cp(at('told'), at('without'), { recursive: true });
    const path = at('without', 'adapt', 'result.json');
    const result = JSON.parse(await readFile(path, 'utf8')) as object;
    await writeFileAtomic(path, JSON.stringify({ ...result, drawn: 1 }));
    const without = await runPipeline(settings(), { folder: at('without'), until: 'trust' });
    const alone = await readCloseUps(without.run);
    expect(alone.heldOut!.before).toBeCloseTo(drawn!, 10);
    expect(await refinersOf('without')).toEqual([alone.kept ? 'close-up' : 'none']);
  });

  it('is left as it is by tuning Foal in its folder', async () => {
    const ofFoal = settings('refine.refiner=foal');
    await tune(ofFoal, { folder: at('told'), search: 'halving', candidates: 2 });
    const { stages } = await runPipeline(settings(), { folder: at('told'), until: 'trust' });
    expect(stages.filter(({ skipped }) => !skipped)).toEqual([]);
  });

  it('lets the Foal draw first that the run refines with', async () => {
    await cp(at('told'), at('shipped'), { recursive: true });
    const folders = [at('shipped'), at('anew')];
    const results = [];
    for (const folder of folders) {
      const { run } = await runPipeline(settings('refine.adaptSteps=0'), { folder, until: 'closeUp' });
      results.push(await readCloseUps(run));
    }
    expect(results[0]).toEqual(results[1]);
  });

  it('learns anew from labels that were corrected, and does without Foal where that can learn from none', async () => {
    const data = at('corrected');
    await cp(at('data'), data, { recursive: true });
    const file = join(data, 'labelled', 'annotations.json');
    const { images, ...set } = await coco.read(file);
    const dots = images.map((image) => ({
      ...image,
      structures: image.structures.map((structure) => ({ ...structure, rle: dotIn(structure.rle) })),
    }));
    await writeCoco(file, set.classes, dots, ({ structures }) => structures);
    await cp(at('untold'), at('dots'), { recursive: true });
    const config = { ...settings('trust.folds=0'), data: { ...settings().data, root: data } };
    const { stages, adaptation } = await runPipeline(config, { folder: at('dots'), until: 'closeUp' });
    expect(stages.find(({ name }) => name === 'adapt')!.skipped).toBe(false);
    expect(adaptation).toMatchObject({
      kept: false,
      unfit: expect.stringContaining('no object of a size that can be learnt from'),
    });
    await runPipeline(config, { folder: at('dots'), until: 'trust' });
    expect(await refinersOf('dots')).toEqual(['close-up']);
  });

  /** The middle pixel of a mask alone. */
  function dotIn({ height, width, counts }: Rle): Rle {
    const data = new Uint8Array(height * width);
    const pixels = setPixels(decodeRle({ height, width, counts }));
    data[pixels[pixels.length >> 1]!] = 1;
    return encodeRle({ height, width, data });
  }

  async function refinersOf(run: string): Promise<unknown[]> {
    const masks = await masksIn(at(run, 'refined', 'annotations.json'));
    return [...new Set(masks.map(({ provenance }) => provenance.refiner))];
  }
});
