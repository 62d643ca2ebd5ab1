/** @file Figures and states of runs as people read them. */
import type { RunState } from '../../../src/desk/protocol.ts';

export const STATES: Readonly<Record<RunState, string>> = {
  working: 'Working',
  finished: 'Finished',
  stopped: 'Stopped',
  failed: 'Failed',
};

/** `< 1 s`, `8 s`, `4 min`, `2 h 10 min`. */
export function duration(seconds: number): string {
  if (seconds < 1) return '< 1 s';
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.round(whole / 60)} min`;
  return `${Math.floor(whole / 3600)} h ${String(Math.round((whole % 3600) / 60)).padStart(2, '0')} min`;
}

/** `81.2`, of a share. */
export const percent = (value: number): string => (100 * value).toFixed(1);

export function day(iso: string): string {
  return new Date(iso).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'short' });
}
