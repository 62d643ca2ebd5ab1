/**
 * @file Which settings matter: for each value of each axis, how the candidates that have it compare with all
 * candidates, on the same images. A main effect, averaged over what the other axes have; a candidate that several choices
 * come to counts as each of them. Intervals are bootstraps over images.
 */
import { type PairedDifference, pairedBootstrap, type ValuesPerImage } from '../evaluate/bootstrap.ts';
import { type Measured, meanValue } from './search.ts';
import type { Axis } from './space.ts';

export interface AxisEffect {
  readonly name: string;
  /** Mean Dice of the best value less that of the worst. */
  readonly range: number;
  readonly values: readonly ValueEffect[];
}

export interface ValueEffect {
  readonly label: string;
  readonly candidates: number;
  /** Mean Dice of the candidates that have it, [0, 1]. */
  readonly dice: number;
  /** Against all candidates; absent where one image alone was measured. */
  readonly effect?: PairedDifference;
}

/** The effects of all axes, the widest range first; values that no candidate has are left out. */
export function surfaceOf(
  axes: readonly Axis[],
  measured: readonly Measured[],
  resamples: number,
): AxisEffect[] {
  const chosen = measured.flatMap(({ candidate: { key, choices }, values }) =>
    choices.map((choice) => ({ key, choice, values })),
  );
  const all = meanValues(chosen);
  return axes
    .map(({ name, values }, a): AxisEffect => {
      const effects = values.flatMap(({ label }, v): ValueEffect[] => {
        const having = chosen.filter(({ choice }) => choice[a] === v);
        if (having.length === 0) return [];
        const own = meanValues(having);
        const effect = pairedBootstrap(all, own, { resamples });
        const candidates = new Set(having.map(({ key }) => key)).size;
        return [{ label, candidates, dice: meanValue(own), ...(effect && { effect }) }];
      });
      const dice = effects.map((effect) => effect.dice);
      return { name, range: Math.max(...dice) - Math.min(...dice), values: effects };
    })
    .toSorted((a, b) => b.range - a.range);
}

/** Of each structure of each image the mean over candidates, which all have the same ones. */
function meanValues(measured: readonly Pick<Measured, 'values'>[]): ValuesPerImage {
  const [first] = measured;
  return (first?.values ?? []).map((structures, i) =>
    structures.map((_, s) => measured.reduce((sum, { values }) => sum + values[i]![s]!, 0) / measured.length),
  );
}
