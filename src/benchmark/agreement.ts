/** @file How far the refined masks of an image agree with those that a network drew. */
import type { Structure } from '../annotations/types.ts';
import { meanOf } from '../base/mean.ts';

/** Mean Dice of refined and drawn masks; 0 where there is none. One that the refiner had no answer to agrees with nothing. */
export function meanAgreement(structures: readonly Structure[]): number {
  const agreements = structures.flatMap(({ provenance: { agreement, keptInitial } = {} }) =>
    typeof agreement === 'number' ? [keptInitial === undefined ? agreement : 0] : [],
  );
  return meanOf(agreements) ?? 0;
}
