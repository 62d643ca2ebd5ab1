import { describe, expect, it } from 'vitest';
import { createRng } from '../../src/base/rng.ts';
import { fitLogistic, sigmoid } from '../../src/trust/regression.ts';

/** Standard normal features and the exact means of a logistic relation. */
function relation(count: number, intercept: number, weights: readonly number[]) {
  const rng = createRng(4);
  const rows = Array.from({ length: count }, () => weights.map(() => rng.normal()));
  const targets = rows.map((row) => sigmoid(row.reduce((sum, x, j) => sum + x * weights[j]!, intercept)));
  return { rows, targets };
}

describe('fitLogistic', () => {
  it('recovers a known relation', () => {
    const { rows, targets } = relation(400, 0.8, [1.5, -0.7, 0]);
    const { intercept, weights } = fitLogistic(rows, targets, 1e-6);
    expect(intercept).toBeCloseTo(0.8, 3);
    for (const [j, expected] of [1.5, -0.7, 0].entries()) expect(weights[j]).toBeCloseTo(expected, 3);
  });

  it('draws weights towards 0, the more the larger the ridge', () => {
    const { rows, targets } = relation(40, 0, [2]);
    const sizes = [0.01, 1, 100].map((ridge) => fitLogistic(rows, targets, ridge).weights[0]!);
    expect(sizes[0]).toBeGreaterThan(sizes[1]!);
    expect(sizes[1]).toBeGreaterThan(sizes[2]!);
    expect(sizes[2]).toBeGreaterThan(0);
  });

  it('stands where the gradient is 0, at targets of 0 and 1 and features that separate them too', () => {
    const rows = [[-3], [-2], [-1], [1], [2], [40]];
    const targets = [0, 0, 0, 1, 1, 1];
    const { intercept, weights } = fitLogistic(rows, targets, 0.5);
    const errors = rows.map(([x], i) => sigmoid(intercept + weights[0]! * x!) - targets[i]!);
    expect(rows.reduce((sum, [x], i) => sum + errors[i]! * x!, 0.5 * weights[0]!)).toBeCloseTo(0, 8);
    expect(errors.reduce((sum, error) => sum + error, 1e-3 * intercept)).toBeCloseTo(0, 8);
  });

  it('gives the mean where there is no feature, and stays finite where all targets are 1', () => {
    expect(sigmoid(fitLogistic([[], [], []], [0.2, 0.4, 0.9], 1).intercept)).toBeCloseTo(0.5, 3);
    const sure = fitLogistic([[1], [2]], [1, 1], 1);
    expect(Number.isFinite(sure.intercept)).toBe(true);
    expect(sigmoid(sure.intercept)).toBeGreaterThan(0.95);
  });
});
