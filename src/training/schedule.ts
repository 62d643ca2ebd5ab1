/** @file Learning rates over a training. `progress` runs from 0 (first step) to 1 (last step). */

export type Schedule = 'one-cycle' | 'cosine' | 'warm-up' | 'poly';

/** Share of a training in which the rate rises, of those that begin so. */
const WARM_UP = 0.15;

/**
 * - one-cycle (Smith and Topin 2018): linearly up from peak / 20, then a half cosine down to 0.
 * - warm-up: the same rise, then the peak until the end, for trainings that may stop anywhere.
 * - cosine (Loshchilov and Hutter 2017): a half cosine from the peak down to peak / 100.
 * - poly (Isensee et al. 2021): from the peak to 0 by the power 0.9 of what is left.
 */
export function learningRate(schedule: Schedule, peak: number, progress: number): number {
  if (schedule === 'poly') return peak * (1 - progress) ** 0.9;
  if (schedule === 'cosine') return peak * (0.01 + 0.99 * halfCosine(progress));
  if (progress < WARM_UP) return peak * (0.05 + (0.95 * progress) / WARM_UP);
  if (schedule === 'warm-up') return peak;
  return peak * halfCosine((progress - WARM_UP) / (1 - WARM_UP));
}

const halfCosine = (progress: number): number => 0.5 * (1 + Math.cos(Math.PI * progress));
