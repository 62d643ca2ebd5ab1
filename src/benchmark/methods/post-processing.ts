/** @file A refiner as post-processing: on the masks that the U-Net draws, image by image. */
import type { Method } from '../cell.ts';
import type { Refiner } from '../refiners.ts';

export function postProcessing(refiner: Refiner): Pick<Method, 'refiner' | 'masks'> {
  return {
    refiner,
    masks: (cell, split) => {
      const settings = refiner(cell.refine);
      const network = cell.network({ share: cell.share(1, settings) });
      return cell.refined(cell.predicted(network, split), settings);
    },
  };
}
