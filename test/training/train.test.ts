import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { TrainingError } from '../../src/base/errors.ts';
import type { Weights } from '../../src/nn/parameters.ts';
import { readWeights } from '../../src/training/fit.ts';
import { openPredictor, probabilitiesToMasks } from '../../src/training/predictor.ts';
import { trainNetwork } from '../../src/training/train.ts';
import type { EpochLog } from '../../src/training/types.ts';
import { temporaryFolder } from '../temporary.ts';
import { CLASSES, SETTINGS, syntheticPlan, syntheticSamples } from './synthetic.ts';

let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder();
});

const base = {
  plan: syntheticPlan('exclusive'),
  settings: SETTINGS,
  samples: syntheticSamples(8, 1),
  validation: syntheticSamples(3, 2),
  seed: 5,
  threads: 1,
};

async function digest(directory: string): Promise<string[]> {
  const files = await Promise.all(
    ['weights.safetensors', 'model.onnx'].map((name) => readFile(join(directory, name))),
  );
  return files.map((bytes) => createHash('sha256').update(bytes).digest('hex'));
}

describe('trainNetwork', () => {
  for (const head of ['exclusive', 'overlapping'] as const) {
    it(`learns a simple task with the ${head} head and exports a network that predicts it`, async () => {
      const { curve } = await trainNetwork({
        ...base,
        plan: syntheticPlan(head),
        directory: folder,
        settings: { ...SETTINGS, epochs: 40, averageDecay: 0.9 },
      });
      expect(curve.at(-1)!.loss).toBeLessThan(curve[0]!.loss / 2);
      expect(curve.at(-1)!.validationDice).toBeGreaterThan(0.75);

      const predictor = await openPredictor(join(folder, 'model.onnx'), { threads: 1 });
      expect(predictor.plan.classes).toEqual(CLASSES);
      const image = await base.validation[0]!.read();
      const maps = await predictor.predict(image);
      await predictor.close();
      expect([maps.classes, maps.height, maps.width]).toEqual([2, image.height, image.width]);
      expect(probabilitiesToMasks(maps, head).map(({ classIndex }) => classIndex)).toEqual([0, 1]);
    });
  }

  it('ends with the same bytes when it is stopped and started again', async () => {
    const whole = join(folder, 'whole');
    const parts = join(folder, 'parts');
    await trainNetwork({ ...base, directory: whole });
    for (const stopAt of [2, 5]) {
      const controller = new AbortController();
      const onEpoch = ({ epoch }: EpochLog): void => {
        if (epoch === stopAt) controller.abort(new Error('stopped'));
      };
      await expect(
        trainNetwork({ ...base, directory: parts, onEpoch, signal: controller.signal }),
      ).rejects.toThrow('stopped');
    }
    // Anywhere: in the middle of an epoch, or while samples are read.
    for (const milliseconds of [150, 400, 700]) {
      const signal = AbortSignal.timeout(milliseconds);
      await trainNetwork({ ...base, directory: parts, signal }).catch((reason: unknown) => {
        if (reason !== signal.reason) throw reason;
      });
    }
    const { curve } = await trainNetwork({ ...base, directory: parts });
    expect(curve.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(await digest(parts)).toEqual(await digest(whole));
  });

  it('does nothing when it is finished, and starts anew when a setting changed', async () => {
    const seen: number[] = [];
    const onEpoch = ({ epoch }: EpochLog): void => void seen.push(epoch);
    const settings = { ...SETTINGS, epochs: 2 };
    const first = await trainNetwork({ ...base, settings, directory: folder, onEpoch });
    const again = await trainNetwork({ ...base, settings, directory: folder, onEpoch });
    expect(seen).toEqual([1, 2]);
    expect(again.curve).toEqual(first.curve);
    await trainNetwork({
      ...base,
      settings: { ...settings, learningRate: 5e-3 },
      directory: folder,
      onEpoch,
    });
    expect(seen).toEqual([1, 2, 1, 2]);
  });

  it('begins where the weights lead that it is given, which are part of what it is', async () => {
    const [first, second] = [join(folder, 'first'), join(folder, 'second')];
    const settings = { ...SETTINGS, epochs: 40 };
    const { curve } = await trainNetwork({ ...base, settings, directory: first });
    const start = await readWeights(first);
    // So slowly that what it ends with is what it began with.
    const still = { ...SETTINGS, epochs: 1, learningRate: 1e-9 };
    await trainNetwork({ ...base, settings: still, directory: second });
    const fresh = await readWeights(second);
    await trainNetwork({ ...base, settings: still, directory: second, start });
    const goneOn = await readWeights(second);
    const distance = (to: Weights): number =>
      [...start].reduce(
        (sum, [name, { data }]) =>
          sum + data.reduce((s, v, i) => s + Math.abs(v - to.get(name)!.data[i]!), 0),
        0,
      );
    expect(distance(goneOn)).toBeLessThan(1e-3 * distance(fresh));
    const { curve: further } = await trainNetwork({ ...base, settings, directory: second, start });
    expect(further[0]!.loss).toBeLessThan(curve[0]!.loss / 2);
  });

  it.each(['model.onnx', 'log.jsonl', 'weights.safetensors'])(
    'starts anew when it is finished but %s is damaged',
    async (name) => {
      const settings = { ...SETTINGS, epochs: 1 };
      await trainNetwork({ ...base, settings, directory: folder });
      const before = await digest(folder);
      await writeFile(join(folder, name), 'damaged\n');
      const { curve } = await trainNetwork({ ...base, settings, directory: folder });
      expect(curve).toHaveLength(1);
      expect(await digest(folder)).toEqual(before);
    },
  );

  it('stops with a TrainingError when the loss is not finite', async () => {
    const settings = { ...SETTINGS, learningRate: 1e30 };
    await expect(trainNetwork({ ...base, settings, directory: folder })).rejects.toThrow(TrainingError);
  });

  it('stops early only when asked', async () => {
    const settings = { ...SETTINGS, epochs: 6, validateEvery: 1, patience: 1, learningRate: 1e-9 };
    const { curve } = await trainNetwork({ ...base, settings, directory: folder });
    expect(curve.length).toBeLessThan(6);
  });

  it('refuses to train on nothing', async () => {
    await expect(trainNetwork({ ...base, samples: [], directory: folder })).rejects.toThrow(/no images/);
  });
});
