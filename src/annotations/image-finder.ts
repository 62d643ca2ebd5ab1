/** @file The images that annotations belong to: found by their names in a folder. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AnnotationError } from '../base/errors.ts';
import { isImageName, readImage } from '../imaging/read.ts';
import { stemOf } from './fit.ts';
import type { FoundImage, ImageFinder } from './types.ts';

/** `scan#3.dcm`: the third image in scan.dcm. */
const FRAME = /^(.*)#([1-9]\d*)((?:\.nii)?\.[^.]*|)$/i;

/**
 * Finds images of a folder by name, or by name without its ending: masks may be called after an image of another
 * format. @throws AnnotationError where the folder cannot be listed; the finder throws where it has no such image.
 */
export async function findImagesIn(folder: string): Promise<ImageFinder> {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw new AnnotationError(
      {
        seen: `${folder} cannot be listed (${cause instanceof Error ? cause.message : String(cause)})`,
        need: 'A folder with the images that the annotations belong to',
        fix: 'Check the path',
      },
      { cause },
    );
  });
  const images = names.filter(isImageName);
  const byStem = new Map(images.map((name) => [stemOf(name), name]));
  const all = new Set(names);
  const find = (name: string): string | undefined =>
    all.has(name) ? name : (byStem.get(name) ?? byStem.get(stemOf(name)));
  return (fileName) => {
    const whole = find(fileName);
    if (whole !== undefined) return found(join(folder, whole));
    const [, before, number, after] = FRAME.exec(fileName) ?? [];
    const file = before === undefined ? undefined : find(before + after);
    if (file !== undefined) return found(join(folder, file), Number(number) - 1);
    throw new AnnotationError({
      seen: `${folder} has no image ${fileName}`,
      need: 'All images that the annotations name are in one folder',
      fix: 'Name the folder of the images with --images',
    });
  };
}

function found(path: string, frame?: number): FoundImage {
  const which = frame === undefined ? {} : { frame };
  return { path, ...which, read: () => readImage(path, which) };
}
