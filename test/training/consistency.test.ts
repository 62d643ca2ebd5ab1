import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createRng } from '../../src/base/rng.ts';
import { buildModel } from '../../src/graph/build.ts';
import { input } from '../../src/graph/tensor.ts';
import { initializeWeights } from '../../src/nn/parameters.ts';
import { packWeights } from '../../src/optim/parameter-vector.ts';
import { type Feeds, openSession } from '../../src/runtime/session.ts';
import { float32 } from '../../src/tensor/array.ts';
import { drawAugmentation, makeNoiseBank } from '../../src/training/augment.ts';
import { batchSource } from '../../src/training/batch-source.ts';
import { batchFeeds, imageFeed } from '../../src/training/batches.ts';
import {
  CONSISTENCY,
  type ConsistencySettings,
  consistencyLoss,
  consistencyWeight,
  teachings,
} from '../../src/training/consistency.ts';
import { cacheImages, cacheSamples } from '../../src/training/sample-cache.ts';
import { openSpill } from '../../src/training/spill.ts';
import { openStepRunner } from '../../src/training/step.ts';
import { buildStep, trainNetwork } from '../../src/training/train.ts';
import type { EpochLog } from '../../src/training/types.ts';
import { temporaryFolder } from '../temporary.ts';
import { SETTINGS, syntheticPlan, syntheticSamples } from './synthetic.ts';

describe('consistencyWeight', () => {
  it('rises over the ramp and stays', () => {
    const settings: ConsistencySettings = { compare: 'probabilities', weight: 10, rampUp: 0.4 };
    expect(consistencyWeight(settings, 0)).toBeCloseTo(10 * Math.exp(-5));
    expect(consistencyWeight(settings, 0.2)).toBeCloseTo(10 * Math.exp(-1.25));
    expect([0.4, 1].map((at) => consistencyWeight(settings, at))).toEqual([10, 10]);
    expect(consistencyWeight({ ...settings, rampUp: 0 }, 0)).toBe(10);
  });
});

describe('what a step is fed', () => {
  it.each([
    ['usual', Math.exp(-5)],
    ['labels', Math.exp(-5)],
    ['reference', 1],
  ] as const)('weighs agreement of the kind %s by %d of its weight at first', (kind, share) => {
    const plan = syntheticPlan('exclusive', 4);
    const image = new Float32Array(16);
    const draw = batchSource(
      {
        plan,
        settings: { ...SETTINGS, consistency: CONSISTENCY[kind] },
        samples: [{ id: 'a', image, target: new Uint8Array(16) }],
        unlabelled: [{ id: 'b', image }],
        seed: 1,
      },
      createRng(1),
    );
    const [first, last] = [0, 1].map((progress) => Number(draw(progress).consistencyWeight!.data[0]));
    expect(last).toBe(CONSISTENCY[kind].weight);
    expect(first! / last!).toBeCloseTo(share, 6);
  });
});

describe('consistencyLoss', () => {
  const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
  /** Loss of logits [1, 2, 1, 2] with a teacher whose second pixel comes from outside, where `moved` says so. */
  async function lossOf(
    compare: ConsistencySettings['compare'],
    head: 'exclusive' | 'overlapping',
    inside: number[],
  ) {
    const settings = { ...CONSISTENCY.usual, compare };
    const [student, teacher] = [input('student', [1, 2, 1, 2]), input('teacher', [1, 2, 1, 2])];
    const taught = teachings(settings, head, teacher);
    const session = await openSession(
      buildModel({ taught, loss: consistencyLoss(settings, head, student, input('warped', [1, 3, 1, 2])) }),
      { threads: 1 },
    );
    const feeds = {
      student: float32([1, 2, 1, 2], [1, 5, -2, 5]),
      teacher: float32([1, 2, 1, 2], [0, 0, 1, 0]),
    };
    const first = await session.run({ ...feeds, warped: float32([1, 3, 1, 2], new Float32Array(6)) });
    const channels = [...(first.taught!.data as Float32Array)];
    expect(channels.slice(4), 'ones').toEqual([1, 1]);
    const warped = float32([1, 3, 1, 2], [...channels.slice(0, 4), ...inside]);
    const { loss } = await session.run({ ...feeds, warped });
    await session.close();
    return Number(loss!.data[0]);
  }

  it('is the squared difference of logits or of probabilities, summed over channels', async () => {
    expect(await lossOf('logits', 'exclusive', [1, 0])).toBeCloseTo(1 + 9, 4);
    const apart = (sigmoid(1) - sigmoid(0)) ** 2 + (sigmoid(-2) - sigmoid(1)) ** 2;
    expect(await lossOf('probabilities', 'overlapping', [1, 0])).toBeCloseTo(apart, 5);
    // Softmax of two channels is the sigmoid of their difference.
    expect(await lossOf('probabilities', 'exclusive', [1, 0])).toBeCloseTo(
      2 * (sigmoid(3) - sigmoid(-1)) ** 2,
      5,
    );
  });

  it('is a mean over the pixels that the warp takes from inside', async () => {
    expect(await lossOf('logits', 'exclusive', [1, 1])).toBeCloseTo((10 + 50) / 2, 3);
    expect(await lossOf('logits', 'exclusive', [0, 0])).toBe(0);
  });
});

const settings = { ...SETTINGS, averageDecay: 0.9, consistency: CONSISTENCY.usual };

describe('a step with a teacher', () => {
  it('learns from what its moving average says of unlabelled images', async () => {
    const plan = syntheticPlan('exclusive');
    const spill = openSpill(tmpdir());
    const samples = await cacheSamples(syntheticSamples(2, 1), plan, { spill });
    const images = await cacheImages(syntheticSamples(2, 7), plan, { spill });
    const step = buildStep(plan, settings, samples);
    const parameters = packWeights(step.specs, initializeWeights(step.specs, createRng(1)));
    const other = packWeights(step.specs, initializeWeights(step.specs, createRng(2)));
    const still = {
      ...SETTINGS.augmentation,
      affine: { kind: 'gaussian', spread: 0 } as const,
      ...{ elastic: 0, gamma: 0, contrast: 0, brightness: 0, blur: 0, noise: 0 },
    };
    const rng = createRng(3);
    const noise = makeNoiseBank(rng, settings.batch, plan.inputSize);
    const drawn = (prefix?: string): Feeds =>
      drawAugmentation(rng, still, [false, false], plan.inputSize, noise, prefix);
    const stepped = async (average: typeof parameters, weight: number) => {
      const runner = await openStepRunner(step, { parameters, average }, { threads: 1 });
      const { loss, outputs } = await runner.run(
        {
          ...batchFeeds(
            samples.map((sample) => ({ sample, flipped: false })),
            plan,
          ),
          ...drawn(),
          'unlabelled.image': imageFeed(images, plan),
          ...drawn('unlabelled.'),
          consistencyWeight: float32([], [weight]),
        },
        1e-3,
        1,
      );
      const next = runner.vectors().parameters!.data.slice();
      await runner.close();
      return { loss, disagreement: Number(outputs.disagreement!.data[0]), next };
    };
    const [agreeing, silent, taught] = [
      await stepped(parameters, 5),
      await stepped(other, 0),
      await stepped(other, 5),
    ];
    expect(agreeing.disagreement, 'with itself').toBeLessThan(1e-9);
    expect(taught.disagreement).toBeGreaterThan(1e-3);
    expect(taught.loss - silent.loss).toBeCloseTo(5 * taught.disagreement, 4);
    expect(taught.next).not.toEqual(silent.next);
  });
});

describe('a training with a teacher', () => {
  const base = {
    plan: syntheticPlan('overlapping'),
    settings: { ...settings, epochs: 2, samplesPerEpoch: 8 },
    samples: syntheticSamples(3, 1),
    unlabelled: syntheticSamples(4, 7),
    validation: [],
    seed: 5,
    threads: 1,
  };

  it('ends with the same bytes when it is stopped and started again, and with others for other images', async () => {
    const folder = await temporaryFolder();
    const weights = (name: string): Promise<Buffer> => readFile(join(folder, name, 'weights.safetensors'));
    await trainNetwork({ ...base, directory: join(folder, 'whole') });
    const controller = new AbortController();
    const onEpoch = ({ epoch }: EpochLog): void => {
      if (epoch === 1) controller.abort(new Error('stopped'));
    };
    const parts = { ...base, directory: join(folder, 'parts') };
    await expect(trainNetwork({ ...parts, onEpoch, signal: controller.signal })).rejects.toThrow('stopped');
    await trainNetwork(parts);
    expect(await weights('parts')).toEqual(await weights('whole'));

    await trainNetwork({ ...base, unlabelled: syntheticSamples(4, 8), directory: join(folder, 'others') });
    expect(await weights('others')).not.toEqual(await weights('whole'));
  });

  it('needs unlabelled images', async () => {
    await expect(trainNetwork({ ...base, unlabelled: [], directory: '/none' })).rejects.toMatchObject({
      name: 'TrainingError',
      seen: expect.stringContaining('0 unlabelled images'),
    });
  });
});
