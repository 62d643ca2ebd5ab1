/** @file A refiner where it costs no training: on the masks that the U-Net draws, image by image. */
import type { Method } from '../cell.ts';
import type { Refiner } from '../refiners.ts';

export function postProcessing(refiner: Refiner): Pick<Method, 'refiner' | 'masks'> {
  return {
    refiner,
    masks: (cell, split) =>
      cell.refined(cell.predicted(cell.network({ share: 1 }), split), refiner(cell.refine)),
  };
}
