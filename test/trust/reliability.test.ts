import { describe, expect, it } from 'vitest';
import { reliabilityOf } from '../../src/trust/reliability.ts';

describe('reliabilityOf', () => {
  it('bins by trust and weighs the distances by masks', () => {
    const { bins, calibrationError, meanTrust, meanDice, masks } = reliabilityOf([
      { trust: 0.91, dice: 0.7 },
      { trust: 0.99, dice: 0.9 },
      { trust: 1, dice: 0.8 },
      { trust: 0.3, dice: 0.5 },
    ]);
    expect(bins.map(({ low, high, count }) => [low, high, count])).toEqual([
      [0.3, 0.4, 1],
      [0.9, 1, 3],
    ]);
    expect(bins[1]!.meanTrust).toBeCloseTo(2.9 / 3);
    expect(bins[1]!.meanDice).toBeCloseTo(0.8);
    expect(calibrationError).toBeCloseTo((0.2 + 3 * (2.9 / 3 - 0.8)) / 4);
    expect([meanTrust, meanDice, masks]).toEqual([expect.closeTo(0.8), expect.closeTo(0.725), 4]);
  });

  it('has nothing to say without masks', () => {
    expect(reliabilityOf([])).toEqual({
      masks: 0,
      spearman: null,
      calibrationError: null,
      meanTrust: null,
      meanDice: null,
      bins: [],
    });
  });
});
