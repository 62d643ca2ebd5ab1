/** @file How much of the images each class takes, and what a head should say before it has learnt anything. */
import { type Float32NdArray, float32 } from '../tensor/array.ts';
import type { CachedSample } from './sample-cache.ts';
import type { NetworkPlan } from './types.ts';

/** Share of pixels of each class over the samples. */
export function positiveShares(
  { head, classes }: Pick<NetworkPlan, 'head' | 'classes'>,
  samples: readonly Pick<CachedSample, 'target'>[],
): number[] {
  const counts = new Array<number>(classes.length).fill(0);
  let pixels = 0;
  for (const { target } of samples) {
    const each = head === 'exclusive' ? target.length : target.length / classes.length;
    pixels += each;
    target.forEach((value, at) => {
      if (value === 0) return;
      counts[head === 'exclusive' ? value - 1 : Math.floor(at / each)]! += 1;
    });
  }
  return counts.map((count) => count / pixels);
}

/** A class that is in no pixel, or in every one, has odds all the same. */
const RAREST = 1e-4;

/**
 * The bias of an overlapping head at the log odds of each class (Lin et al. 2017, section 4.1): from 0, the first steps
 * would do nothing but push every map towards empty, and past the point of return.
 */
export function logOdds(shares: readonly number[]): Float32NdArray {
  return float32(
    [shares.length],
    shares.map((share) => {
      const inner = Math.min(1 - RAREST, Math.max(RAREST, share));
      return Math.log(inner / (1 - inner));
    }),
  );
}
