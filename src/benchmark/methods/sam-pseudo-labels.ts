import type { Method } from '../cell.ts';
import { bySam } from '../refiners.ts';
import { paperPseudoLabels } from './pseudo-labels.ts';

export const samPseudoLabels: Method = {
  name: 'sam-pseudo-labels',
  title: 'SAM pseudo labels',
  about:
    "the paper's method on our recipe: a final network begins anew and learns from masks redrawn by Segment Anything alone",
  ...paperPseudoLabels(bySam),
};
