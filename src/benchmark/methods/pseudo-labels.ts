/**
 * @file Refined pseudo labels: half of the budget goes to a network of the labelled images, which masks the unlabelled
 * ones; the masks are refined; half goes to the final network, which learns from them alone, as in the paper, and begins
 * with random weights unless it is to go on from the first one. A refiner that learns takes its part from both.
 */
import type { Method, NetworkOptions } from '../cell.ts';
import type { Refiner } from '../refiners.ts';

export function refinedPseudoLabels(
  refiner: Refiner,
  { goesOn = false, ...recipe }: Pick<NetworkOptions, 'recipe'> & { readonly goesOn?: boolean } = {},
): Pick<Method, 'refiner' | 'masks'> {
  return {
    refiner,
    masks: (cell, split) => {
      const settings = refiner(cell.refine);
      const share = cell.share(2, settings);
      const initial = cell.network({ share, ...recipe });
      const pseudo = cell.refined(initial, 'unlabelled', settings);
      const start = goesOn && { start: initial };
      return cell.predicted(cell.network({ share, ...recipe, labelled: 0, pseudo, ...start }), split);
    },
  };
}
