import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { float32 } from '../../src/tensor/array.ts';
import { encodeSafetensors, parseSafetensors } from '../../src/tensor/safetensors.ts';
import { loadState, saveState, trainingState } from '../../src/training/checkpoint.ts';
import { temporaryFolder } from '../temporary.ts';

let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder();
});

const EXPECTED = { schema: trainingState, lengths: { parameters: 3, average: 3 } };
const STATE = {
  step: 4,
  lossSum: 0.5,
  seconds: 9,
  rng: [1, 2, 3, 4] as const,
  curve: [{ epoch: 1, epochs: 2, loss: 1, learningRate: 1e-3, seconds: 4 }],
  vectors: { parameters: float32([3], [1, 2, 3]), average: float32([3], [4, 5, 6]) },
};

describe('the state of a training', () => {
  it('is read as it was saved, by the same training alone', async () => {
    expect(await loadState(folder, 'key', EXPECTED)).toBeUndefined();
    await saveState(folder, 'key', STATE);
    expect(await loadState(folder, 'key', EXPECTED)).toEqual(STATE);
    expect(await loadState(folder, 'other', EXPECTED)).toBeUndefined();
  });

  const path = () => join(folder, 'checkpoint', 'state.safetensors');

  /** Writes the saved file again with another state or other vectors. */
  async function tamper(state: string | undefined, vectors = STATE.vectors as object): Promise<void> {
    const { metadata } = await parseSafetensors(await readFile(path()));
    const changed = { key: metadata.key!, ...(state !== undefined && { state }) };
    await writeFile(path(), encodeSafetensors(new Map(Object.entries(vectors)), changed));
  }

  it.each<[string, () => Promise<void>]>([
    ['is cut off', async () => writeFile(path(), (await readFile(path())).subarray(0, 100))],
    ['is no checkpoint', () => writeFile(path(), 'text')],
    ['has no state', () => tamper(undefined)],
    ['has a state that is no JSON', () => tamper('{')],
    ['has a state without its parts', () => tamper('{}')],
    ['has a generator of one word', () => tamper(JSON.stringify({ ...STATE, vectors: 0, rng: [1] }))],
    ['lacks a vector', () => tamper(JSON.stringify(STATE), { parameters: STATE.vectors.parameters })],
    [
      'has a vector of another length',
      () => tamper(JSON.stringify(STATE), { ...STATE.vectors, average: float32([2], [1, 2]) }),
    ],
  ])('that %s is refused, with the file to delete', async (_, damage) => {
    await saveState(folder, 'key', STATE);
    await damage();
    await expect(loadState(folder, 'key', EXPECTED)).rejects.toMatchObject({
      name: 'CheckpointError',
      seen: expect.stringContaining(path()),
      fix: expect.stringContaining('Delete the file'),
    });
  });
});
