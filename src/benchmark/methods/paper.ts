import type { Method } from '../cell.ts';
import { asDescribed } from '../refiners.ts';
import { paperPseudoLabels } from './pseudo-labels.ts';

export const paper: Method = {
  name: 'paper',
  title: 'arXiv 2411.12602 to the letter',
  about: "the paper's method with its own networks, loss and augmentation, as far as the budget reaches",
  ...paperPseudoLabels(asDescribed, 'paper'),
};
