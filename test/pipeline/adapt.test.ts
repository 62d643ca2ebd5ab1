/** A tiny run that is refined by a tiny Foal, which is adapted on the way. */
import { existsSync } from 'node:fs';
import { cp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { coco } from '../../src/annotations/coco.ts';
import { writeFileAtomic } from '../../src/base/files.ts';
import type { RunConfig } from '../../src/pipeline/config.ts';
import { silentObserver } from '../../src/pipeline/observer.ts';
import { predictImages } from '../../src/pipeline/predict-images.ts';
import { type RunOutcome, runPipeline } from '../../src/pipeline/run.ts';
import { runDirectory } from '../../src/pipeline/run-directory.ts';
import { adaptedRefining } from '../../src/pipeline/stages/adapt.ts';
import { encodeSafetensors } from '../../src/tensor/safetensors.ts';
import { writeTinyFoal } from '../foal/tiny.ts';
import { tinyCheckpoint } from '../sam/tiny-model.ts';
import { temporaryFolder } from '../temporary.ts';
import { tinyConfig, writeTinyData } from './tiny.ts';

let folder = '';
const at = (...parts: string[]): string => join(folder, ...parts);
let first: RunOutcome;

beforeAll(async () => {
  folder = await temporaryFolder();
  await writeTinyData(at('data'));
  await writeTinyFoal(at('foal'));
  first = await runPipeline(configWith(), { folder: at('first') });
}, 300_000);

function configWith(...set: string[]): RunConfig {
  const foal = ['refine.refiner=foal', `sam.model=${at('foal', 'model.safetensors')}`, 'refine.adaptSteps=8'];
  return tinyConfig(at('data'), [...foal, ...set]);
}

describe('a run with Foal', { timeout: 300_000 }, () => {
  it('adapts it to held-out masks before it refines, and refines what the final network finds', async () => {
    const names = first.stages.map(({ name }) => name);
    expect(names.filter((name) => /adapt|folds|refine/i.test(name))).toEqual([
      'folds',
      'adapt',
      'refine',
      'refineFinal',
    ]);
    expect(names.indexOf('refineFinal')).toBeGreaterThan(names.indexOf('predictFinal'));
    const { heldOut, drawn, kept, folds } = first.adaptation!;
    expect(kept).toBe(heldOut!.after >= heldOut!.before + 0.002);
    expect(drawn).toBeGreaterThan(0);
    expect(folds.length).toBeGreaterThan(0);
    expect(existsSync(at('first', 'adapt', 'foal.safetensors'))).toBe(kept);
    const stages = first.evaluation!.results.filter(({ split }) => split === 'test');
    expect(stages.map(({ stage }) => stage)).toEqual(['initial', 'refined', 'final', 'finalRefined']);
  });

  it.each([
    ['with the adapted model where it was kept', { kept: true }, 'foal', 'adapted'],
    ['with the model as it is where no copy was better', { kept: false }, 'foal', 'as shipped'],
    ['without it where both make masks worse', { kept: true, drawn: 0.9 }, 'none', undefined],
    ['without it where that as it is makes masks worse', { kept: false, drawn: 0.7 }, 'none', undefined],
    ['with what it learnt where nothing tells', { kept: true, heldOut: undefined }, 'foal', 'adapted'],
  ])('refines %s', async (_, said, refiner, model) => {
    const sam = { chosen: { path: 'as shipped' }, preprocessing: 'sam', precision: 'float32' } as const;
    const run = runDirectory(at('refining', JSON.stringify(said).replace(/\W+/g, '-')));
    const result = {
      drawn: 0.5,
      heldOut: { before: 0.6, after: 0.8 },
      steps: 8,
      file: 'f',
      folds: [],
      ...said,
    };
    await writeFileAtomic(run.path('adapt', 'result.json'), JSON.stringify(result));
    const refining = await adaptedRefining(run, configWith(), sam);
    expect(refining.config.refine.refiner).toBe(refiner);
    const path = model === 'adapted' ? run.path('adapt', 'f') : model;
    expect(refining.sam?.chosen).toEqual(path && { path });
  });

  it('does nothing twice, and only what depends on it when the steps change', async () => {
    const copy = at('again');
    await cp(at('first'), copy, { recursive: true });
    const again = await runPipeline(configWith(), { folder: copy });
    expect(again.stages.filter(({ skipped }) => !skipped)).toEqual([]);
    const { stages } = await runPipeline(configWith('refine.adaptSteps=0'), { folder: copy });
    const redone = stages.filter(({ skipped }) => !skipped).map(({ name }) => name);
    expect(redone).toEqual(['refine', 'trust', 'final', 'predictFinal', 'refineFinal', 'evaluate', 'report']);
    // What reads the run later (trust, predict, review) must not take the old adaptation for its own.
    expect(existsSync(join(copy, 'adapt', 'result.json'))).toBe(false);
    const adaptedAgain = await runPipeline(configWith(), { folder: copy, until: 'closeUp' });
    expect(adaptedAgain.adaptation).toEqual(first.adaptation);
  });

  it('learns from rough masks that are drawn at random where no image is held out', async () => {
    const untold = await runPipeline(configWith('trust.folds=0'), { folder: at('untold'), until: 'closeUp' });
    expect(untold.adaptation).toMatchObject({ steps: 8, kept: true, folds: [] });
    expect(untold.adaptation!.heldOut).toBeUndefined();
    expect(existsSync(at('untold', 'adapt', 'foal.safetensors'))).toBe(true);
  });

  it('gathers the evidence of other masks as of its own, disturbed prompts too', async () => {
    const { run } = await runPipeline(configWith('trust.folds=0', 'refine.ensemble.jitters=2'), {
      folder: at('jittered'),
    });
    const { annotations } = await predictImages(
      { run, observer: silentObserver, signal: undefined },
      {
        paths: [at('data', 'test', 'images')],
        out: at('jittered-test'),
        refine: true,
        compute: { threads: 1 },
      },
    );
    const evidence = async (path: string): Promise<unknown[]> => {
      const { images } = await coco.read(path);
      return images.flatMap(({ structures }) => structures.map(({ provenance }) => provenance!.evidence));
    };
    const own = await evidence(run.masks('final-refined', 'test'));
    expect(own).toContainEqual(expect.objectContaining({ stability: expect.any(Number) }));
    expect(await evidence(annotations)).toEqual(own);
  });

  it('predicts other images as its own', async () => {
    const paths = [at('data', 'test', 'images')];
    const context = { run: first.run, observer: silentObserver, signal: undefined };
    for (const refine of [false, true]) {
      const out = at(`predicted-${refine}`);
      const options = { paths, out, refine, compute: { threads: 1 }, embeddings: at('embeddings') };
      const done = await predictImages(context, options);
      expect(done).toMatchObject({ network: 'final', images: 2 });
      const masks = async (path: string): Promise<unknown[]> => {
        const { images } = await coco.read(path);
        return images.map(({ fileName, structures }) => [
          fileName,
          structures.map(({ classIndex, rle }) => [classIndex, rle]),
        ]);
      };
      const own = at('first', refine ? 'final-refined' : 'final', 'test.json');
      expect(await masks(done.annotations)).toEqual(await masks(own));
      expect((await readdir(out)).filter((name) => name.endsWith('.overlay.png')).length).toBe(2);
      expect((await readdir(out)).some((name) => name.startsWith('journal'))).toBe(false);
    }
    const without = { ...context, run: runDirectory(at('data')) };
    const options = { paths, out: at('none'), refine: false, compute: {}, embeddings: '' };
    await expect(predictImages(without, options)).rejects.toThrow('no trained network');
    await expect(predictImages(context, { ...options, paths: [at()] })).rejects.toThrow('no image');
    const twice = { ...options, paths: [...paths, ...paths] };
    await expect(predictImages(context, twice)).rejects.toThrow('Two images are called');
  });

  it('adapts the decoder of Segment Anything where steps are set, and refines with that one where it is kept', async () => {
    const checkpoint = tinyCheckpoint();
    const path = at('sam', 'model.safetensors');
    await writeFileAtomic(path, encodeSafetensors(checkpoint.weights));
    const hints = { model_type: 'sam', vision_config: { image_size: checkpoint.config.imageSize } };
    await writeFileAtomic(at('sam', 'config.json'), JSON.stringify(hints));
    // With an atlas held-out masks are better than what this model, whose weights are random, makes of them.
    const sam = ['refine.refiner=sam', `sam.model=${path}`, 'refine.atlas=false'];
    const settings = (...set: string[]): RunConfig => tinyConfig(at('data'), [...sam, ...set]);
    const run = (...set: string[]): Promise<RunOutcome> =>
      runPipeline(settings(...set), { folder: at('first'), until: 'trust' });
    const { stages } = await run();
    expect(stages.map(({ name }) => name)).not.toContain('adapt');

    const { adaptation } = await run('refine.adaptSteps=16');
    const file = at('first', 'adapt', 'decoder.safetensors');
    expect(adaptation!.file).toBe('decoder.safetensors');
    expect(existsSync(file)).toBe(adaptation!.kept);
    const { images } = await coco.read(at('first', 'refined', 'annotations.json'));
    const models = images.flatMap(({ structures }) =>
      structures.map(({ provenance }) => (provenance as { model?: string } | undefined)?.model),
    );
    const name = `sam-vit-24x2${adaptation!.kept ? '-adapted' : ''}`;
    expect(new Set(models)).toEqual(new Set([name]));
  });

  it('takes no other model for Foal', async () => {
    const asked = runPipeline(configWith(`sam.model=${at('sam', 'model.safetensors')}`), {
      folder: at('other'),
    });
    await expect(asked).rejects.toThrow(/is sam-vit-24x2, and the refiner asks Foal.*--refiner sam/s);
  });

  it('says why nothing can be adapted where that was asked for', async () => {
    const asked = (...set: string[]): Promise<RunOutcome> =>
      runPipeline(configWith('refine.atlas=false', ...set), { folder: at('first'), until: 'closeUp' });
    await expect(asked('refine.adaptSteps=0')).rejects.toThrow('refine.adaptSteps is 0');
    await expect(asked('refine.refiner=none')).rejects.toThrow('the refiner is none');
    await expect(
      asked('trust.folds=0', 'refine.refiner=sam', `sam.model=${at('sam', 'model.safetensors')}`),
    ).rejects.toThrow('trust.folds is 0');
  });
});
