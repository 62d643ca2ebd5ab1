/** A benchmark that several processes do: which works are whose, and that the parts make the whole. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { apart, type Grid, jobsOf } from '../../src/benchmark/jobs.ts';
import { directoryOf } from '../../src/benchmark/make.ts';
import { findMethod, METHODS } from '../../src/benchmark/methods/index.ts';
import { runBenchmarkPart } from '../../src/benchmark/part.ts';
import { openBenchmark, runBenchmark } from '../../src/benchmark/run.ts';
import { type RunObserver, silentObserver } from '../../src/pipeline/observer.ts';
import { runDirectory } from '../../src/pipeline/run-directory.ts';
import { useFolder } from '../pipeline/folder.ts';
import { tinyConfig, writeTinyData } from '../pipeline/tiny.ts';
import { bareSetup, COUNTS } from './setup.ts';

const inFolder = useFolder();

describe('cells that have no work in common', () => {
  const grid: Grid = { methods: METHODS, labelled: COUNTS, seeds: 2 };
  const jobs = jobsOf(bareSetup(), ['val', 'test'], grid);
  const groups = apart(jobs);

  it('are in groups, each cell in one', () => {
    expect(groups.flat()).toHaveLength(jobs.length);
    expect(new Set(groups.flat())).toEqual(new Set(jobs));
    const owners = new Map<string, number>();
    for (const [index, group] of groups.entries()) {
      for (const key of group.flatMap(({ works }) => [...works.keys()])) {
        expect(owners.get(key) ?? index, key).toBe(index);
        owners.set(key, index);
      }
    }
  });

  it('are those of another seed or number of labels at least', () => {
    expect(groups.length).toBeGreaterThan(2 * COUNTS.length);
    // What all of them need is the same network.
    const sharing = ['unet', 'unet+random-walker', 'unet+foal'].map(findMethod);
    expect(apart(jobsOf(bareSetup(), ['test'], { ...grid, methods: sharing }))).toHaveLength(
      2 * COUNTS.length,
    );
    const own = (group: (typeof groups)[number]) =>
      group.filter(({ name }) => name.method !== 'fully-supervised').map(({ name }) => name);
    for (const group of groups) {
      expect(new Set(own(group).map(({ labelled, seed }) => `${labelled} ${seed}`)).size).toBe(1);
    }
  });
});

describe('parts of a benchmark', () => {
  const config = () => tinyConfig(inFolder('data'), ['training.epochs=2', 'training.inputSize=[32, 32]']);
  const options = (folder: string, observer: RunObserver = silentObserver) => ({
    folder: inFolder(folder),
    methods: ['unet', 'unet+random-walker'].map(findMethod),
    labelled: [2, 4],
    seeds: 1,
    observer,
  });

  it('that begin at the same time make the whole, which only measures and has the same figures', async () => {
    await writeTinyData(inFolder('data'), { labelled: 4, val: 2, test: 3, unlabelled: 3 });
    const parts = [1, 2, 3].map((index) =>
      runBenchmarkPart(config(), { ...options('parts'), shard: { index, count: 3 } }),
    );
    expect((await Promise.all(parts)).map(({ cells, works, before }) => [cells, works, before])).toEqual([
      [2, 5, 0],
      [2, 5, 0],
      [0, 0, 0],
    ]);
    const again = await runBenchmarkPart(config(), { ...options('parts'), shard: { index: 1, count: 2 } });
    expect(again.before).toBe(again.works);

    const works: string[] = [];
    const observer = { ...silentObserver, stageStarted: (kind: string) => works.push(kind) };
    await runBenchmark(config(), { ...options('parts', observer), jobs: 1 });
    expect(works).toEqual(['check']);
    await runBenchmark(config(), { ...options('whole'), jobs: 1 });
    for (const file of ['benchmark.json', 'figures.csv', 'figures.json', 'table.md']) {
      expect(await readFile(inFolder('parts', file), 'utf8'), file).toBe(
        await readFile(inFolder('whole', file), 'utf8'),
      );
    }
  }, 120_000);

  it('refuse to begin where what was fixed cannot be read', async () => {
    await writeTinyData(inFolder('data'), { labelled: 4, val: 2, test: 3, unlabelled: 3 });
    await mkdir(inFolder('closed', 'benchmark.json'), { recursive: true });
    await expect(
      runBenchmarkPart(config(), { ...options('closed'), shard: { index: 1, count: 1 } }),
    ).rejects.toThrow(/benchmark\.json is damaged or cannot be read/);
  });

  it('take over what a killed process of another machine has left', async () => {
    await writeTinyData(inFolder('data'), { labelled: 4, val: 2, test: 3, unlabelled: 3 });
    const run = runDirectory(inFolder('killed'));
    const context = { run, observer: silentObserver, signal: undefined };
    const asked = { ...options('killed'), labelled: [2] };
    const { setup, truth } = await openBenchmark(context, config(), asked);
    const [work] = [...jobsOf(setup, truth.splits, asked)[0]!.works.values()];
    const { lock, root } = directoryOf(run, work!);
    await mkdir(root, { recursive: true });
    const owner = { pid: 1, host: 'another-machine', started: '2026-01-01', token: 'theirs' };
    await writeFile(lock, JSON.stringify(owner));

    await expect(runBenchmark(config(), { ...asked, jobs: 1 })).rejects.toThrow(
      /Process 1 on another-machine/,
    );
    const part = await runBenchmarkPart(config(), { ...asked, shard: { index: 1, count: 1 } });
    expect(part).toMatchObject({ cells: 2, before: 0 });
    await expect(readFile(join(root, 'work.json'), 'utf8')).resolves.toContain('seconds');
  }, 120_000);
});
