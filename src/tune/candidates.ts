/** @file The settings that are compared: those that are set, and the whole grid or a balanced draw from it. */
import { hashJson } from '../base/hash.ts';
import type { Rng } from '../base/rng.ts';
import { relevantSettings } from '../pipeline/stages/refine.ts';
import type { RefineSettings } from '../refine/settings.ts';
import type { Axis } from './space.ts';

export interface Candidate {
  /** Hash of the settings that the refiner looks at. */
  readonly key: string;
  readonly settings: RefineSettings;
  /**
   * The choices that come to these settings, each the value of every axis by its number; none for the settings as they
   * are, which may lie on no axis.
   */
  readonly choices: readonly (readonly number[])[];
}

/** The settings as they are. */
export function currentCandidate(settings: RefineSettings): Candidate {
  return { key: keyOf(settings), settings, choices: [] };
}

/** How many choices the grid has, before those are taken together that come to the same. */
export function gridSize(axes: readonly Axis[]): number {
  return axes.reduce((product, { values }) => product * values.length, 1);
}

/** Every choice of the grid once. */
export function wholeGrid(base: RefineSettings, axes: readonly Axis[]): Candidate[] {
  const choices = Array.from({ length: gridSize(axes) }, (_, index) => {
    let rest = index;
    return axes.map(({ values }) => {
      const at = rest % values.length;
      rest = Math.floor(rest / values.length);
      return at;
    });
  });
  return distinct(choices.map((choice) => candidateAt(base, axes, choice)));
}

/**
 * At most `count` choices of the grid, in which each value of an axis comes as often as the others do, and in no
 * relation to those of other axes (Latin hypercube sampling, McKay et al. 1979).
 */
export function balancedDraw(
  base: RefineSettings,
  axes: readonly Axis[],
  count: number,
  rng: Rng,
): Candidate[] {
  const columns = axes.map(({ values, name }) =>
    rng.child(name).shuffled(Array.from({ length: count }, (_, i) => i % values.length)),
  );
  const choices = Array.from({ length: count }, (_, i) => columns.map((column) => column[i]!));
  return distinct(choices.map((choice) => candidateAt(base, axes, choice)));
}

function candidateAt(base: RefineSettings, axes: readonly Axis[], choice: readonly number[]): Candidate {
  const settings = axes.reduce((was, { values }, a) => values[choice[a]!]!.apply(was), base);
  return { key: keyOf(settings), settings, choices: [choice] };
}

/** Those that come to the same are one, in the place of the first. */
function distinct(candidates: readonly Candidate[]): Candidate[] {
  const byKey = new Map<string, Candidate>();
  for (const candidate of candidates) {
    const { choices = [] } = byKey.get(candidate.key) ?? {};
    byKey.set(candidate.key, { ...candidate, choices: [...choices, ...candidate.choices] });
  }
  return [...byKey.values()];
}

const keyOf = (settings: RefineSettings): string => hashJson(relevantSettings(settings));
