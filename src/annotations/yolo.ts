/**
 * @file Segmentation data sets of Ultralytics YOLO, written only: data.yaml, and labels/train/IMAGE.txt with a line for
 * each object, its class number and the corners of its outline as shares of the image's width and height.
 *
 * The outlines run along pixel edges, so they enclose exactly the mask; YOLO's tools draw them with fewer corners and
 * by other rules. A structure in several parts becomes several objects, for YOLO knows one outline an object; holes
 * are let in by a seam. Images are to be put into images/train.
 */
import { join } from 'node:path';
import { stringify } from 'yaml';
import { writeFileAtomic } from '../base/files.ts';
import type { PointXy } from '../base/geometry.ts';
import { cropMask } from '../masks/crop.ts';
import { maskOutlines } from '../masks/outline.ts';
import { decodeRle, type Rle, rleBox } from '../masks/rle.ts';
import { flatStem } from './fit.ts';
import type { AnnotatedImage, WritableFormat } from './types.ts';

export const yolo: WritableFormat = {
  id: 'yolo',
  name: 'YOLO segmentation',
  place: 'folder',
  holds: {
    overlaps: true,
    exact: false,
    classList: true,
    anyClassName: true,
    fileEndings: false,
    equalStems: false,
    notes: [],
  },

  async write(path, set) {
    for (const image of set.images) {
      const file = join(path, 'labels', 'train', `${flatStem(image.fileName)}.txt`);
      await writeFileAtomic(
        file,
        linesOf(image)
          .map((line) => `${line}\n`)
          .join(''),
      );
    }
    const names = Object.fromEntries(set.classes.map((name, i) => [i, name]));
    // Without the key path, for Ultralytics then looks beside this file.
    await writeFileAtomic(
      join(path, 'data.yaml'),
      stringify({ train: 'images/train', val: 'images/train', names }),
    );
  },
};

/** An empty file says that the image shows none of the classes. */
function linesOf({ width, height, structures }: AnnotatedImage): string[] {
  const share = (value: number, whole: number): string => String(Number((value / whole).toFixed(7)));
  return structures.flatMap(({ classIndex, rle }) =>
    outlinesOf(rle).map((ring) =>
      [classIndex, ...ring.flatMap(([x, y]) => [share(x, width), share(y, height)])].join(' '),
    ),
  );
}

/** Traced in the mask's own box: structures are small beside their image. */
function outlinesOf(rle: Rle): PointXy[][] {
  const box = rleBox(rle);
  if (box === undefined) return [];
  const [left, top] = box;
  const rings = maskOutlines(cropMask(decodeRle(rle), box));
  return rings.map((ring) => ring.map(([x, y]): PointXy => [x + left, y + top]));
}
