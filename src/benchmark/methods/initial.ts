import type { Method } from '../cell.ts';

export const initial: Method = {
  name: 'initial',
  title: 'Initial network',
  about: 'what rows of pseudo labels begin with: a U-Net after half of the budget',
  masks: (cell, split) => cell.predicted(cell.network({ share: 1 / 2 }), split),
};
