import type { Method } from '../cell.ts';
import { byAtlasAndCloseUp } from '../refiners.ts';
import { postProcessing } from './post-processing.ts';

export const selfTrainingAtlasCloseUp: Method = {
  name: 'self-training+atlas+close-up',
  title: 'Self-training + atlas + close-up',
  about: 'the masks of a self-trained U-Net, settled by the atlas and redrawn close up',
  ...postProcessing(byAtlasAndCloseUp, { meanTeacher: 'labels' }),
};
