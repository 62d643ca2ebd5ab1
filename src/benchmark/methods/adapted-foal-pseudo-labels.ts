import type { Method } from '../cell.ts';
import { byAdaptedFoal } from '../refiners.ts';
import { pseudoLabels } from './pseudo-labels.ts';

export const adaptedFoalPseudoLabels: Method = {
  name: 'adapted-foal-pseudo-labels',
  title: 'Adapted-Foal pseudo labels',
  about: 'the same with masks redrawn by Foal after it has learnt from the labelled images',
  ...pseudoLabels(byAdaptedFoal),
};
