/**
 * @file The settings of refinement that are tuned, and their values: for promptable models the grid of the published
 * study (prompts of both passes, and morphology), for the random walker its contrast, seeds, prior and smoothing.
 */
import { ConfigError } from '../base/errors.ts';
import { ELEMENTS } from '../masks/morphology.ts';
import type { PassSettings, RandomWalkerSettings, RefineSettings } from '../refine/settings.ts';

/** One thing that is varied. */
export interface Axis {
  /** As in tables: `second prompt`. */
  readonly name: string;
  readonly values: readonly AxisValue[];
}

export interface AxisValue {
  /** As in tables: `dilation 8`. */
  readonly label: string;
  /** The settings with this value. */
  apply(settings: RefineSettings): RefineSettings;
}

/** The axes of a refiner, in the order in which their values are applied. @throws ConfigError where it has none. */
export function spaceOf({ refiner, preset }: Pick<RefineSettings, 'refiner' | 'preset'>): readonly Axis[] {
  switch (refiner) {
    case 'random-walker':
      return [SIGMA, EROSION, PRIOR, IMAGE_SMOOTHING, PROBABILITY_SMOOTHING];
    case 'foal':
      return [FIRST_PROMPT, SHOWN_MASK, SECOND_PROMPT, MORPHOLOGY, ELEMENT];
    case 'sam':
      // MedSAM was trained on boxes, and knows no other prompt.
      return preset === 'medsam' ? [MORPHOLOGY, ELEMENT] : [FIRST_PROMPT, SECOND_PROMPT, MORPHOLOGY, ELEMENT];
    case 'foal+close-up':
    case 'close-up':
    case 'none':
      throw new ConfigError({
        seen: `The refiner is ${refiner}, which has no settings to compare`,
        need: 'A refiner whose settings can be compared: random-walker, foal or sam',
        fix: 'Name one with --refiner',
      });
  }
}

type Prompt = Pick<PassSettings, 'box' | 'points'>;

const PROMPTS = {
  box: { box: true, points: 'none' },
  'points of all': { box: false, points: 'all' },
  'own point': { box: false, points: 'positive' },
} as const satisfies Record<string, Prompt>;

const FIRST_PROMPT: Axis = {
  name: 'first prompt',
  values: Object.entries(PROMPTS).map(([label, prompt]) => ({
    label,
    apply: (settings) => ({ ...settings, passes: [{ ...prompt, mask: false }] }),
  })),
};

/** Foal was trained to mend masks; the models like the original were not. */
const SHOWN_MASK: Axis = {
  name: 'shown mask',
  values: [true, false].map((mask) => ({
    label: mask ? 'yes' : 'no',
    apply: (settings) => ({ ...settings, passes: [{ ...settings.passes[0]!, mask }] }),
  })),
};

/** Its mask is the answer to the first. */
const SECOND_PROMPT: Axis = {
  name: 'second prompt',
  values: [
    { label: 'none', apply: (settings) => settings },
    ...Object.entries(PROMPTS).map(
      ([label, prompt]): AxisValue => ({
        label,
        apply: (settings) => ({ ...settings, passes: [settings.passes[0]!, { ...prompt, mask: true }] }),
      }),
    ),
  ],
};

const RADII = [8, 7, 6, 5, 4, 3, 2, 1];

const MORPHOLOGY: Axis = {
  name: 'morphology',
  values: [
    ...RADII.map((radius) => morphology('erosion', radius)),
    {
      label: 'none',
      apply: (settings) => ({ ...settings, morphology: { ...settings.morphology, operation: 'none' } }),
    },
    ...RADII.toReversed().map((radius) => morphology('dilation', radius)),
  ],
};

function morphology(operation: 'erosion' | 'dilation', radius: number): AxisValue {
  return {
    label: `${operation} ${radius}`,
    apply: (settings) => ({ ...settings, morphology: { ...settings.morphology, operation, radius } }),
  };
}

/** Without an operation it is nothing, and stays as it is set. */
const ELEMENT: Axis = {
  name: 'element',
  values: ELEMENTS.map((element) => ({
    label: element,
    apply: (settings) =>
      settings.morphology.operation === 'none'
        ? settings
        : { ...settings, morphology: { ...settings.morphology, element } },
  })),
};

function walkerAxis<T extends number>(
  name: string,
  values: readonly T[],
  change: (value: T) => Partial<RandomWalkerSettings>,
): Axis {
  return {
    name,
    values: values.map((value) => ({
      label: String(value),
      apply: (settings) => ({
        ...settings,
        randomWalker: { ...settings.randomWalker, ...change(value) },
      }),
    })),
  };
}

const SIGMA = walkerAxis('sigma, times the contrast', [0.25, 0.5, 1, 2], (relative) => ({
  sigma: { relative },
}));

const EROSION = walkerAxis('erosion, px', [2, 4, 8, 16], (px) => ({
  foregroundErosion: px,
  backgroundErosion: px,
}));

const PRIOR = walkerAxis('prior', [0, 0.001, 0.005, 0.02], (priorStrength) => ({ priorStrength }));

const IMAGE_SMOOTHING = walkerAxis('image smoothing, px', [0, 1, 2], (imageSmoothing) => ({
  imageSmoothing,
}));

const PROBABILITY_SMOOTHING = walkerAxis(
  'probability smoothing, px',
  [0, 1.5, 3],
  (probabilitySmoothing) => ({
    probabilitySmoothing,
  }),
);
