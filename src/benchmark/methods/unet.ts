import type { Method } from '../cell.ts';

/** What every other method is to beat: a network that learns from the labelled images alone, for the whole budget. */
export const unet: Method = {
  name: 'unet',
  title: 'U-Net',
  about: 'a U-Net on the labelled images alone',
  masks: (cell, split) => cell.predicted(cell.network({ share: 1 }), split),
};
