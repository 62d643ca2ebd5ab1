import type { Method } from '../cell.ts';
import { bySam } from '../refiners.ts';
import { pseudoLabels } from './pseudo-labels.ts';

export const samPseudoLabelsOn: Method = {
  name: 'sam-pseudo-labels-on',
  title: 'SAM pseudo labels, going on',
  about:
    'the masks of sam-pseudo-labels teach a final network that is trained as that of packmule: it goes on from the initial one',
  ...pseudoLabels(bySam),
};
