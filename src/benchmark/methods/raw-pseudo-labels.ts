import type { Method } from '../cell.ts';
import { finalNetwork } from './pseudo-labels.ts';

export const rawPseudoLabels: Method = {
  name: 'raw-pseudo-labels',
  title: 'Raw pseudo labels',
  about:
    'a final network, trained as that of packmule, learns from what an initial one draws on the unlabelled images, unrefined',
  masks: (cell, split) => {
    const initial = cell.network({ share: 1 / 2 });
    const pseudo = cell.predicted(initial, 'unlabelled');
    return cell.predicted(finalNetwork(cell, initial, pseudo), split);
  },
};
