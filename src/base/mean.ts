/** @file The mean of a list. */

/** Undefined for none: what nobody measured is neither good nor bad. */
export function meanOf(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;
}
