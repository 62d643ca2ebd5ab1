/** @file The refiners that methods name, and what of the user's settings each keeps. */
import { type RefineSettings, refineSettingsSchema } from '../refine/settings.ts';
import type { ModelRole } from './work.ts';

/** From the user's settings to those of a method. */
export type Refiner = (own: RefineSettings) => RefineSettings;

export const byRandomWalker: Refiner = (own) =>
  lean({ ...own, preset: 'as-described', refiner: 'random-walker' });

export const bySam: Refiner = (own) => lean({ ...own, preset: 'as-described', refiner: 'sam' });

/** The paper's rival, whatever the user has set. */
export const byMedSam: Refiner = () => lean(refineSettingsSchema.parse({ preset: 'medsam' }));

/** The paper's settings, whatever the user has set. */
export const asDescribed: Refiner = () => lean(refineSettingsSchema.parse({ refiner: 'sam' }));

/** What `packmule run` does. */
export const asSet: Refiner = (own) => lean(own);

/** Disturbed prompts tell how far a mask is to be trusted, which no method asks: they stay where they vote only. */
function lean(settings: RefineSettings): RefineSettings {
  const { ensemble } = settings;
  return ensemble.vote ? settings : { ...settings, ensemble: { ...ensemble, jitters: 0 } };
}

/** The promptable model that such settings ask, if any. */
export function modelRole({ refiner, preset }: RefineSettings): ModelRole | undefined {
  if (refiner !== 'sam') return undefined;
  return preset === 'medsam' ? 'medsam' : 'sam';
}
