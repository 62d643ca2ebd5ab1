/**
 * @file How long an adapted model should have learnt, and what that is worth, from copies that were measured as they
 * learnt on images which were held out from them.
 */
import { meanOf } from '../base/mean.ts';

/** A copy, measured. */
export interface FoldResult {
  /** Dice in [0, 1] of each image that is held out, by its name: of the model as it was. */
  readonly before: ImageDice;
  /** Of the copy after so many steps; the same steps for all copies. */
  readonly curve: readonly { readonly step: number; readonly dice: ImageDice }[];
}

export type ImageDice = Readonly<Record<string, number>>;

export interface Choice {
  /** Mean Dice over all held-out images: of the model as it was, and of the copies. */
  readonly before: number;
  /** Each image counts after the number of steps that is best for the others: no image has a say in its own figure. */
  readonly after: number;
  /** The number of steps that is best for all. */
  readonly steps: number;
}

/** Undefined where no image was measured. */
export function chooseSteps(folds: readonly FoldResult[]): Choice | undefined {
  const before = Object.assign({}, ...folds.map((fold) => fold.before)) as ImageDice;
  const images = Object.keys(before);
  if (images.length === 0) return undefined;
  const steps = folds[0]!.curve.map(({ step }) => step);
  const after = steps.map(
    (_, at) => Object.assign({}, ...folds.map(({ curve }) => curve[at]!.dice)) as ImageDice,
  );
  /** Where the mean over some images is highest, first; the end where there are none to ask. */
  const bestFor = (some: readonly string[]): number => {
    if (some.length === 0) return steps.length - 1;
    const means = after.map((dice) => meanOf(some.map((image) => dice[image]!))!);
    return means.indexOf(Math.max(...means));
  };
  const own = (image: string): number => after[bestFor(images.filter((other) => other !== image))]![image]!;
  return {
    before: meanOf(images.map((image) => before[image]!))!,
    after: meanOf(images.map(own))!,
    steps: steps[bestFor(images)]!,
  };
}
