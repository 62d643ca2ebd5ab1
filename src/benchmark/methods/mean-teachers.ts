/**
 * @file Mean teachers: half of the budget goes to a network of the labelled images, as in the paper's code, whose student
 * and teacher both begin with its weights; half to learning from the unlabelled ones too.
 */
import type { Method, NetworkOptions } from '../cell.ts';

export function meanTeacherOf(
  meanTeacher: NonNullable<NetworkOptions['meanTeacher']>,
): Pick<Method, 'masks'> {
  return {
    masks: (cell, split) => {
      const share = 1 / 2;
      const start = cell.network({ share });
      return cell.predicted(cell.network({ share, meanTeacher, start }), split);
    },
  };
}
