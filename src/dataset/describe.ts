/** @file What was recognised in a folder, in sentences for people: on the terminal, in settings files, on the start page. */
import type { FolderInspection } from './inspect.ts';

/** What is there. */
export function describeFolder({
  recognised,
  sizes,
  bitDepths,
  classes,
  overlapFraction,
  objectShortSide,
  mirroredPairs,
}: FolderInspection): string[] {
  const shown = sizes
    .slice(0, 3)
    .map(({ width, height, images }) => `${width} x ${height} (${images} images)`);
  const others = sizes.length > 3 ? ` and ${sizes.length - 3} other sizes` : '';
  return [
    ...recognised,
    `Sizes, width x height in px: ${shown.join(', ')}${others}.`,
    `Bits per pixel: ${bitDepths.map(({ bits, images }) => `${bits} (${images} images)`).join(', ')}.`,
    `${classes.length} classes: ${classes.map(({ name, labelledImages }) => `${name} (in ${labelledImages})`).join(', ')}.`,
    `Structures are ${Math.round(objectShortSide.median)} px wide at the median; ${(100 * overlapFraction).toFixed(1)} % of annotated pixels belong to several classes.`,
    describeFlips(mirroredPairs),
  ];
}

/** More names are not read by anybody. */
const MOST_NAMES = 12;

/** The same in short, for people who want to know whether they chose the right folder. */
export function summariseFolder({ counts, sizes, classes }: FolderInspection): string[] {
  const { labelled, unlabelled, val, test } = counts;
  const names = classes.map(({ name }) => name);
  const others = names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : '';
  const [size] = sizes;
  return [
    `${images(labelled)} with outlines to learn from, ${images(unlabelled)} to be outlined.`,
    `${names.length === 1 ? 'The structure is' : `${names.length} structures:`} ${names.slice(0, MOST_NAMES).join(', ')}${others}.`,
    ...(val + test > 0
      ? [`${images(val + test)} with outlines more, kept apart to measure how good the result is.`]
      : []),
    ...(size === undefined
      ? []
      : [`${sizes.length > 1 ? 'Most of them are' : 'They are'} ${size.width} × ${size.height} px.`]),
  ];
}

const images = (count: number): string => `${count} ${count === 1 ? 'image' : 'images'}`;

function describeFlips(pairs: FolderInspection['mirroredPairs']): string {
  if (pairs === undefined) {
    return 'Images are not flipped in training, because the names of the classes tell no left and right (data.mirroredPairs: [] flips them).';
  }
  const shown = pairs.map(([a, b]) => `${a} and ${b}`).join(', ');
  return `Images are flipped left to right in training, by the names of the classes: ${shown} then change places (data.mirroredPairs).`;
}

/** What somebody should know before a run. */
export function folderWarnings({ unreadable, counts, classes }: FolderInspection): string[] {
  const rare = classes.filter(({ labelledImages }) => labelledImages === 0).map(({ name }) => name);
  return [
    ...unreadable.map((path) => `Note: ${path} cannot be read; packmule run --skip-bad leaves it out.`),
    ...(counts.unlabelled === 0 ? ['Note: there are no unlabelled images to learn more from.'] : []),
    ...(counts.test === 0
      ? ['Note: there are no test images, so the report will have no test figures.']
      : []),
    ...(rare.length > 0 ? [`Note: no labelled image shows ${rare.join(', ')}.`] : []),
  ];
}
