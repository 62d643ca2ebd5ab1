/** @file Folds: which labelled images are held out together. */
import { createRng } from '../base/rng.ts';

/**
 * The fold of each image, from 0 on: sizes differ by one at most, and each class is spread over the folds as evenly
 * as goes. Images of rare classes are dealt first, each into the fold that has the least of its classes.
 *
 * @param classesOf the class indices that each image shows
 * @param folds number of folds, at most the number of images
 */
export function stratifiedFolds(
  classesOf: readonly (readonly number[])[],
  folds: number,
  seed: number,
): number[] {
  const rng = createRng(seed).child('folds');
  const total = new Map<number, number>();
  for (const index of classesOf.flat()) total.set(index, (total.get(index) ?? 0) + 1);
  const rarity = (image: number): number =>
    classesOf[image]!.reduce((sum, index) => sum + 1 / total.get(index)!, 0);
  const order = rng.shuffled(classesOf.map((_, image) => image)).sort((a, b) => rarity(b) - rarity(a));

  const largest = Math.ceil(classesOf.length / folds);
  const larger = classesOf.length - folds * (largest - 1);
  const sizes = new Array<number>(folds).fill(0);
  const held = Array.from({ length: folds }, () => new Map<number, number>());
  const out = new Array<number>(classesOf.length).fill(0);
  for (const image of order) {
    const full = sizes.filter((size) => size === largest).length;
    const open = sizes.flatMap((size, fold) =>
      size < largest - 1 || (size === largest - 1 && full < larger) ? [fold] : [],
    );
    // What the fold already has of the image's classes, as shares of their images; then its size.
    const load = (fold: number): number =>
      classesOf[image]!.reduce((sum, index) => sum + (held[fold]!.get(index) ?? 0) / total.get(index)!, 0);
    const fold = open.reduce((best, candidate) => {
      const difference = load(candidate) - load(best) || sizes[candidate]! - sizes[best]!;
      return difference < 0 ? candidate : best;
    });
    out[image] = fold;
    sizes[fold]! += 1;
    for (const index of classesOf[image]!) held[fold]!.set(index, (held[fold]!.get(index) ?? 0) + 1);
  }
  return out;
}
