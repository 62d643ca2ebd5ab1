/**
 * @file Whether the best settings are better than those that are set. The best of many looks better than it is on
 * the images it was chosen by; so for each image settings are chosen by the other images, and what these reach on it
 * is compared with what is set.
 */
import { type PairedDifference, pairedBootstrap, type ValuesPerImage } from '../evaluate/bootstrap.ts';
import type { Candidate } from './candidates.ts';
import { type Measured, meanValue } from './search.ts';

export interface Verdict {
  /** The best of all images; the current settings where nothing is better. */
  readonly winner: Measured;
  readonly current: Measured;
  /** Of settings chosen by the other images, less the current ones; undefined for fewer than two images. */
  readonly gain: PairedDifference | undefined;
  /** Whether the interval of the gain lies above 0. */
  readonly better: boolean;
}

/** `finalists` were measured on all images; `current` is one of them. */
export function judge(finalists: readonly Measured[], current: Candidate, resamples: number): Verdict {
  const now = finalists.find(({ candidate }) => candidate === current)!;
  const winner = bestOf(finalists, now, (values) => values);
  const chosen = now.values.map((_, image) => {
    const others = (values: ValuesPerImage): ValuesPerImage => values.filter((_values, i) => i !== image);
    return bestOf(finalists, now, others).values[image]!;
  });
  const gain = pairedBootstrap(now.values, chosen, { resamples });
  return {
    winner,
    current: now,
    gain,
    better: winner !== now && gain !== undefined && gain.interval.low > 0,
  };
}

/** By the mean over some of the images; on a tie the settings stay as they are. */
function bestOf(
  finalists: readonly Measured[],
  now: Measured,
  seen: (values: ValuesPerImage) => ValuesPerImage,
): Measured {
  let [best, most] = [now, meanValue(seen(now.values))];
  for (const finalist of finalists) {
    const mean = meanValue(seen(finalist.values));
    if (mean > most) [best, most] = [finalist, mean];
  }
  return best;
}
