/** @file How long works will take: as long as those of their sort took on this machine, for each of their units. */
import { type Work, workSort } from './work.ts';

/** Seconds and units of finished works, by sort. */
export type Experience = Map<string, { seconds: number; units: number }>;

/** Seconds of a unit on two cores, until one was measured. */
const GUESS: Readonly<Record<Work['kind'], number>> = { network: 60, prediction: 0.5, refinement: 2 };

export function learn(experience: Experience, work: Work, seconds: number): void {
  const sort = workSort(work);
  const before = experience.get(sort) ?? { seconds: 0, units: 0 };
  experience.set(sort, { seconds: before.seconds + seconds, units: before.units + unitsOf(work) });
}

/** Seconds that works will take. */
export function forecast(experience: Experience, works: Iterable<Work>): number {
  let total = 0;
  for (const work of works) {
    const known = experience.get(workSort(work));
    total += unitsOf(work) * (known ? known.seconds / known.units : GUESS[work.kind]);
  }
  return total;
}

/** Planned minutes of a network, images of all else. */
function unitsOf(work: Work): number {
  switch (work.kind) {
    case 'network':
      return work.planned.minutes;
    case 'prediction':
      return work.images.count;
    case 'refinement':
      return work.prediction.images.count;
  }
}
