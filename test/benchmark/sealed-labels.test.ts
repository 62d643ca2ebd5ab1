/** Test labels are out of reach of all that a benchmark makes. */
import { readdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { openCell } from '../../src/benchmark/cell.ts';
import { evaluateCell } from '../../src/benchmark/evaluate.ts';
import { doWork } from '../../src/benchmark/make.ts';
import { findMethod } from '../../src/benchmark/methods/index.ts';
import { prepareSetup } from '../../src/benchmark/setup.ts';
import { inOrder } from '../../src/benchmark/work.ts';
import { silentObserver } from '../../src/pipeline/observer.ts';
import { runDirectory } from '../../src/pipeline/run-directory.ts';
import { tinyConfig, writeTinyData } from '../pipeline/tiny.ts';
import { temporaryFolder } from '../temporary.ts';

describe('test labels', () => {
  it('are not in what works are made from, and no work opens their file', async () => {
    const folder = await temporaryFolder();
    const data = join(folder, 'data');
    await writeTinyData(data, { labelled: 4, val: 2, test: 3, unlabelled: 3 });
    const config = tinyConfig(data, ['training.epochs=2', 'training.inputSize=[32, 32]']);
    const run = runDirectory(join(folder, 'run'));
    const context = { run, observer: silentObserver, signal: undefined };
    const { setup, truth } = await prepareSetup(context, config, {
      labelled: [4],
      models: [],
      skipBad: false,
    });
    for (const { split, structures } of setup.checked.dataset.cases)
      expect(structures === undefined, split).toBe(split !== 'labelled');
    for (const split of ['val', 'test']) await rm(join(data, split, 'annotations.json'));

    const cell = openCell(setup, 4, 1);
    const masks = new Map(truth.splits.map((split) => [split, findMethod('packmule').masks(cell, split)]));
    for (const work of inOrder([...masks.values()]).values()) await doWork(context, setup, work);
    const name = { method: 'packmule', labelled: 4, seed: 1 };
    const locked = {
      ...truth,
      read: () => {
        throw new Error('the labels are read');
      },
    };
    await expect(evaluateCell(run, name, masks, locked, 100)).rejects.toThrow('the labels are read');
    expect((await evaluateCell(run, name, masks, truth, 100)).results).toHaveLength(2);
  });

  it('are named in the files that prepare, pass on, measure and show, and in no other', () => {
    const room = fileURLToPath(new URL('../../src/benchmark', import.meta.url));
    const files = readdirSync(room, { recursive: true }).map(String);
    const naming = files.filter(
      (name) => name.endsWith('.ts') && /\bTruth\b|truthSet/.test(readFileSync(join(room, name), 'utf8')),
    );
    expect(naming.sort()).toEqual(['evaluate.ts', 'figure.ts', 'run.ts', 'setup.ts']);
  });
});
