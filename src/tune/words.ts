/** @file What came of tuning in words, for page and command line alike. */
import { counted, percent, pValue, signedPercent } from '../report/format.ts';
import type { TunedCandidate, Tuning } from './result.ts';

/** `first prompt box, second prompt points of all`; of the settings as they are that they are. */
export function choiceText({ choice }: TunedCandidate): string {
  const parts = Object.entries(choice).map(([axis, value]) => `${axis} ${value}`);
  return parts.length === 0 ? 'as set' : parts.join('; ');
}

/** Whether the settings should change, and why: a sentence or two. */
export function verdictText({ better, gain, winner, current }: Tuning): string {
  if (winner.dice <= current.dice) return 'Nothing was better than the settings as they are.';
  if (gain === null) return 'One image alone does not tell whether other settings are better.';
  const { difference, interval, p } = gain;
  const range = `${signedPercent(difference)} Dice on images by which they were not chosen (95 % interval ${signedPercent(interval.low)} to ${signedPercent(interval.high)}, ${pValue(p)})`;
  return better
    ? `Other settings are better: ${range}.`
    : `The settings stay: what others gain may be chance, ${range}.`;
}

/** How candidates were drawn and compared: a sentence. */
export function howSearched({ rungs, gridSize }: Tuning): string {
  const [first, ...later] = rungs;
  const candidates = counted(first!.candidates, 'candidate');
  if (later.length === 0) return `The whole grid: ${candidates} on every image.`;
  const rest = later.map(({ candidates: kept, images }) => `the best ${kept} on ${images}`).join(', ');
  return `Of ${gridSize} choices ${candidates} were drawn and measured on ${counted(first!.images, 'image')}, ${rest}.`;
}

/** Best and worst value of each axis: a row each for a table in a terminal. */
export function surfaceRows({ surface }: Tuning): string[][] {
  return surface.map(({ name, range, values }) => {
    const sorted = values.toSorted((a, b) => b.dice - a.dice);
    const [best, worst] = [sorted[0]!, sorted.at(-1)!];
    const shown = ({ label, effect }: typeof best): string => {
      if (effect === undefined) return label;
      const { difference, interval } = effect;
      return `${label}: ${signedPercent(difference)} (${signedPercent(interval.low)} to ${signedPercent(interval.high)})`;
    };
    return [name, percent(range), shown(best), shown(worst)];
  });
}
