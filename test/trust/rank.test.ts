import { describe, expect, it } from 'vitest';
import { spearman } from '../../src/trust/rank.ts';

describe('spearman', () => {
  it('agrees with a case counted by hand', () => {
    // Ranks 1 2 3 4 5 and 2 1 4 3 5: 1 - 6 (1 + 1 + 1 + 1 + 0) / (5 (25 - 1)).
    expect(spearman([10, 20, 30, 40, 50], [0.2, 0.1, 0.4, 0.3, 9])).toBeCloseTo(0.8, 12);
  });

  it('gives equal values the mean of their ranks', () => {
    // Ranks 1 2.5 2.5 4 and 1 3 2 4: sums of products 4.5, of squares 4.5 and 5.
    expect(spearman([1, 2, 2, 3], [1, 3, 2, 4])).toBeCloseTo(4.5 / Math.sqrt(4.5 * 5), 12);
  });

  it('is 1 for any rising relation, -1 for any falling one', () => {
    const x = [0.3, -2, 7, 1.5];
    expect(spearman(x, x.map(Math.exp))).toBeCloseTo(1, 12);
    expect(
      spearman(
        x,
        x.map((v) => -(v ** 3)),
      ),
    ).toBeCloseTo(-1, 12);
  });

  it('is null where there is nothing to rank', () => {
    expect(spearman([], [])).toBeNull();
    expect(spearman([1], [2])).toBeNull();
    expect(spearman([1, 2, 3], [4, 4, 4])).toBeNull();
    expect(() => spearman([1], [1, 2])).toThrow(RangeError);
  });
});
