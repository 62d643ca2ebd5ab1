/**
 * @file What all folders of label maps share: one file an image, or one for all slices of a volume, in which 0 is
 * background and k is the k-th class, unless the file names its numbers. The k-th class is that of classes.txt in the
 * folder (one name a line), else of the caller's class list; without both, the files have to name their numbers. A label
 * map stands for the image of the same name, whatever that one's ending. Overlaps cannot be held.
 */
import { join } from 'node:path';
import { AnnotationError } from '../base/errors.ts';
import { frameName } from '../imaging/file-names.ts';
import { type ClassLookup, createClassLookup, mergeByClass } from './collect.ts';
import { type LabelFile, type LabelValues, masksOfValues } from './label-values.ts';
import { emptyFolder, listFolder, readClassList } from './mask-folders.ts';
import type { AnnotatedImage, ReadableFormat, Structure } from './types.ts';

/** How one kind of file holds the numbers. */
export interface LabelFiles {
  readonly id: string;
  readonly name: string;
  isLabelFile(fileName: string): boolean;
  /** `classes` is empty where nobody but the files names them. */
  readLabels(path: string, classes: readonly string[]): Promise<LabelFile>;
}

export function labelMapReader(files: LabelFiles): ReadableFormat {
  const listed = async (path: string): Promise<string[]> =>
    (await listFolder(path)).files.filter(files.isLabelFile);
  return {
    id: files.id,
    name: files.name,
    place: 'folder',
    holds: {
      overlaps: false,
      exact: true,
      classList: true,
      anyClassName: false,
      fileEndings: false,
      equalStems: false,
      notes: [],
    },

    matches: async (path) => (await listed(path)).length > 0,

    async read(path, options = {}) {
      const names = await listed(path);
      if (names.length === 0) throw emptyFolder(path, 'A label-map folder has one file for every image');
      const numbered =
        (await readClassList(path)) ?? options.classes ?? (await namesInFiles(path, names, files));
      const lookup = createClassLookup(numbered, options.classes);
      const images: AnnotatedImage[] = [];
      for (const name of names) {
        const file = join(path, name);
        images.push(...imagesOf(name, file, await files.readLabels(file, numbered), numbered, lookup));
      }
      return { classes: lookup.classes, images };
    },
  };
}

/** The class names that files tell, in the order of their numbers. @throws AnnotationError where one tells none. */
async function namesInFiles(folder: string, names: readonly string[], files: LabelFiles): Promise<string[]> {
  const found = new Map<string, number>();
  for (const name of names) {
    const { names: own = [] } = await files.readLabels(join(folder, name), []);
    for (const [number, className] of own) if (!found.has(className)) found.set(className, number);
  }
  if (found.size > 0) return [...found.keys()].sort((a, b) => found.get(a)! - found.get(b)!);
  throw new AnnotationError({
    seen: `${folder} holds label maps without names for their values`,
    need: 'The classes of label maps are listed in the configuration or in classes.txt beside them',
    fix: 'Write classes.txt: one class name a line, the first for grey value 1',
  });
}

function imagesOf(
  name: string,
  file: string,
  { slices, names }: LabelFile,
  numbered: readonly string[],
  lookup: ClassLookup,
): AnnotatedImage[] {
  // What is left ends once, so that the name without its ending is the image's.
  const fileName = name.replace(/\.gz$/i, '').replace(/\.seg(?=\.nrrd$)/i, '');
  const meaning = names ?? new Map(numbered.map((className, i) => [i + 1, className]));
  const need =
    names === undefined
      ? `The value 0 is background and k is the k-th class; the class list ends at ${numbered.length}`
      : `The file names the values ${[...names.keys()].join(', ')}`;
  return slices.map((labels, i) => ({
    fileName: slices.length === 1 ? fileName : frameName(fileName, i),
    width: labels.width,
    height: labels.height,
    structures: structuresOf(labels, file, meaning, need, lookup),
  }));
}

/** `need` is for the error about a number that `meaning` does not have. */
function structuresOf(
  labels: LabelValues,
  file: string,
  meaning: ReadonlyMap<number, string>,
  need: string,
  lookup: ClassLookup,
): readonly Structure[] {
  const masks = masksOfValues(labels, file, (value) => meaning.has(value), need);
  return mergeByClass(
    masks.map(({ value, rle }) => ({ classIndex: lookup.indexOf(meaning.get(value)!, file), rle })),
  );
}
