/** @file All settings of refinement: what they mean, their bounds, their defaults and the named presets. */
import { z } from 'zod';
import { ELEMENTS } from '../masks/morphology.ts';
import { COMPONENT_SELECTIONS } from './select.ts';

const morphologySchema = z
  .strictObject({
    operation: z
      .enum(['none', 'erosion', 'dilation', 'opening', 'closing'])
      .default('none')
      .describe('What is done to each initial mask before prompts are taken from it.'),
    element: z.enum(ELEMENTS).default('square').describe('Shape of the structuring element.'),
    radius: z.int().min(0).max(8).default(8).describe('Radius of the structuring element in px.'),
    reachesRefiner: z
      .boolean()
      .default(true)
      .describe('false: prompts come from the masks as they were before (the published code).'),
  })
  .describe('Morphology of the masks from which a promptable refiner takes its prompts.');

const passSchema = z
  .strictObject({
    box: z.boolean().default(false).describe('Prompt with the tight bounding box.'),
    points: z
      .enum(['none', 'positive', 'all'])
      .default('none')
      .describe('Prompt with no point, the positive seed, or the positive and the negative seeds.'),
    mask: z
      .boolean()
      .default(false)
      .describe('Prompt with the mask: the logits of the pass before, in the first pass the initial mask.'),
  })
  .refine((pass) => pass.box || pass.points !== 'none', 'a pass needs a box or points');

const randomWalkerSchema = z
  .strictObject({
    sigma: z
      .union([
        z.number().positive(),
        z.strictObject({ relative: z.number().positive().describe('Times the local contrast.') }),
      ])
      .default({ relative: 0.5 })
      .describe(
        'Contrast at which an edge weighs 1/e, on the scale 0..255; or relative to the root mean square step between neighbours around the mask.',
      ),
    imageSmoothing: z
      .number()
      .min(0)
      .max(20)
      .default(1)
      .describe('Standard deviation in px of the Gaussian that the image is smoothed with.'),
    foregroundErosion: z
      .number()
      .min(0)
      .max(100)
      .default(8)
      .describe('Pixels deeper inside the initial mask than this (px) are seeds of the class.'),
    foregroundErosionLimit: z
      .number()
      .gt(0)
      .lt(1)
      .default(0.5)
      .describe('Limit of the erosion as a part of the greatest depth, so that thin masks keep a seed.'),
    backgroundErosion: z
      .number()
      .min(0)
      .max(100)
      .default(8)
      .describe('Pixels farther outside the initial mask than this (px) are seeds of the background.'),
    priorStrength: z
      .number()
      .min(0)
      .default(0.005)
      .describe('Weight of the initial mask as a prior, where an edge without contrast weighs 1; 0: none.'),
    priorWidth: z
      .number()
      .positive()
      .default(4)
      .describe('Distance in px from the initial border at which the prior is 0.73 or 0.27.'),
    threshold: z
      .union([z.literal('neutral'), z.number().gt(0).lt(1)])
      .default('neutral')
      .describe(
        'Probability above which a pixel belongs to the class. neutral: that which would return the initial mask on an image without contrast, so that masks do not shrink.',
      ),
    probabilitySmoothing: z
      .number()
      .min(0)
      .max(20)
      .default(1.5)
      .describe('Standard deviation in px of the Gaussian that the probabilities are smoothed with.'),
    fillHoles: z
      .boolean()
      .default(true)
      .describe('Give a region that holds no seed of its own label to the other label.'),
  })
  .describe('Settings of the random walker.');

const ensembleSchema = z
  .strictObject({
    jitters: z
      .int()
      .min(0)
      .max(16)
      .optional()
      .describe(
        'Disturbed prompts per mask; how little the answers differ is its stability. Unless set 3 for foal and sam, and 2 for the random walker, where each costs half as much as the mask itself.',
      ),
    spread: z
      .number()
      .gt(0)
      .max(0.5)
      .default(0.05)
      .describe(
        'Largest shift of a box edge and of the seed as a part of the side of the box; the random walker starts from masks eroded and dilated by this part of the square root of their area.',
      ),
    vote: z
      .boolean()
      .default(false)
      .describe('The mask becomes what more than half of the answers hold, disturbed or not.'),
  })
  .describe('Asking more than once: how stable a mask is when its prompt is disturbed.');

export const REFINERS = ['foal+close-up', 'close-up', 'foal', 'sam', 'random-walker', 'none'] as const;
export type RefinerName = (typeof REFINERS)[number];
/** Refiners that mend masks well enough to do so with those of the final network too. */
const LAST_WORDS: readonly RefinerName[] = ['foal+close-up', 'close-up', 'foal'];
const DEFAULT_REFINER: RefinerName = 'foal+close-up';
/** What is left of a refiner without its promptable model, and without its network of close-ups. */
const WITHOUT_MODEL: Partial<Record<RefinerName, RefinerName>> = {
  'foal+close-up': 'close-up',
  foal: 'none',
  sam: 'none',
};
const WITHOUT_CLOSE_UPS: Partial<Record<RefinerName, RefinerName>> = {
  'foal+close-up': 'foal',
  'close-up': 'none',
};

const settingsSchema = z.strictObject({
  preset: z
    .enum(['as-described', 'as-coded', 'medsam'])
    .default('as-described')
    .describe(
      'as-described: the published method; as-coded: with the defects of its published code; medsam: what it is compared with, MedSAM prompted by a box alone, once.',
    ),
  refiner: z
    .enum(REFINERS)
    .default(DEFAULT_REFINER)
    .describe(
      'What refines the initial masks: Foal, the promptable model that comes with Packmule, then a small network that redraws outlines close up, both after they have learnt from the labelled images; close-up or foal alone; sam, a large promptable model, which is downloaded where it is not here yet; the random walker, which needs no model.',
    ),
  selection: z
    .enum(COMPONENT_SELECTIONS)
    .default('highest_probability')
    .describe('Which connected components of a predicted class are kept.'),
  threshold: z
    .number()
    .gt(0)
    .lt(1)
    .default(0.5)
    .describe('Probability above which a pixel belongs to the initial mask.'),
  atlas: z
    .boolean()
    .default(true)
    .describe(
      'Settle which class pixels belong to by where the structures of the labelled images lie among each other, before components are selected; for networks whose classes exclude each other, where that makes the masks of held-out images better (see trust.folds).',
    ),
  morphology: morphologySchema.prefault({}),
  seed: z
    .enum(['centroid', 'interior'])
    .default('centroid')
    .describe(
      'Positive seed: the rounded centroid of the pixels of this class alone, or the deepest of them, which a concave shape cannot throw out.',
    ),
  negatives: z
    .union([
      z.literal('all'),
      z.strictObject({ nearest: z.int().min(1).describe('How many, nearest to the positive seed.') }),
    ])
    .default('all')
    .describe('Which positive seeds of other classes are negative seeds.'),
  passes: z
    .array(passSchema)
    .min(1)
    .max(4)
    .prefault([{ box: true, mask: true }])
    .describe(
      'Prompts of each pass of a promptable refiner. Unless set, Foal is shown each mask with its box, once; sam a box, then the seeds of all classes with the answer to it.',
    ),
  candidates: z
    .enum(['single', 'best-of-three', 'closest-of-three'])
    .default('single')
    .describe(
      'The single mask of a promptable model, or of its three candidates the one of the highest predicted IoU, or the one closest to the initial mask.',
    ),
  ensemble: ensembleSchema.prefault({}),
  closeUpMinutes: z
    .number()
    .positive()
    .optional()
    .describe(
      'Time in minutes on two cores for the network of close-ups; a third of training.minutes unless set.',
    ),
  adaptSteps: z
    .int()
    .min(0)
    .optional()
    .describe(
      'Foal, or the decoder of sam, is adapted to the labelled images in so many steps at most, unless that makes it no better on images held out (see trust.folds); 0: it stays as it is. Unless set, Foal learns as many steps as a third of training.minutes holds, 240 at most, and sam none.',
    ),
  randomWalker: randomWalkerSchema.prefault({}),
});

/** What the presets set; what the user sets himself wins over it. */
const PRESETS: Readonly<Record<string, Tree>> = {
  'as-coded': {
    atlas: false,
    // The dilated mask is stored, but prompts are taken from the undilated one.
    morphology: { reachesRefiner: false },
    // An erosion by an element of one pixel leaves no pixel without a seed, so every mask comes back as it was.
    randomWalker: {
      foregroundErosion: 0,
      backgroundErosion: 0,
      priorStrength: 0,
      threshold: 0.5,
      probabilitySmoothing: 0,
      fillHoles: false,
    },
  },
  // The model and its preprocessing follow from the preset: see sam in the settings of a run.
  medsam: { refiner: 'sam', atlas: false, passes: [{ box: true }], candidates: 'single' },
};

/** What the published method asks; Foal, which was trained to mend masks, is shown them as they are. */
const PUBLISHED: Tree = {
  morphology: { operation: 'dilation' },
  passes: [{ box: true }, { points: 'all', mask: true }],
};

/** Fills in the defaults, after the preset that is named; unknown keys are refused. */
export const refineSettingsSchema = z.preprocess((input) => {
  if (!isRecord(input)) return input;
  const named = mergeUnder(PRESETS[String(input.preset)] ?? {}, input);
  const refiner = (named.refiner ?? DEFAULT_REFINER) as RefinerName;
  return askedModel({ refiner }) === 'foal' ? named : mergeUnder(PUBLISHED, named);
}, settingsSchema);

export type RefineSettings = z.output<typeof settingsSchema>;
export type RefineSettingsInput = z.input<typeof settingsSchema>;
type Named = Pick<RefineSettings, 'refiner'>;

/** The sort of promptable model that a refiner asks, if any. */
export function askedModel({ refiner }: { readonly refiner: RefinerName }): 'foal' | 'sam' | undefined {
  if (refiner === 'foal' || refiner === 'foal+close-up') return 'foal';
  return refiner === 'sam' ? 'sam' : undefined;
}

/** Whether a network of close-ups redraws masks. */
export const looksClose = ({ refiner }: Named): boolean =>
  refiner === 'close-up' || refiner === 'foal+close-up';

/** The same without the promptable model, or without the close-ups. */
export const withoutModel = <S extends Named>(settings: S): S => ({
  ...settings,
  refiner: WITHOUT_MODEL[settings.refiner] ?? settings.refiner,
});
export const withoutCloseUps = <S extends Named>(settings: S): S => ({
  ...settings,
  refiner: WITHOUT_CLOSE_UPS[settings.refiner] ?? settings.refiner,
});

/** The same with no more answers than it takes to draw masks: disturbed prompts stay where they vote only. */
export const askedOnce = (settings: RefineSettings): RefineSettings =>
  settings.ensemble.vote ? settings : { ...settings, ensemble: { ...settings.ensemble, jitters: 0 } };

/** Whether the promptable model learns from the labelled images before it refines. */
export function adaptsModel({
  refiner,
  adaptSteps,
}: Pick<RefineSettings, 'refiner' | 'adaptSteps'>): boolean {
  const asked = askedModel({ refiner });
  return adaptSteps === undefined ? asked === 'foal' : asked !== undefined && adaptSteps > 0;
}

/** Whether what the final network finds is refined too. */
export const hasLastWord = ({ refiner }: Named): boolean => LAST_WORDS.includes(refiner);

export type RandomWalkerSettings = RefineSettings['randomWalker'];
export type EnsembleSettings = RefineSettings['ensemble'];
export type PassSettings = RefineSettings['passes'][number];

type Tree = Record<string, unknown>;

function isRecord(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `over` with what only `base` has; records are merged key by key. */
function mergeUnder(base: Tree, over: Tree): Tree {
  const merged: Tree = { ...base, ...over };
  for (const [key, value] of Object.entries(base)) {
    const given = over[key];
    if (isRecord(value) && isRecord(given)) merged[key] = mergeUnder(value, given);
  }
  return merged;
}
