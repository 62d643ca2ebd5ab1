import { describe, expect, it } from 'vitest';
import { chooseSteps, type FoldResult } from '../../src/adapt/choice.ts';
import { createRng } from '../../src/base/rng.ts';

/** A fold whose images have such Dice before, and after 10, 20, ... steps. */
const fold = (images: Readonly<Record<string, readonly number[]>>): FoldResult => {
  const at = (k: number) =>
    Object.fromEntries(Object.entries(images).map(([image, values]) => [image, values[k]!]));
  const [values] = Object.values(images);
  return {
    before: at(0),
    curve: values!.slice(1).map((_, k) => ({ step: 10 * (k + 1), dice: at(k + 1) })),
  };
};

describe('how long to learn', () => {
  it('is what is best for the images of all folds, the shorter time on a tie', () => {
    const folds = [fold({ a: [0.5, 0.6, 0.7, 0.6] }), fold({ b: [0.5, 0.6, 0.8, 0.9] })];
    expect(chooseSteps(folds)).toMatchObject({ before: 0.5, steps: 20 });
  });

  it('gives no image a say in its own figure', () => {
    // Each image alone would choose the time at which it is lucky.
    const choice = chooseSteps([fold({ a: [0.5, 0.9, 0.1, 0.5], b: [0.5, 0.1, 0.9, 0.5] })]);
    expect(choice!.after).toBeCloseTo(0.1);
  });

  it('finds no gain in noise, where the best of the same measurements would show one', () => {
    const rng = createRng(1);
    const gains: number[] = [];
    const best: number[] = [];
    for (let i = 0; i < 400; i++) {
      const noisy = (): number[] => Array.from({ length: 9 }, () => 0.7 + 0.05 * rng.normal());
      const folds = [fold({ a: noisy(), b: noisy() }), fold({ c: noisy(), d: noisy() })];
      const { before, after } = chooseSteps(folds)!;
      gains.push(after - before);
      const means = folds[0]!.curve.map((_, k) => {
        const all = folds.flatMap(({ curve }) => Object.values(curve[k]!.dice));
        return all.reduce((a, b) => a + b) / all.length;
      });
      best.push(Math.max(...means) - before);
    }
    const mean = (values: number[]): number => values.reduce((a, b) => a + b) / values.length;
    expect(Math.abs(mean(gains))).toBeLessThan(0.008);
    expect(mean(best)).toBeGreaterThan(0.025);
  });

  it('is all the time where a single image is held out, which cannot choose for itself', () => {
    expect(chooseSteps([fold({ a: [0.5, 0.9, 0.6] })])).toMatchObject({ after: 0.6, steps: 10 });
  });
});
