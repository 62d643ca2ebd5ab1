import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/base/errors.ts';
import type { DatasetStatistics } from '../../src/dataset/statistics.ts';
import { CONSISTENCY } from '../../src/training/consistency.ts';
import { planFolds, planMeanTeacher, planShare, planTraining } from '../../src/training/plan.ts';
import { type TrainingSettings, trainingSchema } from '../../src/training/settings.ts';

const teeth: DatasetStatistics = {
  images: 45,
  mean: 0.38,
  std: 0.14,
  medianHeight: 512,
  medianWidth: 904,
  classFrequency: [1, 0.9],
  objectShortSide: { p5: 27, p25: 37, median: 46, p75: 58, p95: 88 },
  overlapFraction: 0.02,
  foregroundFraction: 0.18,
};
const CLASSES = ['a', 'b'];
const plan = (settings: Partial<TrainingSettings> = {}, statistics = teeth) =>
  planTraining(statistics, CLASSES, trainingSchema.parse(settings));

describe('planTraining', () => {
  it('follows the paper to the letter with the preset paper', () => {
    const { plan: network, settings } = plan({ preset: 'paper' });
    expect(network.architecture).toEqual({
      inputChannels: 1,
      outputChannels: 2,
      base: 64,
      levels: 5,
      coordinates: false,
    });
    expect(network.head).toBe('overlapping');
    expect(network.inputSize).toEqual({ height: 224, width: 384 });
    expect(settings).toMatchObject({
      epochs: 350,
      samplesPerEpoch: 48,
      batch: 16,
      learningRate: 1e-3,
      weightDecay: 0,
      schedule: 'cosine',
      loss: 'weighted-bce',
      augmentation: { affine: { kind: 'gaussian', spread: 0.03 }, elastic: 0, gamma: 0, noise: 0 },
    });
    expect(settings.averageDecay).toBeUndefined();
    const portrait = plan({ preset: 'paper' }, { ...teeth, medianHeight: 904, medianWidth: 512 });
    expect(portrait.plan.inputSize).toEqual({ height: 384, width: 224 });
  });

  it('says that images are nearly black, and what mends it', () => {
    const greys = (mean: number, std: number) =>
      plan({}, { ...teeth, mean, std }).notes.find(({ topic }) => topic === 'Greys')?.text;
    expect(greys(0.38 / 16, 0.14 / 16)).toMatch(/most pixels are below 5\.0 % of white.*data\.window/);
    expect(greys(0.38, 0.14)).toBeUndefined();
  });

  it('chooses the head from the overlap, and says why', () => {
    expect(plan().plan).toMatchObject({ head: 'exclusive', architecture: { outputChannels: 3 } });
    const overlapping = plan({}, { ...teeth, overlapFraction: 0.2 });
    expect(overlapping.plan).toMatchObject({ head: 'overlapping', architecture: { outputChannels: 2 } });
    expect(overlapping.notes).toContainEqual({
      topic: 'Head',
      text: expect.stringMatching(/^overlapping, because 20\.0 %/),
    });
    expect(plan({ head: 'overlapping' }).plan.head).toBe('overlapping');
  });

  it('makes a typical structure about ten network pixels wide, in multiples the network can halve', () => {
    const { height, width } = plan().plan.inputSize;
    expect([height % 16, width % 16]).toEqual([0, 0]);
    expect((46 * width) / 904).toBeGreaterThan(8);
    expect((46 * width) / 904).toBeLessThan(13);
  });

  it('never enlarges, and shrinks the input where time is short', () => {
    const small = plan(
      {},
      {
        ...teeth,
        medianHeight: 96,
        medianWidth: 128,
        objectShortSide: { ...teeth.objectShortSide, median: 4 },
      },
    );
    expect(small.plan.inputSize).toEqual({ height: 96, width: 128 });
    const hurried = plan({ minutes: 1 }).plan.inputSize;
    expect(hurried.height * hurried.width).toBeLessThan(plan({ minutes: 10 }).plan.inputSize.height * 192);
  });

  it('plans more epochs for more minutes, and the same for the same', () => {
    const short = plan({ minutes: 5, inputSize: [112, 192] }).settings.epochs;
    const long = plan({ minutes: 10, inputSize: [112, 192] }).settings.epochs;
    expect(long).toBeGreaterThan(1.8 * short);
    expect(plan()).toEqual(plan());
  });

  it('refuses sizes the network cannot halve and an exclusive paper head', () => {
    expect(() => plan({ inputSize: [100, 192] })).toThrow(/multiples of 16.*96 x 192/);
    expect(() => plan({ preset: 'paper', head: 'exclusive' })).toThrow(ConfigError);
  });

  it('flips only where pairs are declared, and never with the preset paper', () => {
    const laptop = trainingSchema.parse({});
    expect(plan().settings.mirror).toBeUndefined();
    expect(planTraining(teeth, ['l', 'm', 'r'], laptop, [[0, 2]]).settings.mirror).toEqual([2, 1, 0]);
    expect(planTraining(teeth, CLASSES, laptop, []).settings.mirror).toEqual([0, 1]);
    const paper = trainingSchema.parse({ preset: 'paper' });
    expect(planTraining(teeth, CLASSES, paper, []).settings.mirror).toBeUndefined();
  });
});

describe('a time budget', () => {
  it('wins over the number of epochs of a preset, and an own number of epochs over both', () => {
    const { settings, minutes } = plan({ preset: 'paper', minutes: 60 });
    expect(settings.epochs).toBeLessThan(60);
    expect(Math.abs(minutes - 60)).toBeLessThan(2);
    expect(plan({ preset: 'paper', minutes: 60, epochs: 7 }).settings.epochs).toBe(7);
  });

  it('is divided without changing the network', () => {
    const whole = plan({ epochs: 90, patience: 5 });
    const half = planShare(whole, 1 / 2);
    expect(half.plan).toBe(whole.plan);
    expect(half.settings).toMatchObject({ epochs: 45, validateEvery: 45 });
    expect(half.settings.patience).toBeUndefined();
    expect(half.settings.averageDecay).toBeCloseTo(whole.settings.averageDecay! ** 2);
    expect(half.minutes).toBeCloseTo(whole.minutes / 2);
    expect(planShare(plan({ epochs: 1 }), 0.1).settings.epochs).toBe(1);
  });
});

describe('planMeanTeacher', () => {
  it('does fewer steps in the same time, as each costs a pass of the teacher more', () => {
    const whole = plan({ epochs: 700 });
    const taught = planMeanTeacher(whole, CONSISTENCY.usual);
    expect(taught.settings).toMatchObject({
      epochs: 600,
      averageDecay: 0.996,
      consistency: CONSISTENCY.usual,
    });
    expect(taught.minutes).toBeCloseTo(whole.minutes);
  });
});

describe('planFolds', () => {
  const whole = plan({ epochs: 90, patience: 5 });

  it('trains each network as long as the whole unless told otherwise, to the last epoch', () => {
    const folds = planFolds(whole, 2);
    expect(folds.plan).toBe(whole.plan);
    expect(folds.settings).toMatchObject({ epochs: 90, validateEvery: 90, batch: whole.settings.batch });
    expect(folds.settings.patience).toBeUndefined();
    expect(folds.minutes).toBeCloseTo(2 * whole.minutes);
    expect(folds.notes[0]!.text).toMatch(/2 networks of 90 epochs make .* about \d+ minutes? on two cores/);
    expect(planFolds(whole, 5, 9).minutes).toBeCloseTo(whole.minutes / 2);
  });

  it('averages weights over the same part of the training, never over a longer past', () => {
    const decay = whole.settings.averageDecay!;
    expect(planFolds(whole, 3, 30).settings.averageDecay).toBeCloseTo(decay ** 3);
    expect(planFolds(whole, 3, 180).settings.averageDecay).toBe(decay);
  });
});
