/** @file Numbers on the command line: an option that has another value is used wrongly. */
import { InvalidArgumentError } from 'commander';

/** The number that a text is, or NaN: a blank is none. */
export function numberOf(text: string): number {
  return text.trim() === '' ? Number.NaN : Number(text);
}

/** What reads a whole number from `least` on. */
export function whole(least: number): (text: string) => number {
  return (text) => {
    const value = numberOf(text);
    if (Number.isSafeInteger(value) && value >= least) return value;
    throw new InvalidArgumentError(`It is no whole number from ${least}.`);
  };
}

export function positive(text: string): number {
  const value = numberOf(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError('It is no number above 0.');
}
