import type { Method } from '../cell.ts';
import { bySam } from '../refiners.ts';
import { postProcessing } from './post-processing.ts';

export const unetSam: Method = {
  name: 'unet+sam',
  title: 'U-Net + SAM',
  about: 'the same, redrawn by Segment Anything, or the model of --model',
  ...postProcessing(bySam),
};
