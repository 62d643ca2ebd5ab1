/** Adapting tiny models: copies are measured on what they have not seen, and what that shows decides. */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { type AdaptCase, type AdaptOptions, adaptModel, foldModel } from '../../src/adapt/adapt.ts';
import { foalLearner } from '../../src/adapt/foal.ts';
import { createRng } from '../../src/base/rng.ts';
import { FOAL_FILE } from '../../src/foal/task.ts';
import { loadSamCheckpoint, weightsHash } from '../../src/sam/checkpoint.ts';
import { drawScene } from '../foal/scenes.ts';
import { tinyFoalCheckpoint } from '../foal/tiny.ts';
import { temporaryFolder } from '../temporary.ts';

let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder();
});

const cases: readonly AdaptCase[] = Array.from({ length: 4 }, (_, i) => ({
  id: String(i),
  imageKey: String(i),
  read: async () => {
    const { image, objects } = drawScene(createRng(i), 96, 96);
    return { image, objects, roughs: objects };
  },
}));

const base = tinyFoalCheckpoint(64);
const options: Omit<AdaptOptions, 'folds' | 'directory'> = {
  learner: foalLearner({ base, seed: 1, data: 'triangles', compute: { threads: 1 } }),
  cases,
  steps: 8,
  threads: 1,
};

/** A fold of two images that are measured so, the model as it was first. */
const foldOf = (...answers: [number, number][]): AdaptOptions['folds'] => [
  {
    learns: cases.slice(2),
    measure: async () => {
      const [first, second] = answers.shift() ?? [0.5, 0.5];
      return { first, second };
    },
  },
];

/** Trainings take seconds, or minutes where other work takes the processor. */
describe('adaptModel', { timeout: 300_000 }, () => {
  it('trains a model on all images for as long as was best for images held out', async () => {
    const progress: number[] = [];
    const onProgress = (share: number): number => progress.push(share);
    const folds = foldOf([0.5, 0.4], [0.5, 0.5], [0.6, 0.6], [0.8, 0.7], [0.6, 0.6]);
    const result = await adaptModel({ ...options, folds, directory: folder, onProgress });
    expect(result).toMatchObject({
      heldOut: { before: 0.45, after: 0.75 },
      steps: 3,
      kept: true,
      file: FOAL_FILE,
    });
    expect(result.folds[0]!.curve.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
    expect(progress.at(-1)).toBe(1);
    expect(await stepsOf(folder)).toEqual([1, 2, 3]);

    // Of the copy, what it was after as many steps is kept, and nothing else.
    const copies = (await readdir(join(folder, 'fold-1'))).filter((name) => name.startsWith('after-'));
    expect(copies).toEqual(['after-3.safetensors']);
    const files = [foldModel(folder, 0, 3), join(folder, 'fold-1', FOAL_FILE), join(folder, FOAL_FILE)];
    const hashes = await Promise.all(
      files.map(async (path) => weightsHash((await loadSamCheckpoint(path)).weights)),
    );
    expect(new Set([...hashes, weightsHash(base.weights)]).size).toBe(4);
  });

  it('measures the model as it is once, however often it is started', async () => {
    let measured = 0;
    const measure = async () => ({ only: measured++ / 100 });
    const folds = [{ learns: cases.slice(2), measure }];
    const stopping = new AbortController();
    const onProgress = (): void => stopping.abort();
    const asked = { ...options, folds, directory: folder };
    await expect(adaptModel({ ...asked, onProgress, signal: stopping.signal })).rejects.toThrow();
    // As it is, and after the first step.
    expect(measured).toBe(2);
    const { folds: results } = await adaptModel(asked);
    expect(results[0]).toMatchObject({
      before: { only: 0 },
      curve: Array.from({ length: 8 }, (_, i) => ({ dice: { only: (i + 1) / 100 } })),
    });
    const other = foalLearner({ base, seed: 1, data: 'circles', compute: { threads: 1 } });
    expect((await adaptModel({ ...asked, learner: other })).heldOut!.before).toBe(0.09);
  });

  it('learns for as long as it may where no image is held out', async () => {
    const result = await adaptModel({ ...options, folds: [], directory: folder });
    expect(result).toMatchObject({ steps: options.steps, kept: true, folds: [] });
    expect(result.heldOut).toBeUndefined();
    expect(await stepsOf(folder)).toHaveLength(options.steps);
    expect(await readdir(folder)).toContain(FOAL_FILE);
  });

  it('learns for as long as it may where no mask of an image that is held out can be measured', async () => {
    const folds = [{ learns: cases.slice(2), measure: async () => ({}) }];
    const result = await adaptModel({ ...options, folds, directory: folder });
    expect(result).toMatchObject({ steps: options.steps, kept: true });
    expect(result.heldOut).toBeUndefined();
    expect(existsSync(foldModel(folder, 0, options.steps))).toBe(true);
  });

  it('keeps the model as it was where no copy is better', async () => {
    const folds = foldOf([0.6, 0.6], [0.5, 0.5], [0.601, 0.601]);
    const result = await adaptModel({ ...options, folds, directory: folder });
    expect(result).toMatchObject({ heldOut: { before: 0.6, after: 0.601 }, kept: false });
    expect(existsSync(join(folder, FOAL_FILE))).toBe(false);
    expect((await readdir(join(folder, 'fold-1'))).some((name) => name.startsWith('after-'))).toBe(false);
  });
});

async function stepsOf(directory: string): Promise<number[]> {
  const lines = (await readFile(join(directory, 'log.jsonl'), 'utf8')).trim().split('\n');
  return lines.map((line) => (JSON.parse(line) as { step: number }).step);
}
