/** @file The images that annotations belong to: found by their names in a folder. */
import { readdir } from 'node:fs/promises';
import { basename, join, resolve, sep } from 'node:path';
import { AnnotationError } from '../base/errors.ts';
import { frameOf, withoutEnding } from '../imaging/file-names.ts';
import { isImageName, readImage } from '../imaging/read.ts';
import type { FoundImage, ImageFinder } from './types.ts';

/**
 * Finds images of a folder by name, or by name without its ending: masks may be called after an image of another
 * format. @throws AnnotationError where the folder cannot be listed; the finder throws where it has no such image.
 */
export async function findImagesIn(folder: string): Promise<ImageFinder> {
  const lookUp = imageLookup(folder, await filesIn(folder));
  return (fileName) => {
    const image = lookUp(fileName);
    if (image !== undefined) return image;
    throw new AnnotationError({
      seen: `${folder} has no image ${fileName}`,
      need: 'All images that the annotations name are in one folder',
      fix: 'Name the folder of the images with --images',
    });
  };
}

/** Names of the files of a folder. @throws AnnotationError where it cannot be listed. */
export async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw new AnnotationError(
      {
        seen: `${folder} cannot be listed (${cause instanceof Error ? cause.message : String(cause)})`,
        need: 'A folder with the images that the annotations belong to',
        fix: 'Check the path',
      },
      { cause },
    );
  });
  return entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
}

/** An image by what an annotation file calls it; undefined where there is none. */
export type ImageLookup = (fileName: string) => FoundImage | undefined;

/**
 * Looks images up by the names of `files`, which are paths below `folder`. A name with folders is that of a file in
 * folders of these names. @throws AnnotationError, the lookup, where a name is that of several files.
 */
export function imageLookup(folder: string, files: readonly string[]): ImageLookup {
  const whole = byLastPart(folder, files, (path) => path);
  const stems = byLastPart(folder, files.filter(isImageName), withoutEnding);
  const find = (name: string): string | undefined =>
    whole(name) ?? stems(name) ?? stems(withoutEnding(name)) ?? whole(withoutEnding(name));
  return (fileName) => {
    const file = find(fileName);
    if (file !== undefined) return found(file);
    const named = frameOf(fileName);
    const several = named && find(named.fileName);
    return several === undefined ? undefined : found(several, named!.frame);
  };
}

/** The file whose path, as `named` writes it, ends with a name. */
function byLastPart(
  folder: string,
  files: readonly string[],
  named: (path: string) => string,
): (name: string) => string | undefined {
  const places = new Map<string, { readonly end: string; readonly path: string }[]>();
  for (const file of files) {
    const end = named(resolve(folder, file).replaceAll(sep, '/'));
    const others = places.get(basename(end));
    const place = { end, path: join(folder, file) };
    if (others === undefined) places.set(basename(end), [place]);
    else others.push(place);
  }
  return (name) => {
    const [first, second] = (places.get(basename(name)) ?? []).filter(({ end }) => end.endsWith(`/${name}`));
    if (second === undefined) return first?.path;
    throw new AnnotationError({
      seen: `There are several images ${name}, such as ${first!.path} and ${second.path}`,
      need: 'A name says which image is meant',
      fix: 'Name the folder that holds only the images of these annotations with --images',
    });
  };
}

export function found(path: string, frame?: number): FoundImage {
  const which = frame === undefined ? {} : { frame };
  return { path, ...which, read: () => readImage(path, which) };
}
