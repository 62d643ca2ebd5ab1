/** @file A refiner as post-processing: on the masks that a U-Net draws, image by image. */
import type { Method, NetworkOptions } from '../cell.ts';
import type { Refiner } from '../refiners.ts';

export function postProcessing(
  refiner: Refiner,
  learning: Pick<NetworkOptions, 'meanTeacher'> = {},
): Pick<Method, 'refiner' | 'masks'> {
  return {
    refiner,
    masks: (cell, split) => {
      const settings = refiner(cell.refine);
      const network = cell.network({ share: cell.share(1, settings), ...learning });
      return cell.refined(network, split, settings);
    },
  };
}
