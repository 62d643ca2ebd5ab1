import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { hashFile } from '../../src/base/hash.ts';
import type { InstanceSource } from '../../src/dataset/instances/types.ts';
import { scoreBoxes, scoreHeldOut, tryModel } from '../../src/foal/evaluate.ts';
import { drawImages, openSupply, type Supply } from '../../src/foal/supply.ts';
import { FOAL_DEFAULTS, FOAL_FILE, foalTask } from '../../src/foal/task.ts';
import type { Weights } from '../../src/nn/parameters.ts';
import { type PromptedLog, type PromptedOptions, trainPrompted } from '../../src/prompted/train.ts';
import { loadSamCheckpoint } from '../../src/sam/checkpoint.ts';
import { SamPredictor } from '../../src/sam/predictor.ts';
import { temporaryFolder } from '../temporary.ts';
import { triangles } from './scenes.ts';
import { tinyFoal } from './tiny.ts';

let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder();
});

const config = tinyFoal(64);
const lesson = { config, batch: 2, prompts: 2, seed: 3, imageAt: supplyOf(triangles), data: 'triangles' };
const base = {
  task: foalTask(lesson),
  length: { steps: 5 },
  learningRate: 4e-3,
  schedule: FOAL_DEFAULTS.schedule,
  threads: 1,
} as const;

/** Trainings take seconds, or minutes where other work takes the processor. */
describe('training Foal', { timeout: 300_000 }, () => {
  it('learns masks that the ellipse in the box is far from', async () => {
    const heldOut = [{ name: 'others', images: await drawImages(triangles, 6) }];
    const task = foalTask({ ...lesson, batch: 4 });
    const measure = (weights: Weights) =>
      tryModel({ name: 'tiny', config, weights }, base, (model) => scoreHeldOut(model, heldOut));
    const curve = await trainPrompted({ ...base, task, length: { steps: 300 }, measure, directory: folder });
    const last = curve.at(-1)!;

    const { name, weights } = await loadSamCheckpoint(join(folder, FOAL_FILE));
    const model = new SamPredictor({ name, config, weights }, { threads: 1 });
    const score = await scoreBoxes(model, heldOut[0]!.images, { leastArea: 1 });
    await model.close();
    expect(score).toMatchObject({ images: 6, objects: 12 });
    expect(score.dice).toBeGreaterThan(score.ellipseDice! + 0.05);
    // Half precision hardly moves a mask.
    expect(score.dice).toBeCloseTo(last.dice!.others!, 2);

    // Another training goes on from there, and is told of after which steps it is measured.
    const directory = join(folder, 'more');
    const scores: [number, Float32Array][] = [];
    const again = await trainPrompted({
      ...base,
      task: foalTask({ ...lesson, start: weights }),
      length: { steps: 3 },
      learningRate: 1e-4,
      measure: async (now: Weights, step) => {
        scores.push([step, now.get('mask_decoder.iou_token.weight')!.data.slice()]);
        return { any: step / 10 };
      },
      directory,
    });
    expect(again.map(({ dice }) => dice)).toEqual([{ any: 0.1 }, { any: 0.2 }, { any: 0.3 }]);
    expect(scores.map(([step]) => step)).toEqual([1, 2, 3]);
    const last3 = await loadSamCheckpoint(join(directory, FOAL_FILE));
    const token = last3.weights.get('mask_decoder.iou_token.weight')!.data;
    const distance = (other: Float32Array): number =>
      Math.max(...token.map((value, i) => Math.abs(value - other[i]!)));
    expect(distance(scores[2]![1])).toBeLessThan(1e-3);
    const { dice } = await tryModel({ name, config, weights: last3.weights }, base, (tried) =>
      scoreBoxes(tried, heldOut[0]!.images, { leastArea: 1 }),
    );
    expect(dice).toBeCloseTo(score.dice!, 1);
  });

  it('goes on from where it was stopped and ends with the same bytes', async () => {
    const [whole, parts] = [join(folder, 'whole'), join(folder, 'parts')];
    const curve = await trainPrompted({ ...base, directory: whole });
    expect(curve.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5]);

    for (const at of [2, 4]) {
      const stop = new AbortController();
      const onLog = ({ step }: PromptedLog): void => {
        if (step === at) stop.abort(new Error(`stopped at ${at}`));
      };
      const training = trainPrompted({ ...base, directory: parts, onLog, signal: stop.signal });
      await expect(training).rejects.toThrow(`stopped at ${at}`);
    }
    const rest: number[] = [];
    const going = await trainPrompted({ ...base, directory: parts, onLog: ({ step }) => rest.push(step) });
    expect(rest).toEqual([5]);
    const figures = ({ seconds, ...others }: PromptedLog) => others;
    expect(going.map(figures)).toEqual(curve.map(figures));
    expect(await hashFile(join(parts, FOAL_FILE))).toBe(await hashFile(join(whole, FOAL_FILE)));
    const lines = (await readFile(join(parts, 'log.jsonl'), 'utf8')).trim().split('\n');
    expect(lines.map((line) => JSON.parse(line).step)).toEqual([1, 2, 3, 4, 5]);

    // A finished training is not repeated; another one is not taken for it.
    expect(await trainPrompted({ ...base, task: withImages(failing), directory: whole })).toEqual(curve);
    const other = { ...base, task: withImages(failing, 4) };
    await expect(trainPrompted({ ...other, directory: whole })).rejects.toThrow('nothing is drawn');
  });
});

function supplyOf(source: InstanceSource): Supply {
  return openSupply({ sources: [source], config: tinyFoal(64), count: 2, seed: 3 });
}

const withImages = (source: InstanceSource, seed = lesson.seed): PromptedOptions['task'] =>
  foalTask({ ...lesson, seed, imageAt: supplyOf(source) });

const failing: InstanceSource = {
  name: 'triangles',
  sample: () => Promise.reject(new Error('nothing is drawn')),
};
