import type { Method } from '../cell.ts';

/** What could be had with more labels: a network that learns from all labelled images, however many the cell has. */
export const fullySupervised: Method = {
  name: 'fully-supervised',
  title: 'U-Net, all labels',
  about: 'a U-Net on all labelled images, whatever --labels says: what more labels would give',
  masks: (cell, split) => cell.predicted(cell.network({ share: 1, labelled: cell.all }), split),
};
