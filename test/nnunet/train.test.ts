/** @file Whole trainings of tiny networks: that they learn, go on after a stop, and answer together. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { writeFileAtomic } from '../../src/base/files.ts';
import { hashFile } from '../../src/base/hash.ts';
import { createRng } from '../../src/base/rng.ts';
import { encodeModel } from '../../src/graph/onnx/encode.ts';
import { input } from '../../src/graph/tensor.ts';
import { mirrorImage } from '../../src/imaging/edit.ts';
import { maskAgreement } from '../../src/masks/overlap.ts';
import { decodeRle } from '../../src/masks/rle.ts';
import { initializeWeights, listParameters, type Weights } from '../../src/nn/parameters.ts';
import { plainConvUNet } from '../../src/nn/plain-conv-unet.ts';
import { exportEnsemble } from '../../src/nnunet/network.ts';
import type { NnUnetPlan } from '../../src/nnunet/plan.ts';
import { openNnUnet } from '../../src/nnunet/predictor.ts';
import { lessonsOf, trainNnUnet } from '../../src/nnunet/train.ts';
import { openSession } from '../../src/runtime/session.ts';
import { float32 } from '../../src/tensor/array.ts';
import type { LoopSettings } from '../../src/training/loop.ts';
import { probabilitiesToMasks } from '../../src/training/predictor.ts';
import type { EpochLog, Head } from '../../src/training/types.ts';
import { temporaryFolder } from '../temporary.ts';
import { CLASSES, syntheticSamples } from '../training/synthetic.ts';

let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder();
});

const planOf = (head: Head, more: Partial<NnUnetPlan> = {}): NnUnetPlan => ({
  head,
  classes: CLASSES,
  patch: { height: 16, width: 24 },
  stages: [
    { features: 8, stride: [1, 1] },
    { features: 12, stride: [2, 2] },
    { features: 16, stride: [1, 2] },
    { features: 16, stride: [2, 1] },
  ],
  scale: 0.5,
  networks: 1,
  ...more,
});

const SETTINGS: LoopSettings = {
  epochs: 10,
  samplesPerEpoch: 16,
  batch: 2,
  learningRate: 1e-2,
  schedule: 'poly',
  validateEvery: 10,
};
const base = { settings: SETTINGS, samples: syntheticSamples(6, 1), seed: 5, threads: 1 };

describe('trainNnUnet', () => {
  it.each(['exclusive', 'overlapping'] as const)('learns a simple task with the %s head', async (head) => {
    const plan = planOf(head);
    const losses: number[] = [];
    await trainNnUnet({
      ...base,
      plan,
      settings: { ...SETTINGS, epochs: 25 },
      directory: folder,
      onEpoch: ({ loss }) => losses.push(loss),
    });
    expect(losses.at(-1)).toBeLessThan(losses[0]! / 2);
    const opened = await openNnUnet(join(folder, 'model.onnx'), plan, { threads: 1 });
    const [sample] = syntheticSamples(1, 2);
    const maps = await opened.predict(await sample!.read());
    await opened.close();
    expect([maps.classes, maps.height, maps.width]).toEqual([2, 48, 48]);
    const masks = probabilitiesToMasks(maps, head);
    expect(masks.map(({ classIndex }) => classIndex)).toEqual([0, 1]);
    for (const { classIndex, mask } of masks) {
      const truth = decodeRle(sample!.structures[classIndex]!.rle);
      expect(maskAgreement(mask, truth), CLASSES[classIndex]!).toBeGreaterThan(0.7);
    }
  });

  it('ends with the same bytes when it is stopped in its second network and started again', async () => {
    const options = {
      ...base,
      plan: planOf('exclusive', { networks: 2 }),
      settings: { ...SETTINGS, epochs: 3 },
    };
    const [whole, parts] = [join(folder, 'whole'), join(folder, 'parts')];
    const epochs: string[] = [];
    await trainNnUnet({
      ...options,
      directory: whole,
      onEpoch: ({ epoch, epochs: all }) => epochs.push(`${epoch} of ${all}`),
    });
    expect(epochs).toEqual([1, 2, 3, 4, 5, 6].map((epoch) => `${epoch} of 6`));
    for (const stopAt of [2, 5]) {
      const controller = new AbortController();
      const onEpoch = ({ epoch }: EpochLog): void => {
        if (epoch === stopAt) controller.abort(new Error('stopped'));
      };
      const stopped = trainNnUnet({ ...options, directory: parts, onEpoch, signal: controller.signal });
      await expect(stopped).rejects.toThrow('stopped');
    }
    const left: number[] = [];
    await trainNnUnet({ ...options, directory: parts, onEpoch: ({ epoch }) => left.push(epoch) });
    expect(left, 'the first network is not trained again').toEqual([6]);
    for (const file of ['model.onnx', 'network-1/weights.safetensors', 'network-2/weights.safetensors']) {
      expect(await hashFile(join(parts, file)), file).toBe(await hashFile(join(whole, file)));
    }
    const log = await readFile(join(parts, 'network-2', 'log.jsonl'), 'utf8');
    expect(log.trim().split('\n')).toHaveLength(3);
  });

  it('refuses to train on nothing', async () => {
    const nothing = trainNnUnet({ ...base, plan: planOf('exclusive'), samples: [], directory: folder });
    await expect(nothing).rejects.toThrow(/no images/);
  });
});

describe('folds', () => {
  const ids = 'abcdefgh'.split('').map((id) => ({ id }));

  it('are fifths: each network misses one, no two the same', () => {
    const missed = [0, 1, 2, 3, 4].map((k) => {
      const learns = lessonsOf(ids, 5, k, 7);
      expect(learns.length).toBeGreaterThanOrEqual(6);
      return ids.filter((item) => !learns.includes(item)).map(({ id }) => id);
    });
    expect(missed.flat().sort()).toEqual(ids.map(({ id }) => id));
  });

  it('are left out where one network alone is trained', () => {
    expect(lessonsOf(ids, 1, 0, 7)).toEqual(ids);
  });
});

describe('the ensemble', () => {
  const plan = planOf('exclusive');
  const fresh = (seed: number, own = plan): Weights => {
    const config = { inputChannels: 1, outputChannels: own.classes.length + 1, stages: own.stages };
    const image = input('x', [1, 1, own.patch.height, own.patch.width]);
    return initializeWeights(
      listParameters((source) => plainConvUNet(config, source, image, 1)),
      createRng(seed),
    );
  };

  it('says the mean of what its networks say', async () => {
    const weights = [fresh(1), fresh(2), fresh(3)];
    const rng = createRng(4);
    const image = float32(
      [1, 1, 16, 24],
      Float32Array.from({ length: 16 * 24 }, () => rng.normal()),
    );
    const logits = async (networks: readonly Weights[]): Promise<Float32Array> => {
      const session = await openSession(exportEnsemble(plan, networks), { threads: 1 });
      const results = await session.run({ image });
      await session.close();
      return results.logits!.data as Float32Array;
    };
    const alone = await Promise.all(weights.map((own) => logits([own])));
    const together = await logits(weights);
    together.forEach((value, at) => {
      expect(value).toBeCloseTo((alone[0]![at]! + alone[1]![at]! + alone[2]![at]!) / 3, 4);
    });
    for (const own of alone) expect(Math.abs(own[5]! - together[5]!)).toBeGreaterThan(1e-4);
  });

  it.each([{ mirror: undefined }, { mirror: [1, 0] }])(
    'with $mirror as twins is the same of a flipped image, with the classes of it',
    async ({ mirror }) => {
      const own = planOf('exclusive', mirror && { mirror });
      const path = join(folder, 'model.onnx');
      await writeFileAtomic(path, encodeModel(exportEnsemble(own, [fresh(1, own)])));
      const opened = await openNnUnet(path, own, { threads: 1 });
      const image = await syntheticSamples(1, 3)[0]!.read();
      const [straight, turned] = [await opened.predict(image), await opened.predict(mirrorImage(image))];
      await opened.close();
      let largest = 0;
      straight.data.forEach((value, at) => {
        const [k, pixel] = [Math.floor(at / 2304), at % 2304];
        const mirrored = pixel - 2 * (pixel % 48) + 47;
        largest = Math.max(largest, Math.abs(value - turned.data[(1 - k) * 2304 + mirrored]!));
      });
      if (mirror) expect(largest).toBeLessThan(1e-4);
      else expect(largest).toBeGreaterThan(1e-3);
    },
  );
});
