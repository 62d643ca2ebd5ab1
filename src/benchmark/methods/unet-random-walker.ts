import type { Method } from '../cell.ts';
import { byRandomWalker } from '../refiners.ts';
import { postProcessing } from './post-processing.ts';

export const unetRandomWalker: Method = {
  name: 'unet+random-walker',
  title: 'U-Net + random walker',
  about: "the masks of that U-Net, redrawn on each image by Grady's random walker",
  ...postProcessing(byRandomWalker),
};
