import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { hashFile } from '../../src/base/hash.ts';
import type { InstanceSource } from '../../src/dataset/instances/types.ts';
import { scoreBoxes, scoreHeldOut, tryModel } from '../../src/foal/evaluate.ts';
import { drawImages, openSupply, type Supply } from '../../src/foal/supply.ts';
import { bestOf, FOAL_DEFAULTS, FOAL_FILE, type FoalLog, trainFoal } from '../../src/foal/train.ts';
import type { Weights } from '../../src/nn/parameters.ts';
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
const base = {
  config,
  settings: { ...FOAL_DEFAULTS, batch: 2, prompts: 2, learningRate: 4e-3, seed: 3, length: { steps: 5 } },
  imageAt: supplyOf(triangles),
  data: 'triangles',
  threads: 1,
} as const;

/** Trainings take seconds, or minutes where other work takes the processor. */
describe('trainFoal', { timeout: 300_000 }, () => {
  it('learns masks that the ellipse in the box is far from', async () => {
    const heldOut = [{ name: 'others', images: await drawImages(triangles, 6) }];
    const settings = { ...base.settings, batch: 4, length: { steps: 300 } };
    const measure = (weights: Weights) =>
      tryModel({ name: 'tiny', config, weights }, base, (model) => scoreHeldOut(model, heldOut));
    const curve = await trainFoal({ ...base, settings, measure, directory: folder });
    const last = curve.at(-1)!;

    const { name, weights } = await loadSamCheckpoint(join(folder, FOAL_FILE));
    const model = new SamPredictor({ name, config, weights }, { threads: 1 });
    const score = await scoreBoxes(model, heldOut[0]!.images, { leastArea: 1 });
    await model.close();
    expect(score).toMatchObject({ images: 6, objects: 12 });
    expect(score.dice).toBeGreaterThan(score.ellipseDice! + 0.05);
    // Half precision hardly moves a mask.
    expect(score.dice).toBeCloseTo(last.dice!.others!, 2);

    // Another training goes on from there, and may keep the weights that measured best instead of the last.
    const answers = [0.2, 0.9, 0.3];
    const directory = join(folder, 'more');
    const more = {
      ...base,
      settings: { ...settings, learningRate: 1e-4, length: { steps: 3 } },
      start: weights,
    };
    const scores: unknown[] = [];
    const remember = async (now: Weights): Promise<Record<string, number>> => {
      scores.push(now.get('mask_decoder.iou_token.weight')!.data.slice());
      return { any: answers.shift()! };
    };
    const again = await trainFoal({ ...more, measure: remember, keepBest: true, directory });
    expect(bestOf(again)).toMatchObject({ step: 2, dice: { any: 0.9 } });
    const kept = await loadSamCheckpoint(join(directory, FOAL_FILE));
    const token = kept.weights.get('mask_decoder.iou_token.weight')!.data;
    const distance = (other: unknown): number =>
      Math.max(...token.map((value, i) => Math.abs(value - (other as Float32Array)[i]!)));
    expect(distance(scores[1])).toBeLessThan(1e-3);
    const { dice } = await tryModel({ name, config, weights: kept.weights }, base, (tried) =>
      scoreBoxes(tried, heldOut[0]!.images, { leastArea: 1 }),
    );
    expect(dice).toBeCloseTo(score.dice!, 1);
  });

  it('goes on from where it was stopped and ends with the same bytes', async () => {
    const [whole, parts] = [join(folder, 'whole'), join(folder, 'parts')];
    const curve = await trainFoal({ ...base, directory: whole });
    expect(curve.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5]);

    for (const at of [2, 4]) {
      const stop = new AbortController();
      const onLog = ({ step }: FoalLog): void => {
        if (step === at) stop.abort(new Error(`stopped at ${at}`));
      };
      const training = trainFoal({ ...base, directory: parts, onLog, signal: stop.signal });
      await expect(training).rejects.toThrow(`stopped at ${at}`);
    }
    const rest: number[] = [];
    const going = await trainFoal({ ...base, directory: parts, onLog: ({ step }) => rest.push(step) });
    expect(rest).toEqual([5]);
    const figures = ({ seconds, ...others }: FoalLog) => others;
    expect(going.map(figures)).toEqual(curve.map(figures));
    expect(await hashFile(join(parts, FOAL_FILE))).toBe(await hashFile(join(whole, FOAL_FILE)));
    const lines = (await readFile(join(parts, 'log.jsonl'), 'utf8')).trim().split('\n');
    expect(lines.map((line) => JSON.parse(line).step)).toEqual([1, 2, 3, 4, 5]);

    // A finished training is not repeated; another one is not taken for it.
    expect(await trainFoal({ ...base, directory: whole, imageAt: supplyOf(failing) })).toEqual(curve);
    const other = { ...base, settings: { ...base.settings, seed: 4 }, imageAt: supplyOf(failing) };
    await expect(trainFoal({ ...other, directory: whole })).rejects.toThrow('nothing is drawn');
  });
});

function supplyOf(source: InstanceSource): Supply {
  return openSupply({ sources: [source], config: tinyFoal(64), count: 2, seed: 3 });
}

const failing: InstanceSource = {
  name: 'triangles',
  sample: () => Promise.reject(new Error('nothing is drawn')),
};
