import type { Method } from '../cell.ts';

export const meanTeacherLogits: Method = {
  name: 'mean-teacher-logits',
  title: 'Mean teacher, logits',
  about: "the same as the paper's code has it: logits are to agree, from the first step on",
  masks: (cell, split) => cell.predicted(cell.network({ share: 1, meanTeacher: 'reference' }), split),
};
