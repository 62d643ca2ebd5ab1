import { expect, it } from 'vitest';
import { refineSettingsSchema } from '../../src/refine/settings.ts';
import { cutWindow } from '../../src/refine/walker-window.ts';
import { disk } from './scenes.ts';

const { randomWalker } = refineSettingsSchema.parse({ refiner: 'random-walker' });
const mask = disk(100, 100, 20, { height: 200, width: 200 });

it('a window holds what lies as far from the mask as is asked for', () => {
  const [usual, wide] = [0, 30].map((reach) => cutWindow(mask, randomWalker, reach)!);
  expect(usual!.x0).toBe(80 - Math.ceil(randomWalker.backgroundErosion) - 2);
  expect(wide).toMatchObject({ x0: 48, y0: 48, width: 105, height: 105 });
  expect(Math.max(...wide!.outside)).toBeGreaterThan(30 ** 2);
});
