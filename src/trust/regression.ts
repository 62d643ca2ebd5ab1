/**
 * @file Fractional logistic regression (Papke & Wooldridge 1996): the mean of a target in [0, 1] as a logistic
 * function of features, by the Bernoulli quasi-likelihood, with a ridge on the weights.
 *
 * Newton's method (iteratively reweighted least squares): with p = sigmoid(X b) the gradient is X^T (p - y) + r b
 * and the Hessian X^T diag(p (1 - p)) X + r 1. The objective is strictly convex for r > 0, so the result depends on
 * the data alone.
 */

import { solvePositive } from '../base/linear.ts';

export interface LogisticFit {
  readonly intercept: number;
  /** One per feature. */
  readonly weights: readonly number[];
}

const MAX_STEPS = 100;
const TOLERANCE = 1e-10;
/** Keeps the intercept finite where every target is 0 or every target is 1. */
const INTERCEPT_RIDGE = 1e-3;

/**
 * Minimises sum(-y log p - (1 - y) log(1 - p)) + ridge / 2 |weights|^2.
 *
 * @param rows one row of features per target, all of one length
 * @param targets in [0, 1]
 * @param ridge > 0, in units of observations where features have unit variance
 */
export function fitLogistic(
  rows: readonly (readonly number[])[],
  targets: readonly number[],
  ridge: number,
): LogisticFit {
  const width = 1 + (rows[0]?.length ?? 0);
  const design = rows.map((row) => [1, ...row]);
  const penalty = Array.from({ length: width }, (_, j) => (j === 0 ? INTERCEPT_RIDGE : ridge));
  const objective = (b: readonly number[]): number =>
    design.reduce((sum, row, i) => sum + crossEntropy(dot(row, b), targets[i]!), 0) +
    b.reduce((sum, value, j) => sum + (penalty[j]! * value * value) / 2, 0);

  let b = new Array<number>(width).fill(0);
  let value = objective(b);
  for (let step = 0; step < MAX_STEPS; step++) {
    const gradient = b.map((weight, j) => penalty[j]! * weight);
    const hessian = b.map((_, j) => b.map((__, k) => (j === k ? penalty[j]! : 0)));
    design.forEach((row, i) => {
      const p = sigmoid(dot(row, b));
      for (let j = 0; j < width; j++) {
        gradient[j]! += (p - targets[i]!) * row[j]!;
        for (let k = 0; k < width; k++) hessian[j]![k]! += p * (1 - p) * row[j]! * row[k]!;
      }
    });
    const direction = solvePositive(hessian, gradient);
    if (direction.every((change) => Math.abs(change) < TOLERANCE)) break;
    let scale = 1;
    let next = b.map((weight, j) => weight - direction[j]!);
    let nextValue = objective(next);
    while (nextValue > value && scale > 1e-6) {
      scale /= 2;
      next = b.map((weight, j) => weight - scale * direction[j]!);
      nextValue = objective(next);
    }
    // Where no step along the direction helps any more, rounding is all that is left.
    if (nextValue > value) break;
    [b, value] = [next, nextValue];
  }
  const [intercept, ...weights] = b as [number, ...number[]];
  return { intercept, weights };
}

export function sigmoid(x: number): number {
  return x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x));
}

/** -y log p - (1 - y) log(1 - p) with p = sigmoid(x), finite for any x. */
function crossEntropy(x: number, y: number): number {
  return Math.max(x, 0) - x * y + Math.log1p(Math.exp(-Math.abs(x)));
}

function dot(a: readonly number[], b: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
