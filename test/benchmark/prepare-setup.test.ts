/** What all cells share: fixed by the first start, and sent to processes. */
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { deserialize, serialize } from 'node:v8';
import { beforeEach, describe, expect, it } from 'vitest';
import { writeFileAtomic } from '../../src/base/files.ts';
import { prepareSetup, type Setup } from '../../src/benchmark/setup.ts';
import type { RunConfig } from '../../src/pipeline/config.ts';
import { silentObserver } from '../../src/pipeline/observer.ts';
import { runDirectory } from '../../src/pipeline/run-directory.ts';
import { useFolder } from '../pipeline/folder.ts';
import { tinyConfig, writeTinyData } from '../pipeline/tiny.ts';

const inFolder = useFolder();
const fixed = (): string => inFolder('benchmark', 'benchmark.json');

async function start(change: (config: RunConfig) => RunConfig = (same) => same): Promise<Setup> {
  const context = { run: runDirectory(inFolder('benchmark')), observer: silentObserver, signal: undefined };
  const config = change(tinyConfig(inFolder('data')));
  return (await prepareSetup(context, config, { labelled: [2], models: [], skipBad: false })).setup;
}

let first: Setup;

beforeEach(async () => {
  await writeTinyData(inFolder('data'));
  first = await start();
});

describe('what is fixed', () => {
  it.each([
    ['threads', { threads: 2 }, 'threads is 2, and was 1 when'],
    ['device', { device: 'cuda' }, 'device is cuda, and was cpu when'],
  ] as const)('stays: another %s that is asked for is an error', async (name, asked, seen) => {
    const before = await readFile(fixed(), 'utf8');
    await expect(start((config) => ({ ...config, ...asked }))).rejects.toMatchObject({
      name: 'RunError',
      seen: expect.stringContaining(seen),
      fix: expect.stringMatching(`^Leave ${name} out.*--out`),
    });
    expect(await readFile(fixed(), 'utf8')).toBe(before);
  });

  it('holds where nothing is asked for', async () => {
    const before = await readFile(fixed(), 'utf8');
    const again = await start(({ threads: _, ...config }) => ({ ...config, device: 'auto' }));
    expect(again.compute).toEqual(first.compute);
    expect(await readFile(fixed(), 'utf8')).toBe(before);
  });

  it('has the threads of all cores where an older version did not write them down, from then on', async () => {
    const { threads: _, ...older } = JSON.parse(await readFile(fixed(), 'utf8'));
    await writeFileAtomic(fixed(), JSON.stringify(older));
    await start((config) => ({ ...config, threads: availableParallelism() }));
    expect(JSON.parse(await readFile(fixed(), 'utf8'))).toEqual({
      ...older,
      threads: availableParallelism(),
    });
  });
});

describe('lessons', () => {
  it('are data alone: nothing is computed where they are sent to a process', () => {
    const properties = [...first.lessons.values()].flatMap((lesson) =>
      Object.values(Object.getOwnPropertyDescriptors(lesson)),
    );
    expect(properties.filter(({ get, value }) => get ?? typeof value === 'function')).toEqual([]);
    expect(deserialize(serialize(first.lessons))).toEqual(first.lessons);
  });
});
