import type { Method } from '../cell.ts';
import { bySetModel } from '../refiners.ts';

/** What the features of a promptable model are worth by themselves: its encoder stays as it is, a light head learns. */
export const frozenEncoder: Method = {
  name: 'frozen-encoder+lr-aspp',
  title: 'Frozen encoder + LR-ASPP',
  about: "a light head on what Foal's encoder, or that of --model, says of the labelled images",
  refiner: bySetModel,
  masks: (cell, split) => cell.predicted(cell.head(bySetModel(cell.refine)), split),
};
