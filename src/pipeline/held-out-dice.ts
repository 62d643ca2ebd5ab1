/** @file How good a refiner is: on masks that networks drew of labelled images which they had not seen. */

import type { Structure } from '../annotations/types.ts';
import { meanOf } from '../base/mean.ts';
import type { CheckedDataset } from '../dataset/check.ts';
import type { Case } from '../dataset/types.ts';
import { readCase } from '../dataset/view.ts';
import { encodeRle } from '../masks/rle.ts';
import type { InitialMask, Refiner } from '../refine/refiner.ts';
import { trueDice } from '../trust/judge.ts';
import { initialMasks } from './refine-images.ts';

/**
 * Of each image, by its id, the mean Dice in [0, 1] of what a refiner makes of such masks; images without one are left
 * out.
 * @param drawn the masks by the name of their image
 */
export async function heldOutDice(
  refiner: Refiner,
  held: readonly Case[],
  drawn: ReadonlyMap<string, readonly Structure[]>,
  checked: CheckedDataset,
  signal: AbortSignal | undefined,
): Promise<Readonly<Record<string, number>>> {
  const dice: Record<string, number> = {};
  for (const item of held) {
    const own = await diceOfImage([refiner], item, drawn, checked, signal);
    if (own !== undefined) dice[item.id] = own[0]!;
  }
  return dice;
}

/** The same of a single image after each of some refiners, of which each goes on from the one before. */
export async function diceOfImage(
  refiners: readonly Refiner[],
  item: Case,
  drawn: ReadonlyMap<string, readonly Structure[]>,
  { dataset, imageHashes }: CheckedDataset,
  signal: AbortSignal | undefined,
): Promise<readonly number[] | undefined> {
  let masks: readonly InitialMask[] = initialMasks(drawn.get(item.name));
  if (masks.length === 0) return undefined;
  const image = await readCase(item);
  const dice: number[] = [];
  for (const refiner of refiners) {
    const refined = await refiner.refine(image, masks, {
      classes: dataset.classes,
      imageKey: imageHashes.get(item.id)!,
      ...(signal && { signal }),
    });
    const each = refined.map(({ classIndex, mask }) =>
      trueDice({ classIndex, rle: encodeRle(mask) }, item.structures ?? []),
    );
    dice.push(meanOf(each)!);
    masks = refined.map(({ classIndex, mask, score }) => ({ classIndex, mask, score }));
  }
  return dice;
}
