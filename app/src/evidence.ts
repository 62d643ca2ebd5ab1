/** @file The evidence behind a mask's trust, in words. */
import type { Evidence } from '../../src/refine/evidence.ts';

export interface Finding {
  readonly name: string;
  readonly value: string;
  /** It speaks against the mask. */
  readonly doubtful: boolean;
  /** What it is, a sentence. */
  readonly about: string;
}

interface Kind {
  readonly name: string;
  readonly about: string;
  readonly show: (value: number) => string;
  readonly isDoubtful: (value: number) => boolean;
}

const percent = (value: number): string => `${Math.round(100 * value)} %`;

/** A share of which little speaks against the mask. */
const share = (name: string, about: string, below: number): Kind => ({
  name,
  about,
  show: percent,
  isDoubtful: (value) => value < below,
});

const deviation = (name: string, about: string): Kind => ({
  name,
  about,
  show: (value) => (Math.abs(value) < 2 ? 'usual' : `${Math.abs(value).toFixed(1)} deviations off`),
  isDoubtful: (value) => Math.abs(value) >= 2,
});

const KINDS: Readonly<Partial<Record<keyof Evidence, Kind>>> = {
  confidence: share('Network', 'Mean probability that the network gives the mask.', 0.7),
  agreement: share(
    'Refinement',
    'How far what refinement found and the mask of the network cover each other (Dice); 0 where it found nothing.',
    0.8,
  ),
  stability: share('Stability', 'How far answers to disturbed prompts cover this one (mean Dice).', 0.85),
  predictedIou: share('Model', 'What the promptable model itself expects (IoU).', 0.75),
  componentShare: share('In one piece', 'Share of what was predicted that lies in the kept piece.', 0.8),
  overlap: {
    name: 'Claimed by others',
    about: 'Share of the mask that masks of other classes cover too.',
    show: percent,
    isDoubtful: (value) => value > 0.35,
  },
  areaDeviation: deviation('Size', 'Area, compared with labelled images of the class.'),
  placeDeviation: deviation('Place', 'Where it lies, compared with labelled images of the class.'),
  rivalry: {
    name: 'Rival class',
    about:
      'How near its place is to the usual one of another class; above 50 % it lies where that one belongs.',
    show: percent,
    isDoubtful: (value) => value > 0.5,
  },
};

/** What is known about a mask, doubts first. */
export function findings(evidence: Evidence): Finding[] {
  const all = Object.entries(KINDS).flatMap(([key, kind]) => {
    const value = evidence[key as keyof Evidence];
    if (value === undefined) return [];
    const { name, about, show, isDoubtful } = kind;
    return [{ name, about, value: show(value), doubtful: isDoubtful(value) }];
  });
  return [...all.filter(({ doubtful }) => doubtful), ...all.filter(({ doubtful }) => !doubtful)];
}
