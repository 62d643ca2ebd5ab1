/** @file What came of tuning, as plain JSON: result.json, from which the page is made. */
import type { PairedDifference } from '../evaluate/bootstrap.ts';
import type { RefineSettings } from '../refine/settings.ts';
import type { Candidate } from './candidates.ts';
import { type Measured, meanValue, type Rung, type Searched } from './search.ts';
import type { Axis } from './space.ts';
import { type AxisEffect, surfaceOf } from './surface.ts';
import { judge } from './verdict.ts';

export interface Tuning {
  readonly refiner: RefineSettings['refiner'];
  /** Labelled images that were held out, and the structures that they show. */
  readonly images: number;
  readonly structures: number;
  readonly rungs: readonly Rung[];
  /** Choices of the whole grid. */
  readonly gridSize: number;
  /** Which settings matter, by the images of the first rung. */
  readonly surface: readonly AxisEffect[];
  readonly current: TunedCandidate;
  /** The current settings where nothing was better. */
  readonly winner: TunedCandidate;
  /** The winner's Dice less the current one on the images by which it was chosen, which makes it look better. */
  readonly gainAsChosen: number;
  /** What settings gain on each image that are chosen by the others; null for one image. */
  readonly gain: PairedDifference | null;
  /** Whether that interval lies above 0. */
  readonly better: boolean;
  /** All candidates that were measured on all images, the best one first. */
  readonly finalists: readonly TunedCandidate[];
}

export interface TunedCandidate {
  /** The value of each axis by its name; empty for the current settings. */
  readonly choice: Readonly<Record<string, string>>;
  /** Mean over all structures of all images. */
  readonly dice: number;
}

export interface TuningFacts extends Pick<Tuning, 'refiner' | 'images' | 'rungs' | 'gridSize'> {
  readonly axes: readonly Axis[];
  readonly current: Candidate;
  readonly searched: Searched;
  readonly resamples: number;
}

export function describeTuning({ axes, current, searched, resamples, ...facts }: TuningFacts): {
  readonly tuning: Tuning;
  readonly winner: Candidate;
} {
  const verdict = judge(searched.last, current, resamples);
  const shown = ({ candidate, values }: Measured): TunedCandidate => ({
    choice: Object.fromEntries(
      (candidate.choices[0] ?? []).map((value, a) => [axes[a]!.name, axes[a]!.values[value]!.label]),
    ),
    dice: meanValue(values),
  });
  const [now, winner] = [shown(verdict.current), shown(verdict.winner)];
  const tuning: Tuning = {
    ...facts,
    structures: verdict.current.values.flat().length,
    surface: surfaceOf(axes, searched.first, resamples),
    current: now,
    winner,
    gainAsChosen: winner.dice - now.dice,
    gain: verdict.gain ?? null,
    better: verdict.better,
    finalists: searched.last.map(shown),
  };
  return { tuning, winner: verdict.winner.candidate };
}
