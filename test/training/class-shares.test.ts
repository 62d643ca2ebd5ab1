import { expect, it } from 'vitest';
import { logOdds } from '../../src/training/class-shares.ts';

it('the bias of a head is the log odds of each class, finite where one fills all images or none', () => {
  const [half, rare, none, all] = logOdds([0.5, 0.01, 0, 1]).data as Float32Array;
  expect(half).toBe(0);
  expect(rare).toBeCloseTo(Math.log(0.01 / 0.99), 5);
  expect(none).toBeCloseTo(Math.log(1e-4), 3);
  expect(all).toBeCloseTo(-none!, 3);
});
