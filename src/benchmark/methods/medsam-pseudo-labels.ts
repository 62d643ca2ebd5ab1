import type { Method } from '../cell.ts';
import { byMedSam } from '../refiners.ts';
import { paperPseudoLabels } from './pseudo-labels.ts';

export const medSamPseudoLabels: Method = {
  name: 'medsam-pseudo-labels',
  title: 'MedSAM pseudo labels',
  about: 'the same with masks redrawn by MedSAM, prompted by a box',
  ...paperPseudoLabels(byMedSam),
};
