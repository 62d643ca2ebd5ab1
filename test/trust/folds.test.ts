import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stratifiedFolds } from '../../src/trust/folds.ts';

describe('stratifiedFolds', () => {
  it('gives every image a fold, sizes that differ by one at most, and the same for the same seed', () => {
    const images = fc.array(fc.uniqueArray(fc.nat(6), { maxLength: 5 }), { minLength: 2, maxLength: 30 });
    fc.assert(
      fc.property(images, fc.integer({ min: 2, max: 6 }), fc.integer(), (classes, wanted, seed) => {
        const count = Math.min(wanted, classes.length);
        const folds = stratifiedFolds(classes, count, seed);
        const sizes = Array.from({ length: count }, (_, fold) => folds.filter((f) => f === fold).length);
        expect(sizes.reduce((a, b) => a + b)).toBe(classes.length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        expect(stratifiedFolds(classes, count, seed)).toEqual(folds);
      }),
    );
  });

  it('spreads rare classes over the folds', () => {
    // Class 1 is in three of twelve images, class 2 in three others.
    const classes = Array.from({ length: 12 }, (_, i) => (i < 3 ? [0, 1] : i < 6 ? [0, 2] : [0]));
    for (let seed = 0; seed < 20; seed++) {
      const folds = stratifiedFolds(classes, 3, seed);
      expect(folds.slice(0, 3).sort()).toEqual([0, 1, 2]);
      expect(folds.slice(3, 6).sort()).toEqual([0, 1, 2]);
    }
  });

  it('deals differently with another seed', () => {
    const classes = Array.from({ length: 20 }, () => [0]);
    expect(stratifiedFolds(classes, 4, 1)).not.toEqual(stratifiedFolds(classes, 4, 2));
  });
});
