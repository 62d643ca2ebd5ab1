/**
 * @file What reviews make of a data set. An image of which one of them asked for nothing that is not decided by then is
 * an annotated image, with all that was decided; of the others single classes are known.
 */
import type { Structure } from '../annotations/types.ts';
import { RunError } from '../base/errors.ts';
import { type Case, type Dataset, type ReviewedClass, SPLIT_NAMES } from '../dataset/types.ts';
import { rleArea, rleFromString } from '../masks/rle.ts';
import { type Decision, isFinal, statusOf } from './decision.ts';

/** Decisions of one review with what was to be decided. */
export interface Review {
  /** Whose review it is, for messages. */
  readonly run: string;
  /** The decisions that count. */
  readonly decisions: readonly Decision[];
  /** Classes that had a mask to decide about, by case id: those of earlier reviews are not among them. */
  readonly asked: ReadonlyMap<string, readonly number[]>;
}

/**
 * The data set as reviews left it, oldest review first; later decisions about a class win. Decisions about images
 * that it does not have are for another selection of its images, and left out.
 * @throws RunError for a class that it does not have, AnnotationError for a mask that does not fit its image.
 */
export function applyReviews(dataset: Dataset, reviews: readonly Review[]): Dataset {
  const cases = dataset.cases.map((item) =>
    item.split === 'unlabelled' ? reviewedCase(item, reviews, dataset) : item,
  );
  return { ...dataset, cases: SPLIT_NAMES.flatMap((split) => cases.filter((item) => item.split === split)) };
}

function reviewedCase(item: Case, reviews: readonly Review[], { classes }: Dataset): Case {
  const byClass = new Map<number, ReviewedClass>();
  let isComplete = false;
  for (const { run, decisions, asked } of reviews) {
    const about = decisions.filter((decision) => decision.image === item.id && isFinal(statusOf(decision)));
    if (about.length === 0) continue;
    for (const decision of about) {
      const known = reviewedClass(decision, item, classes, run);
      byClass.set(known.classIndex, known);
    }
    // It stays so: a later review may be of a run from before that, and have asked about the rest alone.
    isComplete ||= (asked.get(item.id) ?? []).every((classIndex) => byClass.has(classIndex));
  }
  if (byClass.size === 0) return item;
  const reviewed = [...byClass.values()].sort((a, b) => a.classIndex - b.classIndex);
  return isComplete
    ? { ...item, split: 'labelled', structures: reviewed.flatMap(structureOf) }
    : { ...item, reviewed };
}

function reviewedClass(
  { className, counts, by, time }: Decision,
  { id, size }: Case,
  classes: readonly string[],
  run: string,
): ReviewedClass {
  const classIndex = classes.indexOf(className);
  if (classIndex < 0) {
    throw new RunError({
      seen: `The review of ${run} is about a class ${className}, which the data set does not have`,
      need: 'A review of the same classes',
      fix: 'Take the run out of `reviews`, or restore the class',
    });
  }
  const where = `The reviewed mask of ${className} in ${id}`;
  const rle = counts === undefined ? undefined : rleFromString(counts, size, where);
  // A mask without a pixel says that nothing is to be seen.
  return { classIndex, ...(rle !== undefined && rleArea(rle) > 0 && { rle }), by, time };
}

function structureOf({ classIndex, rle }: ReviewedClass): Structure[] {
  return rle === undefined ? [] : [{ classIndex, rle }];
}
