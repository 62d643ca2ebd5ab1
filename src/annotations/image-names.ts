/** @file What annotations call their images: by the name of a file, and where they tell it by its path. */
import { AnnotationError } from '../base/errors.ts';
import type { AnnotatedImage, AnnotationSet } from './types.ts';

type ImageName = Pick<AnnotatedImage, 'fileName' | 'path'>;

/**
 * The name in a path as annotation files write them, with either slash. Folders are kept of paths that lead to one
 * place beneath a folder of images; absolute paths, links and those with `..` tell the last part alone.
 * @throws AnnotationError for a path without a name.
 */
export function imageNameOf(written: string, where: string): ImageName {
  const parts = written.split(/[\\/]/);
  const fileName = parts.at(-1)!;
  if (['', '.', '..'].includes(fileName)) {
    throw new AnnotationError({
      seen: `${where} has the file name "${written}"`,
      need: 'Every image has the name of a file',
      fix: 'Correct the annotation file',
    });
  }
  const kept = parts.filter((part) => part !== '.');
  const leadsAway = kept.some((part) => part === '' || part === '..') || kept[0]!.endsWith(':');
  return { fileName, ...(kept.length > 1 && !leadsAway && { path: kept.join('/') }) };
}

/** The path of an image, or its name where no path is told. */
export function wholeName({ fileName, path }: ImageName): string {
  return path ?? fileName;
}

/** Images called by their whole names, as data sets call theirs. */
export function withWholeNames(set: AnnotationSet): AnnotationSet {
  return {
    ...set,
    images: set.images.map(({ path: _, ...image }, i) => ({ ...image, fileName: wholeName(set.images[i]!) })),
  };
}

/**
 * The images that `source` lists; those whose file names are equal are called by their paths.
 * @throws AnnotationError when two images have one name all the same.
 */
export function withDistinctNames(
  source: string,
  images: readonly AnnotatedImage[],
): readonly AnnotatedImage[] {
  const repeated = repeatedNames(images);
  if (repeated.size === 0) return images;
  const renamed = images.map((image) =>
    repeated.has(image.fileName) ? { ...image, fileName: wholeName(image) } : image,
  );
  for (const name of repeatedNames(renamed)) {
    throw new AnnotationError({
      seen: `${source} lists the image ${name} twice`,
      need: 'Every image is listed once, and files of equal names in several folders with their relative paths',
      fix: 'Remove one of the two, or rename one of the files',
    });
  }
  return renamed;
}

function repeatedNames(images: readonly AnnotatedImage[]): ReadonlySet<string> {
  const seen = new Set<string>();
  return new Set(
    images.flatMap(({ fileName }) => {
      if (seen.has(fileName)) return [fileName];
      seen.add(fileName);
      return [];
    }),
  );
}
