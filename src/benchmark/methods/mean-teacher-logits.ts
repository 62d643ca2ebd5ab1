import type { Method } from '../cell.ts';
import { meanTeacherOf } from './mean-teachers.ts';

export const meanTeacherLogits: Method = {
  name: 'mean-teacher-logits',
  title: 'Mean teacher, logits',
  about: "the same as the paper's code has it: logits are to agree, from the first step on",
  ...meanTeacherOf('reference'),
};
