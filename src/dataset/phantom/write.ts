/** @file A data set of phantoms on disk, in the layout of a data set with a folder per split. */
import { join } from 'node:path';
import { coco } from '../../annotations/coco.ts';
import type { AnnotatedImage } from '../../annotations/types.ts';
import type { Size } from '../../base/geometry.ts';
import { writeGreyPng } from '../../imaging/write.ts';
import { encodeRle } from '../../masks/rle.ts';
import { SPLIT_NAMES, type SplitName } from '../types.ts';
import { generatePhantom, phantomClassNames } from './generate.ts';
import type { BodySide } from './pose.ts';

export interface PhantomDatasetOptions {
  readonly seed: number;
  readonly classes: number;
  readonly size: Size;
  /** Number of images per split; no two images of a data set are the same. */
  readonly counts: Readonly<Record<SplitName, number>>;
  /** Side of the body; each image's own by default. */
  readonly side?: BodySide;
  readonly bits?: 8 | 16;
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * Writes <folder>/<split>/images/phantom-0001.png ... and, for all splits but unlabelled, <split>/annotations.json
 * (COCO, compressed RLE). The masks of the unlabelled images go to unlabelled-truth.json in the folder: nothing reads
 * it but who wants to score pseudo labels. Splits without images get no folder.
 * @throws DatasetError for impossible options, RunError when a file cannot be written.
 */
export async function writePhantomDataset(folder: string, options: PhantomDatasetOptions): Promise<void> {
  const { counts, onProgress, signal, ...phantom } = options;
  const total = SPLIT_NAMES.reduce((sum, split) => sum + counts[split], 0);
  const classes = phantomClassNames(options.classes);
  let index = 0;
  for (const split of SPLIT_NAMES) {
    const images: AnnotatedImage[] = [];
    for (const end = index + counts[split]; index < end; ) {
      signal?.throwIfAborted();
      const { image, structures } = generatePhantom({ ...phantom, index });
      index += 1;
      const fileName = `phantom-${String(index).padStart(4, '0')}.png`;
      await writeGreyPng(join(folder, split, 'images', fileName), image);
      images.push({
        fileName,
        width: image.width,
        height: image.height,
        structures: structures.map(({ classIndex, mask }) => ({ classIndex, rle: encodeRle(mask) })),
      });
      onProgress?.(index, total);
    }
    if (images.length === 0) continue;
    const path = split === 'unlabelled' ? 'unlabelled-truth.json' : join(split, 'annotations.json');
    await coco.write(join(folder, path), { classes, images });
  }
}
