import type { Method } from '../cell.ts';
import { byAtlasAndCloseUp } from '../refiners.ts';
import { postProcessing } from './post-processing.ts';

export const unetAtlasCloseUp: Method = {
  name: 'unet+atlas+close-up',
  title: 'U-Net + atlas + close-up',
  about: 'the masks of a U-Net, settled by the atlas and redrawn close up',
  ...postProcessing(byAtlasAndCloseUp),
};
