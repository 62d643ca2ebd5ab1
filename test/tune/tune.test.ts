/** Tuning of tiny networks as a whole: what is opened, what is done once, what an end in the middle leaves. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { coco } from '../../src/annotations/coco.ts';
import { writeFileAtomic } from '../../src/base/files.ts';
import { encodeFoal } from '../../src/foal/weights.ts';
import type { RunConfig } from '../../src/pipeline/config.ts';
import { type RunObserver, silentObserver } from '../../src/pipeline/observer.ts';
import { prepareFolds } from '../../src/pipeline/prepare.ts';
import { runPipeline } from '../../src/pipeline/run.ts';
import { runDirectory } from '../../src/pipeline/run-directory.ts';
import { encodeSafetensors } from '../../src/tensor/safetensors.ts';
import { heldImages } from '../../src/tune/measure.ts';
import { type TuneOptions, type TuneOutcome, tune } from '../../src/tune/tune.ts';
import { tinyFoal, tinyFoalCheckpoint } from '../foal/tiny.ts';
import { tinyConfig, writeTinyData } from '../pipeline/tiny.ts';
import { tinyCheckpoint } from '../sam/tiny-model.ts';
import { temporaryFolder } from '../temporary.ts';

let folder = '';
const at = (...parts: string[]): string => join(folder, ...parts);
const config = (data = 'data', ...set: string[]): RunConfig =>
  tinyConfig(at(data), ['training.epochs=8', 'trust.networks=3', ...set]);

/** Also tells which stages were done, and how often an image was refined. */
async function tuned(
  name: string,
  settings = config(),
  options: Partial<TuneOptions> = {},
  stopAfter = Number.POSITIVE_INFINITY,
): Promise<TuneOutcome & { readonly done: string[] }> {
  const done: string[] = [];
  const controller = new AbortController();
  let refined = 0;
  const observer: RunObserver = {
    ...silentObserver,
    stageFinished: (stage) => done.push(stage),
    progress: (_, detail) => {
      if (detail?.endsWith('refined images') && ++refined === stopAfter) controller.abort(new Error('stop'));
    },
  };
  const outcome = await tune(settings, {
    folder: at(name),
    search: 'halving',
    candidates: 8,
    observer,
    signal: controller.signal,
    ...options,
  });
  return { ...outcome, done };
}

let first: Awaited<ReturnType<typeof tuned>>;
const resultOf = (name: string): Promise<string> => readFile(at(name, 'tune', 'result.json'), 'utf8');
const linesOf = (name: string): string[] => {
  const [file] = readdirSync(at(name, 'tune')).filter((entry) => entry.endsWith('.jsonl'));
  return readFileSync(at(name, 'tune', file!), 'utf8')
    .trimEnd()
    .split('\n');
};

beforeAll(async () => {
  folder = await temporaryFolder();
  await writeTinyData(at('data'), { labelled: 7, val: 2, test: 2, unlabelled: 2 });
  first = await tuned('first');
}, 300_000);

describe('tuning', { timeout: 300_000 }, () => {
  it('measures candidates on all labelled images, each by a network that has not seen it', async () => {
    const { tuning } = first;
    expect(tuning).toMatchObject({ refiner: 'random-walker', images: 7, gridSize: 576 });
    expect(tuning.rungs.map(({ images }) => images)).toEqual([4, 7]);
    expect(tuning.structures).toBeGreaterThan(7);
    expect(tuning.finalists[0]!.dice).toBe(tuning.winner.dice);
    expect(tuning.winner.dice).toBeGreaterThanOrEqual(tuning.current.dice);
    const run = runDirectory(at('peek'));
    const context = { run, observer: silentObserver, signal: undefined };
    const prepared = await prepareFolds(context, config(), false);
    const held = heldImages(prepared, 1);
    expect(new Set(held.map(({ item }) => item.id)).size).toBe(7);
    expect(new Set(held.map(({ fold }) => fold)).size).toBe(3);
  });

  it('shows every setting and its values on a page and as data', async () => {
    const page = await readFile(at('first', 'tune', 'tune.html'), 'utf8');
    const { surface } = JSON.parse(await resultOf('first')) as TuneOutcome['tuning'];
    expect(surface).toHaveLength(5);
    for (const { name, values } of surface) {
      expect(page).toContain(`${name}:`);
      expect(values.reduce((sum, { candidates }) => sum + candidates, 0)).toBe(
        first.tuning.rungs[0]!.candidates,
      );
    }
    expect(page).toContain('<circle');
  });

  it('measures nothing twice, and what is new where the search grows', async () => {
    await cp(at('first'), at('again'), { recursive: true });
    const again = await tuned('again');
    expect(again.done).toEqual(['check', 'tune']);
    expect(await resultOf('again')).toBe(await resultOf('first'));
    expect(linesOf('again')).toEqual(linesOf('first'));
    await tuned('again', config(), { candidates: 9 });
    expect(linesOf('again').slice(0, linesOf('first').length)).toEqual(linesOf('first'));
  });

  it('goes on where it was stopped, to the same bytes', async () => {
    await expect(tuned('stopped', config(), {}, 11)).rejects.toThrow('stop');
    expect(existsSync(at('stopped', 'lock.json'))).toBe(false);
    expect(linesOf('stopped')).toEqual(linesOf('first').slice(0, 11));
    expect((await tuned('stopped')).done).toEqual(['check', 'tune']);
    expect(await resultOf('stopped')).toBe(await resultOf('first'));
  });

  it('leaves its networks to the run, which trains none of them again', async () => {
    await cp(at('first'), at('run'), { recursive: true });
    const { stages } = await runPipeline(config(), { folder: at('run'), until: 'trust' });
    expect(stages.find(({ name }) => name === 'folds')).toMatchObject({ skipped: true });
    expect((await tuned('run')).done, 'and takes those of the run').toEqual(['check', 'tune']);
  });

  it('measures small grids as a whole where it may choose', async () => {
    const set = ['refine.refiner=sam', 'refine.preset=medsam', `sam.model=${await tinySam()}`];
    const { tuning } = await tuned('auto', config('data', ...set), { search: 'auto' });
    expect(tuning.rungs).toEqual([{ candidates: 65, images: 7 }]);
  });

  it('tunes Foal as the run adapts it: each image by a copy that has not learnt from it', async () => {
    const set = ['refine.refiner=foal', `sam.model=${await tinyFoalFile()}`, 'refine.adaptSteps=2'];
    const { done, tuning } = await tuned('foal', config('data', ...set), { candidates: 3 });
    expect(done).toEqual(['check', 'checkModel', 'folds', 'adapt', 'tune']);
    expect(tuning.surface.map(({ name }) => name).sort()).toEqual(
      ['element', 'first prompt', 'morphology', 'second prompt', 'shown mask'].sort(),
    );
  });

  it('needs something to tune, and enough labelled images', async () => {
    await expect(tuned('none', config('data', 'refine.refiner=none'))).rejects.toMatchObject({
      name: 'ConfigError',
      fix: 'Name one with --refiner',
    });
    await expect(tuned('few', config('data', 'data.limit=2'))).rejects.toMatchObject({
      name: 'ConfigError',
      seen: expect.stringContaining('there are 2 labelled images'),
    });
  });
});

describe('val and test', { timeout: 300_000 }, () => {
  it('are not opened: tuning does not see that their files are gone', async () => {
    await cp(at('data'), at('bare'), { recursive: true });
    for (const split of ['val', 'test']) await writeFile(at('bare', split, 'annotations.json'), 'no JSON');
    for (const split of ['val', 'test']) await rm(at('bare', split, 'images'), { recursive: true });
    await tuned('bare-run', config('bare'));
    expect(await resultOf('bare-run')).toBe(await resultOf('first'));
  });

  it('are not kept where one file has all labels', async () => {
    await cp(at('data', 'labelled'), at('one'), { recursive: true });
    const { images } = await coco.read(at('one', 'annotations.json'));
    const held = images.slice(0, 2).map(({ fileName }) => fileName);
    await writeFileAtomic(at('one', 'splits', 'test.txt'), `${held.join('\n')}\n`);
    const context = { run: runDirectory(at('one-run')), observer: silentObserver, signal: undefined };
    const { checked } = await prepareFolds(context, config('one'), false);
    expect(checked.dataset.cases).toHaveLength(5);
    for (const { split, name } of checked.dataset.cases) {
      expect(split).toBe('labelled');
      expect(held).not.toContain(name);
    }
  });

  it('have no name in this room: it asks for no split but the labelled one', () => {
    const room = fileURLToPath(new URL('../../src/tune', import.meta.url));
    for (const name of readdirSync(room))
      expect(readFileSync(join(room, name), 'utf8'), name).not.toMatch(
        /'(val|test)'|openDataset|openRunDataset|truthSet/,
      );
  });
});

async function tinySam(): Promise<string> {
  const path = at('sam', 'model.safetensors');
  await writeFileAtomic(path, encodeSafetensors(tinyCheckpoint().weights));
  return path;
}

async function tinyFoalFile(): Promise<string> {
  const { config: made, weights } = tinyFoalCheckpoint();
  await writeFileAtomic(at('foal', 'foal.safetensors'), encodeFoal(made, weights, {}));
  const hints = { model_type: 'sam', vision_config: { image_size: tinyFoal(64).imageSize } };
  await writeFile(at('foal', 'config.json'), JSON.stringify(hints));
  return at('foal', 'foal.safetensors');
}
