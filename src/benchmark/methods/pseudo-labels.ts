/**
 * @file Refined pseudo labels: half of the budget goes to a network of the labelled images, which masks the unlabelled
 * ones; the masks are refined; half goes to the final network, which learns from them alone, as in the paper. A refiner
 * that learns takes its part from both.
 */
import type { Method, NetworkOptions } from '../cell.ts';
import type { Refiner } from '../refiners.ts';

export function refinedPseudoLabels(
  refiner: Refiner,
  recipe: Pick<NetworkOptions, 'recipe'> = {},
): Pick<Method, 'refiner' | 'masks'> {
  return {
    refiner,
    masks: (cell, split) => {
      const settings = refiner(cell.refine);
      const share = cell.share(2, settings);
      const initial = cell.network({ share, ...recipe });
      const pseudo = cell.refined(initial, 'unlabelled', settings);
      return cell.predicted(cell.network({ share, ...recipe, labelled: 0, pseudo }), split);
    },
  };
}
