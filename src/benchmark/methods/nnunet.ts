import type { Method } from '../cell.ts';

/** The usual baseline of medical segmentation: it configures itself from the data, here for the budget of a cell. */
export const nnUnet: Method = {
  name: 'nnunet',
  title: 'nnU-Net',
  about: 'a self-configuring 2D nnU-Net on the labelled images',
  masks: (cell, split) => cell.predicted(cell.nnUnet(), split),
};
