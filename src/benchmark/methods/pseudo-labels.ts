/**
 * @file Pseudo labels: a part of the budget goes to a network of the labelled images, which masks the unlabelled ones;
 * the masks are refined; as much goes to the final network, which learns from them. A refiner that learns takes its part
 * from both.
 */
import type { Cell, Method } from '../cell.ts';
import type { Refiner } from '../refiners.ts';
import type { Masks, UNet } from '../work.ts';

/** With the final network of a run, so that a row differs from `packmule` by its masks. */
export function pseudoLabels(refiner: Refiner): Pick<Method, 'refiner' | 'masks'> {
  return {
    refiner,
    masks: (cell, split) => {
      const settings = refiner(cell.refine);
      const initial = cell.network({ share: cell.share(2, settings) });
      const pseudo = cell.refined(initial, 'unlabelled', settings);
      return cell.predicted(finalNetwork(cell, initial, pseudo), split);
    },
  };
}

/** As in the paper: the final network begins with random weights and learns from the refined masks alone. */
export function paperPseudoLabels(refiner: Refiner, recipe?: 'paper'): Pick<Method, 'refiner' | 'masks'> {
  return {
    refiner,
    masks: (cell, split) => {
      const settings = refiner(cell.refine);
      const network = { share: cell.share(2, settings), ...(recipe && { recipe }) };
      const pseudo = cell.refined(cell.network(network), 'unlabelled', settings);
      return cell.predicted(cell.network({ ...network, labelled: 0, pseudo }), split);
    },
  };
}

/** What learns from pseudo labels in a run: by what is set under `final`, for as long as the initial network. */
export function finalNetwork(cell: Cell, initial: UNet, pseudo: Masks): UNet {
  const { samples, start } = cell.final;
  return cell.network({
    share: initial.share,
    recipe: 'final',
    labelled: samples === 'pseudo' ? 0 : cell.labelled,
    pseudo,
    ...(start === 'initial' && { start: initial }),
  });
}
