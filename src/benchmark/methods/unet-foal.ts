import type { Method } from '../cell.ts';
import { byFoal } from '../refiners.ts';
import { postProcessing } from './post-processing.ts';

export const unetFoal: Method = {
  name: 'unet+foal',
  title: 'U-Net + Foal',
  about: 'the same, redrawn by Foal, our own small Segment Anything',
  ...postProcessing(byFoal),
};
