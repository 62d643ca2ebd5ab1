import type { Method } from '../cell.ts';
import { meanTeacherOf } from './mean-teachers.ts';

export const meanTeacher: Method = {
  name: 'mean-teacher',
  title: 'Mean teacher',
  about: 'a U-Net, then the same on unlabelled images too, agreeing with the moving average of its weights',
  ...meanTeacherOf('usual'),
};
