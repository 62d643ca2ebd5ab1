/**
 * @file What a set of annotations would lose in a format, said before anything is written. What would change a mask
 * or drop one is refused with its remedy; what only drops knowledge about masks is told and done.
 */
import { AnnotationError } from '../base/errors.ts';
import { withoutEnding } from '../imaging/file-names.ts';
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
  if (format.place === 'folder') refuseOneFile(set, format);
  if (!holds.anyClassName) refuseNames(set, format);
  return [
    ...(format.check?.(set) ?? []),
    ...(format.place === 'folder' ? flattenedFolders(set) : []),
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

/** Two images whose masks would be in one file. */
function refuseOneFile(set: AnnotationSet, { name, holds }: WritableFormat): void {
  const seen = new Map<string, string>();
  for (const { fileName } of set.images) {
    const stem = holds.equalStems ? flatName(fileName) : flatStem(fileName);
    const other = seen.get(stem);
    if (other !== undefined) {
      const inFolders = `${other}${fileName}`.includes('/');
      throw new AnnotationError({
        seen: inFolders
          ? `${other} and ${fileName} would both be called ${stem}`
          : `${other} and ${fileName} differ in their endings alone`,
        need: `In ${name} the name without ${inFolders ? 'folders' : 'its ending'} says which image is meant`,
        fix: 'Rename one of the images',
      });
    }
    seen.set(stem, fileName);
  }
}

function flattenedFolders({ images }: AnnotationSet): string[] {
  const [first, ...others] = images.filter(({ fileName }) => fileName.includes('/'));
  if (first === undefined) return [];
  return [
    `${others.length + 1} images are called with their folders: - stands for /, as in ${flatName(first.fileName)}.`,
  ];
}

/** The name of an image in one folder for all, as the id of a case has it: A/IM1 becomes A-IM1. */
export function flatName(fileName: string): string {
  return fileName.replaceAll('/', '-');
}

/** That name without its ending. */
export function flatStem(fileName: string): string {
  return withoutEnding(flatName(fileName));
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
