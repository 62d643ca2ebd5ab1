/** What the library gives fits together without a look into its rooms. */
import { expect, it } from 'vitest';
import {
  createRefiner,
  generatePhantom,
  imageKey,
  type ProbabilityMaps,
  probabilitiesToMasks,
  type RefinedMask,
  refineSettingsSchema,
  selectedMasks,
  writableFormat,
} from '../src/index.ts';

it('goes from probabilities to refined masks', async () => {
  const size = { height: 64, width: 64 };
  const { image, structures } = generatePhantom({ seed: 1, index: 0, classes: 2, size });
  const pixels = size.height * size.width;
  const maps: ProbabilityMaps = { ...size, classes: 2, data: new Float32Array(2 * pixels) };
  for (const { classIndex, mask } of structures)
    mask.data.forEach((set, i) => {
      maps.data[classIndex * pixels + i] = 0.9 * set;
    });
  const settings = refineSettingsSchema.parse({ refiner: 'random-walker' });
  const initial = selectedMasks(maps, probabilitiesToMasks(maps, 'overlapping'), 'overlapping', settings);
  const refiner = createRefiner(settings);
  const context = { classes: ['a', 'b'], imageKey: imageKey(image) };
  const refined: RefinedMask[] = await refiner.refine(image, initial, context);
  await refiner.close();
  expect(refined.map(({ classIndex }) => classIndex)).toEqual([0, 1]);
  expect(refined.every(({ mask }) => mask.data.includes(1))).toBe(true);
});

it('has the formats that masks are written in', () => {
  expect(writableFormat('coco').place).toBe('.json');
});
