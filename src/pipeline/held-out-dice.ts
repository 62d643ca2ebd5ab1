/** @file How good a refiner is: on masks that networks drew of labelled images which they had not seen. */
import type { Structure } from '../annotations/types.ts';
import type { CheckedDataset } from '../dataset/check.ts';
import type { Case } from '../dataset/types.ts';
import { readCase } from '../dataset/view.ts';
import { encodeRle } from '../masks/rle.ts';
import type { Refiner } from '../refine/refiner.ts';
import { trueDice } from '../trust/judge.ts';
import { initialMask } from './refine-images.ts';

/**
 * Mean Dice in [0, 1] of what a refiner makes of such masks; 0 where there are none.
 * @param drawn the masks by the name of their image
 */
export async function heldOutDice(
  refiner: Refiner,
  held: readonly Case[],
  drawn: ReadonlyMap<string, readonly Structure[]>,
  { dataset, imageHashes }: CheckedDataset,
  signal: AbortSignal | undefined,
): Promise<number> {
  let [sum, count] = [0, 0];
  for (const item of held) {
    const refined = await refiner.refine(
      await readCase(item),
      (drawn.get(item.name) ?? []).map(initialMask),
      {
        classes: dataset.classes,
        imageKey: imageHashes.get(item.id)!,
        ...(signal && { signal }),
      },
    );
    for (const { classIndex, mask } of refined) {
      sum += trueDice({ classIndex, rle: encodeRle(mask) }, item.structures ?? []);
      count++;
    }
  }
  return count === 0 ? 0 : sum / count;
}
