/**
 * @file What a set of annotations would lose in a format, said before anything is written. What would change a mask
 * or drop one is refused with its remedy; what only drops knowledge about masks is told and done.
 */
import { AnnotationError } from '../base/errors.ts';
import { describeOverlaps, findOverlaps } from './layers.ts';
import type { AnnotationSet, MaskNote, WritableFormat } from './types.ts';

/**
 * The losses of this set in this format as full sentences, the tolerable ones.
 * @throws AnnotationError for overlaps that cannot be held, images that would fall together, and class names that
 * would come back changed.
 */
export function fitToFormat(set: AnnotationSet, format: WritableFormat): string[] {
  const { holds, name } = format;
  if (!holds.overlaps) refuseOverlaps(set, format);
  if (!holds.equalStems) refuseEqualStems(set, format);
  if (!holds.anyClassName) refuseNames(set, format);
  return [
    ...(format.check?.(set) ?? []),
    ...lostNotes(set, format),
    ...(holds.exact ? [] : [`Masks become outlines: ${name} may give back other pixels at their edges.`]),
    ...(holds.classList
      ? []
      : [
          `The order of the classes, and classes that no image shows, are not part of ${name}: keep the class list.`,
        ]),
  ];
}

function refuseOverlaps(set: AnnotationSet, format: WritableFormat): void {
  const overlaps = findOverlaps(set);
  const [worst] = overlaps;
  if (worst === undefined) return;
  throw new AnnotationError({
    seen: describeOverlaps(set, overlaps),
    need: `In ${format.name} a pixel has one class at most`,
    fix: 'Give --layers to write overlapping classes into folders of their own, or choose a format that holds overlaps, such as coco, cvat or class-masks',
  });
}

function refuseEqualStems(set: AnnotationSet, format: WritableFormat): void {
  const seen = new Map<string, string>();
  for (const { fileName } of set.images) {
    const stem = stemOf(fileName);
    const other = seen.get(stem);
    if (other !== undefined) {
      throw new AnnotationError({
        seen: `${other} and ${fileName} differ in their endings alone`,
        need: `In ${format.name} the name without its ending says which image is meant`,
        fix: 'Rename one of the images',
      });
    }
    seen.set(stem, fileName);
  }
}

/** The name of the masks of an image, where they have an ending of their own. */
export function stemOf(fileName: string): string {
  return withoutEnding(fileName);
}

/** A file name or path without its ending. The parts of a UID are no endings. */
export function withoutEnding(path: string): string {
  return path.replace(/\.[a-z][^./]*$/i, '');
}

function refuseNames(set: AnnotationSet, format: WritableFormat): void {
  const unfit = set.classes.find((name) => name !== name.trim() || /[\r\n]/.test(name));
  if (unfit === undefined) return;
  throw new AnnotationError({
    seen: `The class ${JSON.stringify(unfit)} has a line break, or white space at an end`,
    need: `In ${format.name} a class name is one line`,
    fix: 'Rename the class, or write COCO JSON',
  });
}

const NOTE_NAMES: Readonly<Record<MaskNote, string>> = {
  score: 'a score',
  trust: 'a trust',
  provenance: 'a record of how they were made',
};

function lostNotes(set: AnnotationSet, { holds, name }: WritableFormat): string[] {
  const structures = set.images.flatMap((image) => image.structures);
  return (Object.keys(NOTE_NAMES) as MaskNote[]).flatMap((note) => {
    if (holds.notes.includes(note)) return [];
    const count = structures.filter((structure) => structure[note] !== undefined).length;
    return count === 0 ? [] : [`${count} masks have ${NOTE_NAMES[note]}, which ${name} has no place for.`];
  });
}
