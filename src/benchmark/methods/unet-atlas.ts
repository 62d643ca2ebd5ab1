import type { Method } from '../cell.ts';
import { byAtlas } from '../refiners.ts';
import { postProcessing } from './post-processing.ts';

export const unetAtlas: Method = {
  name: 'unet+atlas',
  title: 'U-Net + atlas',
  about: 'the masks of that U-Net, their pixels settled by where the structures of the labelled images lie',
  ...postProcessing(byAtlas),
};
