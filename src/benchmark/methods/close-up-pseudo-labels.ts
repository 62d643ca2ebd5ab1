import type { Method } from '../cell.ts';
import { byCloseUp } from '../refiners.ts';
import { pseudoLabels } from './pseudo-labels.ts';

export const closeUpPseudoLabels: Method = {
  name: 'close-up-pseudo-labels',
  title: 'Close-up pseudo labels',
  about: 'the same with masks redrawn close up',
  ...pseudoLabels(byCloseUp),
};
