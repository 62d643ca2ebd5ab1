import type { Method } from '../cell.ts';

export const selfTraining: Method = {
  name: 'self-training',
  title: 'Self-training',
  about:
    'a U-Net that learns from the labels which the moving average of its weights gives unlabelled images, as far as that is sure of them',
  masks: (cell, split) => cell.predicted(cell.network({ share: 1, meanTeacher: 'labels' }), split),
};
