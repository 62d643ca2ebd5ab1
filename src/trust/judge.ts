/** @file Refined masks beside the truth. */
import type { AnnotationSet, Structure } from '../annotations/types.ts';
import { dice, rleOverlap } from '../masks/overlap.ts';
import type { Judged } from './reliability.ts';

/** Dice of a mask with the true structure of its class, [0, 1]; 0 where the truth shows none. */
export function trueDice(
  { classIndex, rle }: Pick<Structure, 'classIndex' | 'rle'>,
  truth: readonly Structure[],
): number {
  const same = truth.find((structure) => structure.classIndex === classIndex);
  return dice(rleOverlap(same?.rle, rle)) ?? 0;
}

/** Trust and true Dice of every mask that has trust; images are matched by name. */
export function judgedMasks(truth: AnnotationSet, refined: AnnotationSet): Judged[] {
  const known = new Map(truth.images.map(({ fileName, structures }) => [fileName, structures]));
  return refined.images.flatMap(({ fileName, structures }) => {
    const shown = known.get(fileName);
    if (shown === undefined) return [];
    return structures.flatMap((structure) =>
      structure.trust === undefined ? [] : [{ trust: structure.trust, dice: trueDice(structure, shown) }],
    );
  });
}
