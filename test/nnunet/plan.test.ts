/** @file From images to plans, beside what nnU-Net's rules give by hand. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Size } from '../../src/base/geometry.ts';
import type { Case } from '../../src/dataset/types.ts';
import { stepsOf } from '../../src/nn/plain-conv-unet.ts';
import { fingerprintOf } from '../../src/nnunet/fingerprint.ts';
import { planNnUnet } from '../../src/nnunet/plan.ts';
import { chooseTopology, featureValues, type Topology } from '../../src/nnunet/topology.ts';
import type { TrainingPlan } from '../../src/training/plan.ts';

const image = (height: number, width: number, spacingMm?: readonly [number, number]): Case => ({
  id: 'a',
  name: 'a',
  imagePath: 'a',
  split: 'labelled',
  size: { height, width },
  ...(spacingMm && { spacingMm }),
});
const size = (height: number, width: number): Size => ({ height, width });
const always = (): boolean => true;
const topologyOf = (of: Size, spacingMm?: readonly [number, number]): Topology =>
  chooseTopology({ image: of, base: 32, isAffordable: always, ...(spacingMm && { spacingMm }) });

describe('the fingerprint', () => {
  it('has the median spacing, and the sizes at it', () => {
    const cases = [image(100, 50, [1, 1]), image(100, 50, [2, 2]), image(100, 50, [4, 4])];
    // 100 px of 1, 2 and 4 mm are 50, 100 and 200 px of 2 mm.
    expect(fingerprintOf(cases)).toEqual({ images: 3, spacingMm: [2, 2], median: size(100, 50) });
    expect(fingerprintOf(cases.slice(0, 2))).toMatchObject({ spacingMm: [1.5, 1.5], median: size(100, 50) });
  });

  it('knows no spacing where one image tells none', () => {
    expect(fingerprintOf([image(80, 40, [1, 1]), image(90, 44), image(70, 42)])).toEqual({
      images: 3,
      median: size(80, 42),
    });
  });
});

describe('the network of a patch', () => {
  it('of 512 x 512 px has 8 stages and fills the card of nnU-Net', () => {
    const topology = topologyOf(size(512, 512));
    expect(topology.patch).toEqual(size(512, 512));
    expect(topology.stages.map(({ features }) => features)).toEqual([32, 64, 128, 256, 512, 512, 512, 512]);
    expect(topology.stages[0]!.stride).toEqual([1, 1]);
    expect(Math.abs(featureValues(topology, 3) / 85e6 - 1)).toBeLessThan(0.05);
  });

  it.each([
    // Six halvings would leave 4 x 3.5 places: not of the width, and of the height alone only from 12 on.
    [256, 224, undefined, [256, 224], '1x1 2x2 2x2 2x2 2x2 2x2'],
    [64, 256, undefined, [64, 256], '1x1 2x2 2x2 2x2 2x2 1x2'],
    [200, 100, undefined, [224, 112], '1x1 2x2 2x2 2x2 2x2 2x1'],
    [128, 128, [2, 1], [128, 128], '1x1 1x2 2x2 2x2 2x2 2x2'],
  ] as const)('of %i x %i px at %j mm has its steps', (height, width, spacing, patch, strides) => {
    const topology = topologyOf(size(height, width), spacing);
    expect(topology.patch).toEqual(size(patch[0], patch[1]));
    expect(topology.stages.map(({ stride }) => stride.join('x')).join(' ')).toBe(strides);
  });

  it('fits any size: whole steps, 4 places at least, little more than the image', () => {
    const side = fc.integer({ min: 8, max: 1500 });
    fc.assert(
      fc.property(side, side, (height, width) => {
        const { patch, stages } = topologyOf(size(height, width));
        const [rows, columns] = stepsOf(stages);
        expect([patch.height % rows, patch.width % columns]).toEqual([0, 0]);
        expect(Math.min(patch.height / rows, patch.width / columns)).toBeGreaterThanOrEqual(4);
        expect(patch.height - height).toBeLessThan(rows);
        expect(patch.width - width).toBeLessThan(columns);
      }),
    );
  });

  it('shrinks where it is too dear, along the side that is the larger part of the image', () => {
    const { patch } = chooseTopology({
      image: size(512, 256),
      base: 32,
      isAffordable: ({ patch: own }) => own.height * own.width <= 256 * 256,
    });
    expect(patch.height * patch.width).toBeLessThanOrEqual(256 * 256);
    expect(patch.height / 512).toBeCloseTo(patch.width / 256, 0);
    expect(patch.height).toBeGreaterThan(patch.width);
  });
});

describe('the plan', () => {
  const plan = (minutes: number, images: number, median: Size, classes = 2) =>
    planNnUnet(
      {
        plan: { head: 'exclusive', classes: Array.from({ length: classes }, (_, k) => `${k}`) },
        minutes,
      } as unknown as TrainingPlan,
      { images, median },
      undefined,
    );

  it('is that of the card where minutes suffice: full resolution, full width', () => {
    const { plan: own } = plan(60, 30, size(64, 64));
    expect(own).toMatchObject({ scale: 1, patch: size(64, 64) });
    expect(own.stages[0]!.features).toBe(32);
  });

  it('gives up width first, then resolution, never what a patch shows', () => {
    const median = size(512, 904);
    const wholeOnCard = 0.4;
    const plans = [5000, 600, 9, 2].map((minutes) => plan(minutes, 20, median).plan);
    expect(plans.map(({ stages }) => stages[0]!.features)).toEqual([32, 16, 16, 16]);
    const scales = plans.map(({ scale }) => scale);
    expect(scales.slice(0, 2)).toEqual([1, 1]);
    expect(scales[2]!).toBeLessThan(1);
    expect(scales[3]!).toBeLessThan(scales[2]!);
    for (const { patch, scale } of plans) {
      const shown = (patch.height * patch.width) / (median.height * median.width * scale ** 2);
      expect(shown).toBeGreaterThan(wholeOnCard);
    }
  });

  it.each([
    [9, 20, 1],
    [17, 20, 2],
    [100, 20, 5],
    [100, 3, 3],
    [100, 1, 1],
  ])('of %i minutes and %i images has %i networks', (minutes, images, networks) => {
    expect(plan(minutes, images, size(96, 96)).plan.networks).toBe(networks);
  });

  it('batches two patches, more where they are a small part of many images and time is left', () => {
    expect(plan(9, 20, size(512, 904)).settings.batch).toBe(2);
    expect(plan(2000, 400, size(96, 96)).settings.batch, 'a twentieth of 400').toBe(20);
  });

  it('trains as nnU-Net does, for all the minutes', () => {
    const { settings, minutes } = plan(9, 20, size(512, 904));
    expect(settings).toMatchObject({ learningRate: 1e-2, schedule: 'poly' });
    expect(minutes).toBe(9);
    const patches = settings.epochs * settings.samplesPerEpoch;
    expect(patches).toBeGreaterThan(7000);
    expect(patches).toBeLessThan(16000);
    expect(plan(0.01, 4, size(64, 64)).settings.epochs).toBeGreaterThan(0);
  });
});
