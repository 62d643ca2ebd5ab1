import { hasLastWord } from '../../refine/settings.ts';
import type { Method } from '../cell.ts';
import { asSet } from '../refiners.ts';

export const packmule: Method = {
  name: 'packmule',
  title: 'Packmule',
  about:
    'what `packmule run` does: refined masks and, with them, the labelled images teach the final network, whose masks are refined too where the refiner is up to it',
  refiner: asSet,
  masks: (cell, split) => {
    const settings = asSet(cell.refine);
    const share = cell.share(2, settings);
    const pseudo = cell.refined(cell.network({ share }), 'unlabelled', settings);
    const labelled = cell.samples === 'pseudo' ? 0 : cell.labelled;
    const final = cell.network({ share, labelled, pseudo });
    return hasLastWord(settings) ? cell.refined(final, split, settings) : cell.predicted(final, split);
  },
};
