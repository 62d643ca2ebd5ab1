import type { Method } from '../cell.ts';
import { byMedSam } from '../refiners.ts';
import { postProcessing } from './post-processing.ts';

export const unetMedSam: Method = {
  name: 'unet+medsam',
  title: 'U-Net + MedSAM',
  about: 'the same, redrawn by MedSAM, prompted by a box',
  ...postProcessing(byMedSam),
};
