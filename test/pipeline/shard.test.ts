import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { coco } from '../../src/annotations/coco.ts';
import { ConfigError, RunError } from '../../src/base/errors.ts';
import { acquireLock } from '../../src/pipeline/lock.ts';
import { silentObserver } from '../../src/pipeline/observer.ts';
import { predictImages, predictPart } from '../../src/pipeline/predict-images.ts';
import { type RunOptions, type RunOutcome, runPipeline } from '../../src/pipeline/run.ts';
import { runDirectory } from '../../src/pipeline/run-directory.ts';
import { parseShard, type Shard, shardOf } from '../../src/pipeline/shard.ts';
import { temporaryFolder } from '../temporary.ts';
import { tinyConfig, writeTinyData } from './tiny.ts';

describe('parts', () => {
  it('are written as which of how many', () => {
    expect(parseShard('2/4')).toEqual({ index: 2, count: 4 });
  });

  it.each(['0/4', '5/4', '1', '1/0', 'a/b', '-1/2', '1/2/3', '1.5/2', ''])('are not %j', (text) => {
    expect(() => parseShard(text)).toThrow(ConfigError);
  });

  it('are all items once, and equally many but for one', () => {
    fc.assert(
      fc.property(fc.array(fc.nat()), fc.integer({ min: 1, max: 12 }), (values, count) => {
        const items = values.map((value, i) => ({ value, i }));
        const parts = Array.from({ length: count }, (_, i) => shardOf(items, { index: i + 1, count }));
        expect(parts.flat().sort((a, b) => a.i - b.i)).toEqual(items);
        const lengths = parts.map(({ length }) => length);
        expect(Math.max(...lengths) - Math.min(...lengths)).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe('a run in parts', () => {
  let folder = '';
  let copies = 0;
  const at = (...parts: string[]): string => join(folder, ...parts);

  beforeAll(async () => {
    folder = await temporaryFolder();
    await writeTinyData(at('data'));
    await runPipeline(tinyConfig(at('data')), { folder: at('trained'), until: 'initial' });
    await cp(at('trained'), at('whole'), { recursive: true });
    await runPipeline(tinyConfig(at('data')), { folder: at('whole') });
  });

  async function copyOf(name: string): Promise<string> {
    const copy = at(`copy-${++copies}`);
    await cp(at(name), copy, { recursive: true });
    return copy;
  }

  const go = (run: string, options: Partial<RunOptions>): Promise<RunOutcome> =>
    runPipeline(tinyConfig(at('data')), { folder: run, ...options });

  const parts = (count: number): Shard[] =>
    Array.from({ length: count }, (_, i) => ({ index: i + 1, count }));

  async function expectWhole(run: string, folders: readonly string[]): Promise<void> {
    for (const name of folders) {
      const files = await readdir(at('whole', name));
      expect((await readdir(join(run, name))).sort()).toEqual(files.sort());
      // The log of a training tells its seconds.
      for (const file of files.filter((other) => other !== 'log.jsonl')) {
        expect(await readFile(join(run, name, file)), `${name}/${file}`).toEqual(
          await readFile(at('whole', name, file)),
        );
      }
    }
    expect((await readdir(join(run, 'stages'))).filter((name) => !name.endsWith('.json'))).toEqual([]);
  }

  it('ends with the same bytes, with parts at the same time and while the run is locked', async () => {
    const run = await copyOf('trained');
    const release = await acquireLock(runDirectory(run).lock);
    await rm(join(run, 'checked.json'));
    const predicted = await Promise.all(parts(3).map((shard) => go(run, { until: 'predict', shard })));
    expect(predicted.map(({ stages }) => stages.at(-1)?.part?.images)).toEqual([3, 3, 2]);
    await release();
    const found = await readdir(run);
    expect(found).not.toContain('predicted');
    expect(found).not.toContain('checked.json');
    await go(run, { until: 'predict' });
    await expectWhole(run, ['predicted', 'selected', 'settled']);
    expect(await readFile(join(run, 'checked.json'))).toEqual(await readFile(at('whole', 'checked.json')));

    await go(run, { until: 'closeUp' });
    for (const shard of parts(2)) await go(run, { until: 'trust', shard });
    await go(run, { until: 'final' });
    await Promise.all(parts(2).map((shard) => go(run, { until: 'evaluate', shard })));
    await go(run, {});
    await expectWhole(run, ['refined', 'trust', 'final', 'final-selected']);
    expect(await readFile(join(run, 'evaluation.json'))).toEqual(
      await readFile(at('whole', 'evaluation.json')),
    );
  });

  it('takes up what parts have done, and does the rest', async () => {
    const run = await copyOf('trained');
    await go(run, { until: 'predict', shard: { index: 1, count: 2 } });
    const [journals] = (await readdir(join(run, 'stages'), { withFileTypes: true })).filter((entry) =>
      entry.isDirectory(),
    );
    const [name] = await readdir(join(run, 'stages', journals!.name));
    const path = join(run, 'stages', journals!.name, name!);
    const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
    expect(lines).toHaveLength(4);
    // As if the process had been killed while it wrote the second line; the first is not what a network would say.
    const [id] = JSON.parse(lines[0]!) as [string];
    const nothing = JSON.stringify([id, { predicted: [], selected: [], settled: [] }]);
    await writeFile(path, `${nothing}\n${lines[1]!.slice(0, 20)}`);
    const again = await go(run, { until: 'predict', shard: { index: 1, count: 2 } });
    expect(again.stages.at(-1)?.part).toMatchObject({ images: 4, before: 1 });
    await go(run, { until: 'predict' });
    const images = await Promise.all(
      ['val.json', 'test.json', 'annotations.json'].map(async (file) => {
        const read = async (folderOf: string) => (await coco.read(join(folderOf, 'predicted', file))).images;
        const [ours, whole] = [await read(run), await read(at('whole'))];
        return ours.flatMap((image, i) =>
          JSON.stringify(image) === JSON.stringify(whole[i]) ? [] : [image],
        );
      }),
    );
    expect(images.flat()).toMatchObject([{ structures: [] }]);
    expect(images.flat()[0]!.fileName).toContain(id);
  });

  it('does nothing where all is done', async () => {
    const run = await copyOf('whole');
    const { stages } = await go(run, { until: 'evaluate', shard: { index: 1, count: 2 } });
    expect(stages.every(({ skipped }) => skipped)).toBe(true);
  });

  it('is refused before the networks are trained, or where settings differ', async () => {
    const shard = { index: 1, count: 2 };
    await expect(go(at('nothing'), { until: 'predict', shard })).rejects.toThrow(RunError);
    const run = await copyOf('trained');
    const other = tinyConfig(at('data'), ['training.epochs=4']);
    const refused = runPipeline(other, { folder: run, until: 'predict', shard });
    await expect(refused).rejects.toMatchObject({
      seen: expect.stringContaining('stage initial'),
      fix: expect.stringContaining('packmule train'),
    });
    expect(await readFile(join(run, 'config.json'))).toEqual(await readFile(at('trained', 'config.json')));
  });

  it('goes on with as many threads as it began with, on a machine with others', async () => {
    const { threads: _, ...free } = tinyConfig(at('data'));
    const run = await copyOf('trained');
    const record = JSON.parse(await readFile(join(run, 'config.json'), 'utf8')) as object;
    expect(record).toMatchObject({ threads: 1 });
    const { stages } = await runPipeline(free, { folder: run, until: 'initial' });
    expect(stages.every(({ skipped }) => skipped)).toBe(true);
  });

  it('masks other images in parts too', async () => {
    const run = runDirectory(at('whole'));
    const context = { run, observer: silentObserver, signal: undefined };
    const predict = (name: string) => ({
      paths: [at('data', 'unlabelled', 'images')],
      out: at(name),
      refine: true,
      compute: { threads: 1 },
      embeddings: at('embeddings'),
    });
    await predictImages(context, predict('others'));
    await mkdir(at('others-in-parts'));
    await Promise.all(parts(3).map((shard) => predictPart(context, predict('others-in-parts'), shard)));
    const { images } = await predictImages(context, predict('others-in-parts'));
    expect(images).toBe(4);
    const files = await readdir(at('others'));
    expect((await readdir(at('others-in-parts'))).sort()).toEqual(files.sort());
    for (const file of files) {
      expect(await readFile(at('others-in-parts', file))).toEqual(await readFile(at('others', file)));
    }
  });

  it('masks other images without those that cannot be read, where that is asked for, and says which', async () => {
    await cp(at('data', 'unlabelled', 'images'), at('spoilt'), { recursive: true });
    await writeFile(at('spoilt', 'bad.png'), 'no image');
    const notes: string[] = [];
    const observer = { ...silentObserver, note: (text: string) => void notes.push(text) };
    const context = { run: runDirectory(at('whole')), observer, signal: undefined };
    const options = {
      paths: [at('spoilt')],
      out: at('of-spoilt'),
      refine: false,
      compute: { threads: 1 },
      embeddings: at('embeddings'),
    };
    await expect(predictImages(context, options)).rejects.toThrow(/bad\.png/);
    const { images } = await predictImages(context, { ...options, skipBad: true });
    expect([images, notes]).toEqual([4, [expect.stringMatching(/^Left out: .*bad\.png/)]]);
  });
});
