import type { Method } from '../cell.ts';

export const rawPseudoLabels: Method = {
  name: 'raw-pseudo-labels',
  title: 'Raw pseudo labels',
  about: 'a final network learns from what an initial one draws on the unlabelled images, unrefined',
  masks: (cell, split) => {
    const pseudo = cell.predicted(cell.network({ share: 1 / 2 }), 'unlabelled');
    return cell.predicted(cell.network({ share: 1 / 2, labelled: 0, pseudo }), split);
  },
};
