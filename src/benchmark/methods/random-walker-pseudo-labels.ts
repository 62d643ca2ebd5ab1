import type { Method } from '../cell.ts';
import { byRandomWalker } from '../refiners.ts';
import { pseudoLabels } from './pseudo-labels.ts';

export const randomWalkerPseudoLabels: Method = {
  name: 'random-walker-pseudo-labels',
  title: 'Random-walker pseudo labels',
  about: 'the same with masks redrawn by the random walker',
  ...pseudoLabels(byRandomWalker),
};
