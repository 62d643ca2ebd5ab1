/** @file The refiners that methods name, and what of the user's settings each keeps. */
import type { RunConfig } from '../pipeline/config.ts';
import {
  adaptsModel,
  askedModel,
  askedOnce,
  type RefineSettings,
  refineSettingsSchema,
} from '../refine/settings.ts';
import type { ModelRole } from './work.ts';

/** From the user's settings to those of a method. */
export type Refiner = (own: RefineSettings) => RefineSettings;

/** The atlas alone. */
export const byAtlas: Refiner = ({ selection, threshold }) =>
  lean(refineSettingsSchema.parse({ refiner: 'none', selection, threshold }));

export const byAtlasAndCloseUp: Refiner = (own) => ({ ...byCloseUp(own), atlas: true });

export const byCloseUp: Refiner = (own) => alone(ownOr(own, 'close-up'));

export const byRandomWalker: Refiner = (own) => alone(ownOr(own, 'random-walker'));

export const byFoal: Refiner = (own) => alone(ownOr(own, 'foal'));

/** Foal after it has learnt from the labelled images, for the part of the budget that it has. */
export const byAdaptedFoal: Refiner = (own) => learning(alone(ownOr(own, 'foal')));

export const bySam: Refiner = (own) => alone(ownOr(own, 'sam'));

/** The user's promptable model where he refines by one, else Foal, which is here. */
export const bySetModel: Refiner = (own) => (modelRole(own) === undefined ? byFoal(own) : alone(own));

/** The paper's rival, whatever the user has set. */
export const byMedSam: Refiner = () => lean(refineSettingsSchema.parse({ preset: 'medsam' }));

/** The paper's settings, whatever the user has set. */
export const asDescribed: Refiner = () => alone(refineSettingsSchema.parse({ refiner: 'sam' }));

/** The user's, of whatever refiner. */
export const asSet: Refiner = (own) => (adaptsFoal(own) ? learning(lean(own)) : lean(own));

/** Whether Foal learns from the labelled images before it refines. */
export const adaptsFoal = (settings: RefineSettings): boolean =>
  askedModel(settings) === 'foal' && adaptsModel(settings);

/** The user's settings where they are for this refiner, else its defaults. */
function ownOr(own: RefineSettings, refiner: RefineSettings['refiner']): RefineSettings {
  const { randomWalker, selection, threshold } = own;
  if (own.refiner === refiner && own.preset !== 'medsam') return own;
  return refineSettingsSchema.parse({ refiner, randomWalker, selection, threshold });
}

/** For as long as its part of the budget allows, whatever steps are set. */
const learning = ({ adaptSteps: _, ...settings }: RefineSettings): RefineSettings => settings;

/**
 * Disturbed prompts tell how far a mask is to be trusted, which no method asks: they stay where they vote only. A
 * model is taken as it is; what learns has a part of the budget, whatever minutes are set.
 */
function lean({ closeUpMinutes: _, ...settings }: RefineSettings): RefineSettings {
  return askedOnce({ ...settings, adaptSteps: 0 });
}

/** Rows that are of a refiner are of that alone: no atlas helps it. */
const alone = (settings: RefineSettings): RefineSettings => ({ ...lean(settings), atlas: false });

/** The promptable model that such settings ask, if any. */
export function modelRole({ refiner, preset }: RefineSettings): ModelRole | undefined {
  const asked = askedModel({ refiner });
  return asked === 'sam' && preset === 'medsam' ? 'medsam' : asked;
}

/**
 * What the model of the settings is for: the refiner's; where that is what a run has by default, or needs none, and a model
 * is named, the rows of `sam`.
 */
export function setModelRole({ refine, sam }: Pick<RunConfig, 'refine' | 'sam'>): ModelRole | undefined {
  const own = refine.refiner === 'foal+close-up' ? undefined : modelRole(refine);
  return own ?? (sam.model === undefined ? undefined : 'sam');
}
