import type { Method } from '../cell.ts';
import { asSet } from '../refiners.ts';

export const packmule: Method = {
  name: 'packmule',
  title: 'Packmule',
  about:
    'what `packmule run` does: refined masks and, with them, the labelled images teach the final network',
  refiner: asSet,
  masks: (cell, split) => {
    const pseudo = cell.refined(
      cell.predicted(cell.network({ share: 1 / 2 }), 'unlabelled'),
      asSet(cell.refine),
    );
    const labelled = cell.samples === 'pseudo' ? 0 : cell.labelled;
    return cell.predicted(cell.network({ share: 1 / 2, labelled, pseudo }), split);
  },
};
