/** @file The refined masks of a run as its review left them: accepted as they are, corrected, or gone. */
import type { AnnotationSet, Structure } from '../annotations/types.ts';
import { type Case, casesOf } from '../dataset/types.ts';
import { rleArea, rleFromString } from '../masks/rle.ts';
import { type Decision, isFinal, statusOf } from '../review/decision.ts';
import { readDecisions } from '../review/decision-journal.ts';
import { readRecordedConfig } from './recorded-config.ts';
import { openRunDataset } from './run-dataset.ts';
import type { RunDirectory } from './run-directory.ts';
import { turned } from './turned.ts';

/**
 * Refined masks of unlabelled images, in the frames of the image files, with decisions in their place.
 * @throws PackmuleError where there are decisions, and the data set that says how their images are seen is gone.
 */
export async function withDecisions(run: RunDirectory, set: AnnotationSet): Promise<AnnotationSet> {
  const decisions = (await readDecisions(run.decisions)).filter((one) => isFinal(statusOf(one)));
  if (decisions.length === 0) return set;
  const dataset = await openRunDataset(await readRecordedConfig(run));
  const cases = new Map(casesOf(dataset, 'unlabelled').map((item) => [item.name, item]));
  const images = set.images.map((image) => {
    const item = cases.get(image.fileName);
    if (item === undefined) return image;
    const own = decisions.filter(({ image: id }) => id === item.id);
    const said = new Set(own.map(({ className }) => className));
    const left = image.structures.filter(({ classIndex }) => !said.has(set.classes[classIndex]!));
    const known = own.flatMap((decision) => structureOf(decision, item, set.classes));
    const structures = [...left, ...turned(known, item)].sort((a, b) => a.classIndex - b.classIndex);
    return { ...image, structures };
  });
  return { ...set, images };
}

/** The mask of a decision in the frame of the case; none where nothing is to be seen. */
function structureOf(
  { className, counts, by, time }: Decision,
  item: Case,
  classes: readonly string[],
): Structure[] {
  const classIndex = classes.indexOf(className);
  if (counts === undefined || classIndex < 0) return [];
  const rle = rleFromString(counts, item.size, `The reviewed mask of ${className} in ${item.id}`);
  return rleArea(rle) === 0 ? [] : [{ classIndex, rle, provenance: { reviewed: { by, time } } }];
}
