/**
 * @file Which images a model looks at before some are suggested: it needs a while for each, and a folder may hold
 * thousands. A random few show what a folder holds; done ones are what others are compared with; and where a run has
 * doubts about all images, the most doubtful are worth a look before any other.
 */
import { createRng } from '../base/rng.ts';

export interface SampleOptions {
  readonly isDone: (id: string) => boolean;
  /** Doubt about what a run found, [0, 1], by id; undefined where there is no run. Of an image without one nothing is known: 1. */
  readonly doubts: ReadonlyMap<string, number> | undefined;
  /** At most so many. */
  readonly count: number;
}

/** Ids, those of done images first, the others in a random order that is always the same. */
export function imagesToLookAt(ids: readonly string[], { isDone, doubts, count }: SampleOptions): string[] {
  const shuffled = createRng(0).child('advisor').shuffled(ids);
  const done = shuffled.filter(isDone).slice(0, Math.floor(count / 4));
  const open = shuffled.filter((id) => !isDone(id));
  const places = count - done.length;
  const doubtOf = (id: string): number => doubts?.get(id) ?? 1;
  const doubtful = doubts === undefined ? [] : open.toSorted((a, b) => doubtOf(b) - doubtOf(a));
  const chosen = new Set(doubtful.slice(0, Math.floor(places / 2)));
  for (const id of open) if (chosen.size < places) chosen.add(id);
  return [...done, ...open.filter((id) => chosen.has(id))];
}
