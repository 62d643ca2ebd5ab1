import type { Method } from '../cell.ts';
import { bySam } from '../refiners.ts';
import { refinedPseudoLabels } from './pseudo-labels.ts';

export const samPseudoLabelsOn: Method = {
  name: 'sam-pseudo-labels-on',
  title: 'SAM pseudo labels, going on',
  about: 'the same, with a final network that goes on from the initial one, as that of packmule does',
  ...refinedPseudoLabels(bySam, { goesOn: true }),
};
