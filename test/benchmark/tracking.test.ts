/** What TensorBoard and MLflow are told of the cells of a benchmark. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { AnnotationSet } from '../../src/annotations/types.ts';
import type { CellResult } from '../../src/benchmark/evaluate.ts';
import { trackCells } from '../../src/benchmark/tracking.ts';
import { evaluateSet } from '../../src/evaluate/summary.ts';
import { encodeRle } from '../../src/masks/rle.ts';
import { silentObserver } from '../../src/pipeline/observer.ts';
import { runDirectory } from '../../src/pipeline/run-directory.ts';
import { tinyConfig } from '../pipeline/tiny.ts';
import { temporaryFolder } from '../temporary.ts';
import { startMlflow } from '../track/mlflow-server.ts';
import { readEvents } from '../track/read-events.ts';

/**
 * A bar of 10 px, found but for `lack` px; a second class is there in truth or in what is found, but not in both. On val
 * there is nothing to be found.
 */
function cell(seed: number, lack: number): CellResult {
  const set = (px: number, other: string): AnnotationSet => ({
    classes: ['a', 'b'],
    images: ['0.png', '1.png'].map((fileName) => ({
      fileName,
      height: 1,
      width: 10,
      structures: [px, ...(fileName === other ? [10] : [])].map((length, classIndex) => ({
        classIndex,
        rle: encodeRle({ height: 1, width: 10, data: new Uint8Array(10).fill(1, 0, length) }),
      })),
    })),
  });
  const evaluation = evaluateSet(set(10, '0.png'), set(10 - lack, '1.png'), { resamples: 100, surface: {} });
  const { surface: _, ...rest } = evaluation;
  return {
    ...{ method: 'unet+sam', labelled: 5, seed, key: '', works: [], minutes: 9 },
    results: [
      { split: 'val', evaluation: { ...rest, overall: NOTHING, perClass: [] } },
      { split: 'test', evaluation },
    ],
  };
}
const NONE = { mean: null, n: 0, interval: null, perImageMean: null, perImageStd: null };
const NOTHING = { dice: { present: NONE, counted: NONE }, iou: { present: NONE, counted: NONE } };

/** Of the bars, one class b that is missed, and one that is invented. */
const dice = 10 / 15;
const FIGURES = {
  'dice/test': (2 * dice) / 3,
  'diceCounted/test': (2 * dice) / 4,
  'iou/test': (2 * 0.5) / 3,
  'iouCounted/test': (2 * 0.5) / 4,
  'hd95/test': 4.55,
  'assd/test': 1,
  'detectionRate/test': 2 / 3,
};

async function told(set: readonly string[], cells: readonly CellResult[]) {
  const folder = await temporaryFolder();
  const notes: string[] = [];
  const observer = { ...silentObserver, note: (text: string) => notes.push(text) };
  const context = { run: runDirectory(folder), observer, signal: undefined };
  const tell = async (): Promise<void> => {
    const tracker = trackCells(context, tinyConfig('/none', set));
    for (const each of cells) tracker.cell(each);
    await tracker.end();
  };
  await tell();
  return { folder, notes, again: tell };
}

describe('a benchmark', () => {
  it('has a run of MLflow for each cell, the same one when the cell is measured again', async () => {
    const mlflow = await startMlflow();
    onTestFinished(() => mlflow.close());
    const set = [`log.mlflow.uri=${mlflow.uri}`, 'log.mlflow.experiment=teeth'];
    const { again } = await told(set, [cell(1, 5), cell(2, 5)]);
    expect(mlflow.runs).toMatchObject(
      [1, 2].map((seed) => ({
        experiment: 'teeth',
        name: `unet+sam/5/${seed}`,
        status: 'FINISHED',
        params: { method: 'unet+sam', labels: '5', seed: String(seed) },
      })),
    );
    const [first] = mlflow.runs;
    expect(Object.fromEntries(first!.metrics.map(({ key, value }) => [key, value]))).toEqual(
      Object.fromEntries(Object.entries(FIGURES).map(([key, value]) => [key, expect.closeTo(value, 6)])),
    );
    await again();
    expect(mlflow.runs).toHaveLength(2);
    expect(mlflow.runs.map(({ status }) => status)).toEqual(['FINISHED', 'FINISHED']);
    expect(first!.metrics).toHaveLength(2 * Object.keys(FIGURES).length);
  });

  it('has a folder of event files for each cell', async () => {
    const { folder } = await told(['log.tensorboard=true'], [cell(1, 5), cell(2, 0)]);
    const scalars = async (seed: number) => {
      const path = join(folder, 'tensorboard/unet+sam/5', String(seed), 'evaluation');
      return readEvents(await readFile(join(path, 'events.out.tfevents.packmule'))).at(-1)!.scalars;
    };
    expect(await scalars(1)).toEqual(
      Object.fromEntries(Object.entries(FIGURES).map(([key, value]) => [key, expect.closeTo(value, 6)])),
    );
    expect(await scalars(2)).toMatchObject({ 'assd/test': 0, 'hd95/test': 0 });
  });

  it('notes once that nobody listens, however many cells there are', async () => {
    const { notes } = await told(['log.mlflow.uri=http://127.0.0.1:9'], [cell(1, 5), cell(2, 5), cell(3, 5)]);
    expect(notes).toEqual([expect.stringMatching(/^MLflow at http:\/\/127.0.0.1:9 cannot be told/)]);
  });
});
