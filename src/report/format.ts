/** @file How figures are written in the report: scores in percent with one decimal, as the field prints Dice. */
import type { Interval } from '../evaluate/bootstrap.ts';
import type { EvaluationMethod } from '../evaluate/evaluation.ts';
import type { Stage } from './data.ts';

/** A score in [0, 1] as `80.1`; a dash where there is none. */
export function percent(score: number | null | undefined): string {
  return score === null || score === undefined ? '–' : (100 * score).toFixed(1);
}

/** A figure with so many decimals; a dash where there is none. */
export function decimals(value: number | null, digits: number): string {
  return value === null ? '–' : value.toFixed(digits).replace('-', '−');
}

/** A difference of scores with its sign: `+1.9`, `−0.4`, `±0.0`. */
export function signedPercent(difference: number): string {
  const text = Math.abs(100 * difference).toFixed(1);
  if (text === '0.0') return '±0.0';
  return `${difference > 0 ? '+' : '−'}${text}`;
}

/** `78.4–81.6`. */
export function percentInterval(interval: Interval | null): string {
  return interval === null ? '' : `${percent(interval.low)}–${percent(interval.high)}`;
}

/** Coverage of the intervals: `95 %`. */
export function levelTitle(method: EvaluationMethod): string {
  return `${Number((100 * method.level).toFixed(1))}\u00a0%`;
}

export function pValue(p: number): string {
  return p < 0.001 ? 'p\u00a0<\u00a00.001' : `p\u00a0=\u00a0${p.toFixed(3)}`;
}

/** A time in minutes as `45 s`, `11.4 min` or `2 h 05 min`. */
export function duration(minutes: number): string {
  if (minutes < 1) return `${Math.round(minutes * 60)} s`;
  if (minutes < 100) return `${minutes.toFixed(1)} min`;
  const whole = Math.round(minutes);
  return `${Math.floor(whole / 60)} h ${String(whole % 60).padStart(2, '0')} min`;
}

/** `1 image`, `3 images`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

export const STAGE_TITLES: Readonly<Record<Stage, string>> = {
  initial: 'Initial network',
  refined: 'Refined masks',
  final: 'Final network',
  finalRefined: 'Final, refined',
};
