import type { Method } from '../cell.ts';
import { bySam } from '../refiners.ts';
import { refinedPseudoLabels } from './pseudo-labels.ts';

export const samPseudoLabels: Method = {
  name: 'sam-pseudo-labels',
  title: 'SAM pseudo labels',
  about: "the paper's method on our recipe: masks redrawn by Segment Anything",
  ...refinedPseudoLabels(bySam),
};
