import type { Method } from '../cell.ts';
import { byCloseUp } from '../refiners.ts';
import { postProcessing } from './post-processing.ts';

export const selfTrainingCloseUp: Method = {
  name: 'self-training+close-up',
  title: 'Self-training + close-up',
  about: 'the masks of a self-trained U-Net, redrawn close up',
  ...postProcessing(byCloseUp, { meanTeacher: 'labels' }),
};
