/** @file The order of file names that people expect. */

const natural = new Intl.Collator('en', { numeric: true });

/** Compares names: 2 before 10, and names that differ in zeros or accents alone always in one order. */
export function naturalOrder(a: string, b: string): number {
  return natural.compare(a, b) || (a < b ? -1 : Number(a > b));
}
