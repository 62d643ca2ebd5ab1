/** @file How long something took. */

/** Seconds since a moment of `performance.now()`, to a tenth. */
export function secondsSince(start: number): number {
  return Math.round((performance.now() - start) / 100) / 10;
}
