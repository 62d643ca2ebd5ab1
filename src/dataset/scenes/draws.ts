/** @file Random choices that scenes are made of. */
import type { Rng } from '../../base/rng.ts';

export function chance(rng: Rng, probability: number): boolean {
  return rng.uniform() < probability;
}

export function pick<T>(rng: Rng, items: readonly T[]): T {
  return items[rng.below(items.length)]!;
}

/** One of the items, each as likely as its weight says. */
export function pickWeighted<T>(rng: Rng, items: readonly (readonly [weight: number, item: T])[]): T {
  let left = rng.uniform() * items.reduce((sum, [weight]) => sum + weight, 0);
  for (const [weight, item] of items) {
    left -= weight;
    if (left < 0) return item;
  }
  return items.at(-1)![1];
}

/** Uniform on a logarithmic scale in [low, high): for sizes and strengths. */
export function logBetween(rng: Rng, low: number, high: number): number {
  return Math.exp(rng.between(Math.log(low), Math.log(high)));
}

/** Whole number in [low, high], both ends included. */
export function wholeBetween(rng: Rng, low: number, high: number): number {
  return low + rng.below(high - low + 1);
}

export function lerp(from: number, to: number, share: number): number {
  return from + (to - from) * share;
}
