/**
 * @file What all folders of label maps share: one file an image, in which 0 is background and k is the k-th class.
 * Names come from the caller's class list or from classes.txt in the folder (one a line). A label map stands for the
 * image of the same name, whatever that one's ending. Overlaps cannot be held.
 */
import { join } from 'node:path';
import { AnnotationError } from '../base/errors.ts';
import { createClassLookup } from './collect.ts';
import { flatStem } from './fit.ts';
import { type LabelValues, labelsOf, masksOfValues } from './label-values.ts';
import { emptyFolder, listFolder, readClassList, writeClassList } from './mask-folders.ts';
import type { AnnotatedImage, ReadableFormat, WritableFormat } from './types.ts';

/** How one kind of file holds the numbers. */
export interface LabelFiles {
  readonly id: string;
  readonly name: string;
  /** Of written files, such as `.png`. */
  readonly ending: string;
  isLabelFile(fileName: string): boolean;
  readLabels(path: string, classes: readonly string[]): Promise<LabelValues>;
  writeLabels(path: string, labels: ReturnType<typeof labelsOf>): Promise<void>;
}

export function labelMapFormat(files: LabelFiles): ReadableFormat & WritableFormat {
  const { id, ending } = files;
  const listed = async (path: string): Promise<string[]> =>
    (await listFolder(path)).files.filter(files.isLabelFile);
  return {
    id,
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
      const declared = options.classes ?? (await readClassList(path));
      if (declared === undefined) {
        throw new AnnotationError({
          seen: `${path} holds label maps without names for their values`,
          need: 'The classes of label maps are listed in the configuration or in classes.txt beside them',
          fix: 'Write classes.txt: one class name a line, the first for grey value 1',
        });
      }
      const { classes } = createClassLookup(declared, undefined);
      const images: AnnotatedImage[] = [];
      for (const name of names) {
        const file = join(path, name);
        // What is left ends once, so that the name without its ending is the image's.
        const fileName = name.replace(/\.gz$/i, '');
        const labels = await files.readLabels(file, classes);
        const masks = masksOfValues(
          labels,
          file,
          (value) => Number.isInteger(value) && value > 0 && value <= classes.length,
          `The value 0 is background and k is the k-th class; the class list ends at ${classes.length}`,
        );
        const structures = masks.map(({ value, rle }) => ({ classIndex: value - 1, rle }));
        images.push({ fileName, width: labels.width, height: labels.height, structures });
      }
      return { classes, images };
    },

    async write(path, set) {
      for (const image of set.images) {
        const file = join(path, `${flatStem(image.fileName)}${ending}`);
        await files.writeLabels(file, labelsOf(image, set.classes.length));
      }
      await writeClassList(path, set.classes);
    },
  };
}
