/** @file One line of a golden check: a quantity of ours beside the reference's. */

export interface GoldenRow {
  readonly quantity: string;
  /** The error, or what is wrong. */
  readonly seen: string | number;
  /** The largest error that passes. */
  readonly tolerance: string | number;
  readonly ok: boolean;
}

/** Largest difference of two arrays of equal length, relative to the reference's largest magnitude. */
export function relativeError(ours: ArrayLike<number>, reference: ArrayLike<number>): number {
  if (ours.length !== reference.length) return Number.POSITIVE_INFINITY;
  let difference = 0;
  let magnitude = 0;
  for (let i = 0; i < ours.length; i++) {
    const step = Math.abs(ours[i]! - reference[i]!);
    // Written so that NaN counts as a difference.
    if (!(step <= difference)) difference = Number.isNaN(step) ? Number.POSITIVE_INFINITY : step;
    magnitude = Math.max(magnitude, Math.abs(reference[i]!));
  }
  return magnitude === 0 ? difference : difference / magnitude;
}
