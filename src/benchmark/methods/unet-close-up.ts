import type { Method } from '../cell.ts';
import { byCloseUp } from '../refiners.ts';
import { postProcessing } from './post-processing.ts';

export const unetCloseUp: Method = {
  name: 'unet+close-up',
  title: 'U-Net + close-up',
  about: 'the masks of a U-Net, redrawn by a network that learnt outlines close up from the labelled images',
  ...postProcessing(byCloseUp),
};
