import type { Method } from '../cell.ts';
import { bySetModel } from '../refiners.ts';

/** The paper's threshold for teeth, Dice. */
const AGREEMENT = 0.65;

/**
 * A U-Net of the labelled images becomes a mean teacher, which masks the unlabelled images; a promptable model redraws the
 * masks, and images on which both agree teach a second mean teacher, of the same U-Net, as labelled images do. In the
 * paper's code the selected masks never reach the training.
 */
export const meanTeacherSelection: Method = {
  name: 'mean-teacher+selection',
  title: 'Mean teacher + selection',
  about:
    'a second mean teacher also learns from refined masks, of the images on which these agree with the first',
  refiner: bySetModel,
  masks: (cell, split) => {
    const settings = bySetModel(cell.refine);
    const share = cell.share(3, settings);
    const start = cell.network({ share });
    const first = cell.network({ share, meanTeacher: 'usual', start });
    const pseudo = cell.refined(first, 'unlabelled', settings);
    const second = cell.network({ share, meanTeacher: 'usual', start, pseudo, agreement: AGREEMENT });
    return cell.predicted(second, split);
  },
};
