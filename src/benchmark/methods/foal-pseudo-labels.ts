import type { Method } from '../cell.ts';
import { byFoal } from '../refiners.ts';
import { pseudoLabels } from './pseudo-labels.ts';

export const foalPseudoLabels: Method = {
  name: 'foal-pseudo-labels',
  title: 'Foal pseudo labels',
  about: 'the same with masks redrawn by Foal',
  ...pseudoLabels(byFoal),
};
