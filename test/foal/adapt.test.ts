/** Adapting a tiny Foal: copies are measured on what they have not seen, and the best of them decide. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { createRng } from '../../src/base/rng.ts';
import { type AdaptCase, type AdaptOptions, adaptFoal, foldModel } from '../../src/foal/adapt.ts';
import { FOAL_FILE } from '../../src/foal/train.ts';
import { loadSamCheckpoint, weightsHash } from '../../src/sam/checkpoint.ts';
import { temporaryFolder } from '../temporary.ts';
import { drawScene } from './scenes.ts';
import { tinyFoalCheckpoint } from './tiny.ts';

let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder();
});

const cases: readonly AdaptCase[] = Array.from({ length: 4 }, (_, i) => ({
  id: String(i),
  read: async () => {
    const { image, objects } = drawScene(createRng(i), 96, 96);
    return { image, objects, roughs: objects };
  },
}));

const base: AdaptOptions = {
  base: tinyFoalCheckpoint(64),
  cases,
  folds: [],
  steps: 8,
  seed: 1,
  data: 'triangles',
  directory: '',
  threads: 1,
};

/** Trainings take seconds, or minutes where other work takes the processor. */
describe('adaptFoal', { timeout: 300_000 }, () => {
  it('trains a model on all images for as long as the copy took that was best', async () => {
    const answers = [0.5, 0.4, 0.52, 0.6, 0.59];
    const measure = async (): Promise<number> => answers.shift() ?? 0.55;
    const progress: number[] = [];
    const onProgress = (share: number): number => progress.push(share);
    const folds = [{ learns: cases.slice(1), measure }];
    const result = await adaptFoal({ ...base, folds, directory: folder, onProgress });
    expect(result).toMatchObject({ before: 0.5, after: 0.6, steps: 3, kept: true });
    expect(result.folds[0]!.curve.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
    expect(progress.at(-1)).toBe(1);
    expect(await stepsOf(folder)).toEqual([1, 2, 3]);

    const hashes = await Promise.all(
      [foldModel(folder, 0), join(folder, FOAL_FILE)].map(async (path) =>
        weightsHash((await loadSamCheckpoint(path)).weights),
      ),
    );
    expect(new Set([...hashes, weightsHash(base.base.weights)]).size).toBe(3);
  });

  it('keeps the model as it was where no copy is better', async () => {
    const answers = [0.6, 0.5, 0.601];
    const measure = async (): Promise<number> => answers.shift() ?? 0.55;
    const folds = [{ learns: cases.slice(1), measure }];
    const result = await adaptFoal({ ...base, folds, directory: folder });
    expect(result).toMatchObject({ before: 0.6, after: 0.601, kept: false });
    expect(existsSync(join(folder, FOAL_FILE))).toBe(false);
  });
});

async function stepsOf(directory: string): Promise<number[]> {
  const lines = (await readFile(join(directory, 'log.jsonl'), 'utf8')).trim().split('\n');
  return lines.map((line) => (JSON.parse(line) as { step: number }).step);
}
