import type { Method } from '../cell.ts';

export const meanTeacher: Method = {
  name: 'mean-teacher',
  title: 'Mean teacher',
  about: 'a U-Net that on unlabelled images agrees with the moving average of its weights',
  masks: (cell, split) => cell.predicted(cell.network({ share: 1, meanTeacher: 'usual' }), split),
};
