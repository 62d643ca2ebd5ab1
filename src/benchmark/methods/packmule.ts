import { hasLastWord } from '../../refine/settings.ts';
import type { Method } from '../cell.ts';
import { asSet } from '../refiners.ts';
import { finalNetwork } from './pseudo-labels.ts';

export const packmule: Method = {
  name: 'packmule',
  title: 'Packmule',
  about:
    'what `packmule run` does: refined masks and the labelled images teach the initial network further, and the masks of this final one are refined too where the refiner is up to it',
  refiner: asSet,
  masks: (cell, split) => {
    const own = cell.affordable(asSet(cell.refine));
    const settings = { ...own, atlas: own.atlas && cell.suitsAtlas };
    const initial = cell.network({ share: cell.share(2, settings) });
    const final = finalNetwork(cell, initial, cell.refined(initial, 'unlabelled', settings));
    return hasLastWord(settings) ? cell.refined(final, split, settings) : cell.predicted(final, split);
  },
};
