/** Whole benchmarks of tiny networks: what is done once, what is never seen, what an end in the middle leaves. */
import { existsSync, readFileSync } from 'node:fs';
import { cp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import sharp from 'sharp';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { coco } from '../../src/annotations/coco.ts';
import { writeFileAtomic } from '../../src/base/files.ts';
import { hashFile } from '../../src/base/hash.ts';
import { openCell } from '../../src/benchmark/cell.ts';
import { directoryOf, doWork, isDone } from '../../src/benchmark/make.ts';
import { findMethod } from '../../src/benchmark/methods/index.ts';
import { type BenchmarkOutcome, runBenchmark } from '../../src/benchmark/run.ts';
import { prepareSetup } from '../../src/benchmark/setup.ts';
import { inOrder, type Prediction } from '../../src/benchmark/work.ts';
import type { RunConfig } from '../../src/pipeline/config.ts';
import { type RunObserver, silentObserver } from '../../src/pipeline/observer.ts';
import { runDirectory } from '../../src/pipeline/run-directory.ts';
import { float32 } from '../../src/tensor/array.ts';
import { encodeSafetensors } from '../../src/tensor/safetensors.ts';
import { readWeights } from '../../src/training/fit.ts';
import { tinyConfig, writeTinyData } from '../pipeline/tiny.ts';
import { tinyCheckpoint } from '../sam/tiny-model.ts';
import { temporaryFolder } from '../temporary.ts';
import { startMlflow } from '../track/mlflow-server.ts';

let folder = '';
const at = (...parts: string[]): string => join(folder, ...parts);

const METHODS = ['packmule', 'unet', 'raw-pseudo-labels'];
const config = (data = at('data'), set: readonly string[] = []): RunConfig =>
  tinyConfig(data, ['training.epochs=2', 'training.inputSize=[32, 32]', ...set]);

/** What a start does: the kinds of works, and the notes. */
interface Told {
  readonly works: string[];
  readonly notes: string[];
}

async function benchmark(
  name: string,
  options: { config?: RunConfig; methods?: readonly string[]; labelled?: number[]; seeds?: number } = {},
  act: (kind: string, controller: AbortController) => void = () => undefined,
): Promise<{ outcome: BenchmarkOutcome; told: Told }> {
  const told: Told = { works: [], notes: [] };
  const controller = new AbortController();
  const observer: RunObserver = {
    ...silentObserver,
    stageStarted: (kind) => {
      if (kind !== 'check') told.works.push(kind);
      act(kind, controller);
    },
    note: (text) => told.notes.push(text),
  };
  const outcome = await runBenchmark(options.config ?? config(), {
    folder: at(name),
    methods: (options.methods ?? METHODS).map(findMethod),
    labelled: options.labelled ?? [2, 4],
    seeds: options.seeds ?? 1,
    jobs: 1,
    observer,
    signal: controller.signal,
  });
  return { outcome, told };
}

let first: Awaited<ReturnType<typeof benchmark>>;

beforeAll(async () => {
  folder = await temporaryFolder();
  await writeTinyData(at('data'), { labelled: 4, val: 2, test: 3, unlabelled: 3 });
  first = await benchmark('first');
});

const workFolders = async (name: string, kind: string): Promise<string[]> =>
  (await readdir(at(name, 'work'))).filter((entry) => entry.startsWith(kind)).sort();

describe('a benchmark', () => {
  it('does what methods share once', async () => {
    // For each number of labels: the U-Net, the initial network, a final one of raw and one of refined labels.
    expect(await workFolders('first', 'network')).toHaveLength(2 * 4);
    expect(await workFolders('first', 'refinement'), 'of the unlabelled images').toHaveLength(2);
    expect(first.told.works.filter((kind) => kind === 'network')).toHaveLength(2 * 4);
  });

  it('goes on from the figures of cells whose works are not there any more', async () => {
    await cp(at('first'), at('figures'), { recursive: true });
    await rm(at('figures', 'work'), { recursive: true });
    await rm(at('figures', 'qualitative.png'));
    const { outcome, told } = await benchmark('figures');
    expect(told.works).toEqual([]);
    expect(outcome.table.splits).toEqual(first.outcome.table.splits);
    // What is shown of masks needs these.
    expect(existsSync(at('figures', 'qualitative.png'))).toBe(false);
  });

  it('fills the whole table, on test and val', () => {
    const { table } = first.outcome;
    expect(table).toMatchObject({ missing: [], cells: 6, failures: [] });
    expect(table.splits.map(({ split, images, rows }) => [split, images, rows.length])).toEqual([
      ['test', 3, 6],
      ['val', 2, 6],
    ]);
  });

  it('writes its files, and each cell links the works behind it', async () => {
    for (const file of first.outcome.files) expect(existsSync(file), file).toBe(true);
    const names = first.outcome.files.map((file) => file.slice(at('first').length + 1));
    expect(names).toEqual(expect.arrayContaining(['table.html', 'table.md', 'table.tex', 'figures.csv']));
    // Image, truth and three methods beside each other, three images below each other.
    const { width, height } = await sharp(at('first', 'qualitative.png')).metadata();
    const picture = await readFile(at('first', 'qualitative.png'), 'base64');
    expect(await readFile(at('first', 'table.html'), 'utf8')).toContain(`data:image/png;base64,${picture}"`);
    expect(width).toBe(5 * (320 + 8) + 8);
    expect(height).toBeGreaterThan(3 * 320);
    const cell = JSON.parse(await readFile(at('first', 'cells/packmule/2-labels/seed-1/cell.json'), 'utf8'));
    expect(cell.works).toHaveLength(6);
    for (const work of cell.works) expect(existsSync(at('first', work, 'work.json')), work).toBe(true);
    const left = await readdir(at('first'), { recursive: true });
    expect(left.filter((name) => /lock|journal|tmp|checkpoint/.test(name))).toEqual([]);
  });

  it('does nothing a second time', async () => {
    const { outcome, told } = await benchmark('first');
    expect(told).toEqual({ works: [], notes: ['6 of 6 cells were done before.'] });
    expect(outcome.table).toEqual(first.outcome.table);
  });

  it('does again what somebody has deleted, and nothing else', async () => {
    await cp(at('first'), at('mended'), { recursive: true });
    await rm(at('mended', 'cells/unet'), { recursive: true });
    const cell = JSON.parse(await readFile(at('first', 'cells/unet/2-labels/seed-1/cell.json'), 'utf8'));
    const prediction = cell.works.find((work: string) => work.includes('prediction'));
    await rm(at('mended', prediction, 'predicted'), { recursive: true });
    const { outcome, told } = await benchmark('mended');
    expect(told.works).toEqual(['prediction']);
    expect(outcome.table).toEqual(first.outcome.table);
  });

  it('tells of the cells that it measures, and of no others', async () => {
    const mlflow = await startMlflow();
    onTestFinished(() => mlflow.close());
    await cp(at('first'), at('told'), { recursive: true });
    await rm(at('told', 'cells/unet'), { recursive: true });
    const set = ['log.tensorboard=true', `log.mlflow.uri=${mlflow.uri}`];
    const { outcome, told } = await benchmark('told', { config: config(at('data'), set) });
    expect(told.works).toEqual([]);
    expect(mlflow.runs.map(({ name, status }) => [name, status])).toEqual([
      ['unet/2/1', 'FINISHED'],
      ['unet/4/1', 'FINISHED'],
    ]);
    const { mean } = outcome.table.splits[0]!.rows.find(
      ({ method, labelled }) => method === 'unet' && labelled === 2,
    )!.dice.present;
    expect(mlflow.runs[0]!.metrics.find(({ key }) => key === 'dice/test')?.value ?? null).toBe(mean);
    expect(await readdir(at('told', 'tensorboard', 'unet'))).toEqual(['2', '4']);
  });

  it('does what is new where the grid grows: other seeds share nothing, other methods the networks', async () => {
    await cp(at('first'), at('grown'), { recursive: true });
    const walker = await benchmark('grown', { methods: ['unet', 'unet+random-walker'] });
    expect(walker.told.works).toEqual(['refinement', 'refinement', 'refinement', 'refinement']);
    const seeds = await benchmark('grown', { methods: ['unet'], labelled: [2], seeds: 2 });
    expect(seeds.told.works).toEqual(['network', 'prediction', 'prediction']);
    expect(seeds.outcome.table.splits[0]!.rows[0]!.seeds).toEqual([1, 2]);
  });

  it('lets the final network go on from the weights of the initial one', async () => {
    const network = (name: string, folder: string): string => at(name, 'work', folder, 'network');
    const works = (await workFolders('first', 'network')).map((folder) => {
      const { work } = JSON.parse(readFileSync(at('first', 'work', folder, 'work.json'), 'utf8'));
      return { folder, work };
    });
    const { folder: final, work } = works.find(
      ({ work: { pseudo, labelled } }) => pseudo?.kind === 'refinement' && labelled.count === 4,
    )!;
    const { folder: initial } = works.find((one) => isDeepStrictEqual(one.work, work.start))!;
    for (const name of ['alike', 'unlike']) {
      await cp(at('first'), at(name), { recursive: true });
      await rm(at(name, 'cells', 'packmule'), { recursive: true });
      await rm(at(name, 'work', final), { recursive: true });
    }
    const weights = await readWeights(network('unlike', initial));
    const halves = new Map(
      [...weights].map(([key, { shape, data }]) => [
        key,
        float32(
          shape,
          data.map((v) => v / 2),
        ),
      ]),
    );
    await writeFileAtomic(join(network('unlike', initial), 'weights.safetensors'), encodeSafetensors(halves));
    const end = async (name: string): Promise<string> => {
      await benchmark(name, { methods: ['packmule'], labelled: [4] });
      return hashFile(join(network(name, final), 'weights.safetensors'));
    };
    const before = await hashFile(join(network('first', final), 'weights.safetensors'));
    expect([await end('alike'), await end('unlike')]).toEqual([before, expect.not.stringContaining(before)]);
  });

  it('learns from the first labelled images of the list', async () => {
    const { splits } = JSON.parse(await readFile(at('first', 'benchmark.json'), 'utf8'));
    const names = splits.labelled.map(({ id }: { id: string }) => id);
    expect(names).toHaveLength(4);
    const context = { run: runDirectory(at('peek')), observer: silentObserver, signal: undefined };
    const { setup } = await prepareSetup(context, config(), { labelled: [2], models: [], skipBad: false });
    expect(setup.lessons.get(2)!.cases.map(({ id }) => id)).toEqual(names.slice(0, 2));
  });

  it('refines by a promptable model where a method has one', async () => {
    await writeFileAtomic(at('sam', 'model.safetensors'), encodeSafetensors(tinyCheckpoint().weights));
    const { outcome } = await benchmark('by-sam', {
      config: config(at('data'), ['refine.refiner=sam', `sam.model=${at('sam', 'model.safetensors')}`]),
      methods: ['unet', 'unet+sam', 'sam-pseudo-labels', 'frozen-encoder+lr-aspp', 'nnunet'],
      labelled: [4],
    });
    expect(outcome.table.missing).toEqual([]);
    const [work] = await workFolders('by-sam', 'refinement');
    const record = JSON.parse(await readFile(at('by-sam', 'work', work!, 'work.json'), 'utf8'));
    expect(record.work.model).toMatchObject({ role: 'sam', key: expect.stringMatching(/^[0-9a-f]{64}$/) });

    // The same model answers where the run's own refiner is another.
    const context = { run: runDirectory(at('beside')), observer: silentObserver, signal: undefined };
    const settings = config(at('data'), [`sam.model=${at('sam', 'model.safetensors')}`]);
    const asked = { labelled: [2], models: ['sam'], skipBad: false } as const;
    const { setup } = await prepareSetup(context, settings, asked);
    expect(settings.refine.refiner).not.toBe('sam');
    expect(setup.models.sam!.key).toBe(record.work.model.key);
  });
});

describe('what is done to the masks of a network', () => {
  it('is what the method says: settled by the atlas, redrawn by each refiner', async () => {
    const methods = ['unet', 'unet+atlas', 'unet+random-walker', 'unet+close-up'];
    await benchmark('redrawn', {
      config: config(at('data'), [
        ...['training.epochs=60', 'training.inputSize=[64, 64]', 'training.head=exclusive'],
        'refine.selection=all',
      ]),
      methods,
      labelled: [4],
    });
    const masksOf = async (method: string): Promise<string> => {
      const cell = JSON.parse(
        await readFile(at('redrawn', `cells/${method}/4-labels/seed-1/cell.json`), 'utf8'),
      );
      const refinement = cell.works.findLast((work: string) => work.includes('refinement'));
      const prediction = cell.works.findLast((work: string) => work.includes('prediction'));
      const path = refinement ? `${refinement}/refined/test.json` : `${prediction}/predicted/test.json`;
      const { images } = await coco.read(at('redrawn', path));
      return JSON.stringify(images.map(({ structures }) => structures.map(({ rle }) => rle)));
    };
    const found = await Promise.all(methods.map(masksOf));
    expect(found[0]!.length).toBeGreaterThan(500);
    expect(new Set(found).size).toBe(methods.length);
  });
});

describe('mean teacher + selection', () => {
  it('feeds the masks that agree to the second network, and only those', async () => {
    const run = runDirectory(at('selection'));
    const notes: string[] = [];
    const observer = { ...silentObserver, note: (text: string) => notes.push(text) };
    const context = { run, observer, signal: undefined };
    const { setup } = await prepareSetup(context, config(), {
      labelled: [4],
      models: ['foal'],
      skipBad: false,
    });
    const cell = openCell(setup, 4, 1);
    const answer = findMethod('mean-teacher+selection').masks(cell, 'test') as Prediction;
    const weights: string[] = [];
    for (const agreement of [0, 1.1]) {
      const network = { ...answer.network, agreement };
      for (const work of inOrder([network]).values())
        if (!isDone(run, work)) await doWork(context, setup, work);
      weights.push(await hashFile(directoryOf(run, network).path('network', 'weights.safetensors')));
    }
    expect(notes).toEqual([3, 0].map((n) => `${n} of 3 unlabelled images have masks that agree enough.`));
    expect(weights[0]).not.toBe(weights[1]);
  });
});

describe('test labels', () => {
  it('change figures where they change, and not one byte of a network or a mask', async () => {
    await cp(at('data'), at('relabelled'), { recursive: true });
    const path = at('relabelled', 'test', 'annotations.json');
    const set = await coco.read(path);
    const images = set.images.map((image) => ({ ...image, structures: image.structures.slice(1) }));
    await coco.write?.(path, { ...set, images });
    await cp(at('first'), at('relabelled-run'), { recursive: true });
    const { outcome, told } = await benchmark('relabelled-run', { config: config(at('relabelled')) });
    expect(told.works).toEqual([]);
    expect(outcome.table.splits[0]!.rows).not.toEqual(first.outcome.table.splits[0]!.rows);
    expect(outcome.table.splits[1]!.rows).toEqual(first.outcome.table.splits[1]!.rows);
  });
});

describe('a benchmark that is stopped', () => {
  it('shows what is missing, and goes on to the same bytes', async () => {
    let works = 0;
    const stopped = benchmark('stopped', {}, (kind, controller) => {
      if (kind !== 'check' && ++works === 9) controller.abort(new Error('stop'));
    });
    await expect(stopped).rejects.toThrow('stop');
    expect(existsSync(at('stopped', 'lock.json'))).toBe(false);
    const text = await readFile(at('stopped', 'table.md'), 'utf8');
    expect(text).toMatch(
      /5 of 6 cells are missing.* Next are: U-Net, 2 labelled, seed 1; Raw pseudo labels, 2/,
    );
    expect(text).toMatch(/\| U-Net \| – \| – \|/);

    // A larger grid shows what it lacks before anything of it is done.
    const begun = benchmark('stopped', { labelled: [2, 3, 4] }, (kind, controller) => {
      if (kind !== 'check') controller.abort(new Error('at once'));
    });
    await expect(begun).rejects.toThrow('at once');
    expect(await readFile(at('stopped', 'table.md'), 'utf8')).toMatch(/8 of 9 cells are missing/);

    const { outcome, told } = await benchmark('stopped');
    expect(outcome.table).toEqual(first.outcome.table);
    expect(told.works).toHaveLength(first.told.works.length - 8);
    const networks = await workFolders('first', 'network');
    expect(await workFolders('stopped', 'network')).toEqual(networks);
    for (const name of networks) {
      const file = join('work', name, 'network', 'weights.safetensors');
      expect(await hashFile(at('stopped', file)), name).toBe(await hashFile(at('first', file)));
    }
  });
});

describe('a cell that cannot be done', () => {
  it('is left out with the reason, and the others are done', async () => {
    const { outcome, told } = await benchmark('absurd', {
      config: config(at('data'), ['training.learningRate=1e38']),
      labelled: [2],
    });
    expect(outcome).toMatchObject({ table: { cells: 3, splits: [] }, files: [] });
    expect(outcome.table.missing).toHaveLength(3);
    expect(outcome.table.failures[0]).toMatch(/^Packmule, 2 labelled, seed 1: The loss is/);
    expect(told.notes).toHaveLength(3);
  });
});

describe('what is fixed', () => {
  it('stays: an image that has changed its split is an error', async () => {
    await cp(at('data'), at('moved'), { recursive: true });
    await cp(at('first'), at('moved-run'), { recursive: true });
    const folders = at('moved', 'unlabelled', 'images');
    const [name] = (await readdir(folders)).sort();
    await rename(join(folders, name!), join(folders, `z-${name!}`));
    await expect(benchmark('moved-run', { config: config(at('moved')) })).rejects.toMatchObject({
      name: 'RunError',
      seen: expect.stringMatching(/^Image 1 of the split unlabelled is .* when the benchmark in .* began$/),
      fix: expect.stringContaining('--out'),
    });
  });

  it('is a benchmark that has as many labels, and something to be measured on', async () => {
    await expect(benchmark('many', { labelled: [5] })).rejects.toMatchObject({
      name: 'ConfigError',
      seen: '--labels has 5, and there are 4 labelled images',
    });
    await cp(at('data'), at('bare'), { recursive: true });
    for (const split of ['val', 'test']) await rm(at('bare', split), { recursive: true });
    await expect(benchmark('bare-run', { config: config(at('bare')) })).rejects.toMatchObject({
      name: 'ConfigError',
      seen: expect.stringContaining('neither test nor val'),
    });
  });
});
