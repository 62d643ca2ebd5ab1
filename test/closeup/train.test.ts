/** A network that learns in seconds to redraw discs, and what it makes of a run. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { TrainingError } from '../../src/base/errors.ts';
import { type CloseUpPlan, describeCloseUp, planCloseUp } from '../../src/closeup/plan.ts';
import { openCloseUp } from '../../src/closeup/predictor.ts';
import { trainCloseUp } from '../../src/closeup/train.ts';
import { emptyMask, type Mask } from '../../src/masks/mask.ts';
import { maskAgreement } from '../../src/masks/overlap.ts';
import { encodeRle } from '../../src/masks/rle.ts';
import { createCloseUpRefiner } from '../../src/refine/close-up-refiner.ts';
import type { TrainingSample } from '../../src/training/types.ts';
import { contextOf, disk, imageOf, initialMask, SIZE } from '../refine/scenes.ts';
import { temporaryFolder } from '../temporary.ts';

const whole = planCloseUp(1);
const plan: CloseUpPlan = {
  ...whole,
  base: 4,
  settings: {
    ...whole.settings,
    epochs: 8,
    samplesPerEpoch: 64,
    batch: 4,
    learningRate: 5e-3,
    averageDecay: 0.9,
  },
};

function sampleOf(id: string, masks: readonly Mask[]): TrainingSample {
  const structures = masks.map((mask, classIndex) => ({ classIndex, rle: encodeRle(mask) }));
  return { id, size: SIZE, structures, read: async () => imageOf(masks) };
}
const samples = [
  sampleOf('a', [disk(24, 30, 14), disk(60, 34, 18)]),
  sampleOf('b', [disk(34, 40, 17), disk(70, 30, 12)]),
];

let folder = '';
beforeAll(async () => {
  folder = await temporaryFolder();
  await trainCloseUp({ plan, samples, directory: folder, seed: 1, threads: 1 });
}, 300_000);

describe('the network of close-ups', { timeout: 300_000 }, () => {
  it('redraws masks that are too small, too large or beside the structure, in images it has not seen', async () => {
    const truth = [disk(30, 36, 16), disk(66, 40, 14)];
    const rough = [
      [disk(30, 36, 13), disk(66, 40, 16)],
      [disk(32, 38, 16), disk(64, 41, 12)],
    ];
    const model = await openCloseUp(join(folder, 'model.onnx'), { threads: 1 });
    const refiner = createCloseUpRefiner(model);
    for (const masks of rough) {
      const initial = masks.map((mask, k) => initialMask(k, mask));
      const refined = await refiner.refine(imageOf(truth), initial, contextOf(2));
      refined.forEach(({ mask, evidence, provenance }, k) => {
        const before = maskAgreement(masks[k]!, truth[k]!);
        expect(maskAgreement(mask, truth[k]!)).toBeGreaterThan(before + 0.02);
        expect(evidence.thresholdStability).toBeGreaterThan(0.2);
        expect(provenance.refiner).toBe('close-up');
      });
    }
    await model.close();
  });

  it('says what it did with an empty mask, and stops when told to', async () => {
    const model = await openCloseUp(join(folder, 'model.onnx'), { threads: 1 });
    const empty = [initialMask(0, emptyMask(SIZE), 0), initialMask(1, disk(30, 36, 12))];
    const refiner = createCloseUpRefiner(model);
    const [kept] = await refiner.refine(imageOf([disk(30, 36, 14)]), empty, contextOf(2));
    expect(kept!.provenance).toMatchObject({ keptInitial: 'the initial mask is empty', agreement: 1 });
    const stopped = refiner.refine(imageOf([]), empty, contextOf(2, AbortSignal.abort(new Error('enough'))));
    await expect(stopped).rejects.toThrow('enough');
    await model.close();
  });

  it('goes on where it was stopped and ends with the same bytes', async () => {
    const stop = new AbortController();
    const directory = join(folder, 'stopped');
    const options = { plan, samples, directory, seed: 1, threads: 1 };
    const stopped = trainCloseUp({
      ...options,
      signal: stop.signal,
      onEpoch: ({ epoch }) => (epoch === 2 ? stop.abort(new Error('enough')) : undefined),
    });
    await expect(stopped).rejects.toThrow('enough');
    await trainCloseUp(options);
    const bytes = (at: string): Promise<Buffer> => readFile(join(at, 'model.onnx'));
    expect((await bytes(directory)).equals(await bytes(folder))).toBe(true);
  });

  it('asks for a structure to learn from', async () => {
    const bare = [sampleOf('bare', [])];
    const training = trainCloseUp({ plan, samples: bare, directory: join(folder, 'bare'), seed: 1 });
    await expect(training).rejects.toThrow(TrainingError);
  });
});

describe('its plan', () => {
  it('is as long as it is given, and said with its copies', () => {
    const { settings, minutes } = planCloseUp(3);
    expect(minutes).toBeCloseTo(3, 0);
    expect(planCloseUp(6).settings.epochs / settings.epochs).toBeCloseTo(2, 0);
    expect(describeCloseUp(planCloseUp(3), 1).text).toMatch(
      /and 1 more to calibrate trust by.*about 6 minutes/,
    );
  });
});
