/** @file Which image a name means: in annotation files, lists and tables images have several, some with folders. */
import { withoutEnding } from '../imaging/file-names.ts';
import type { SourceImage } from './source-images.ts';

/**
 * A function that finds images by what others call them: their relative path or id, with or without the ending, or a
 * path of which one is the end of the other (`B/IM1` for `A/B/IM1`, or `A/B/IM1` for `B/IM1`). Such an end counts only
 * where it belongs to one image and to one of `names`, which are all that will be asked for.
 */
export function imageFinder(
  images: readonly SourceImage[],
  names: readonly string[],
): (name: string) => SourceImage | undefined {
  const whole = wholeNames(images);
  const byEnd = endsOfImages(images);
  const asked = countEnds(names);
  return (name) => {
    const found = whole.get(name) ?? whole.get(withoutEnding(name));
    if (found !== undefined) return found;
    for (const end of endsOf(name)) {
      if (asked.get(end)! > 1) return undefined;
      const stem = withoutEnding(end);
      const image = byEnd.get(end) ?? byEnd.get(stem);
      // Folders that contradict each other are of two images: IM1 of A/IM1 is not that of B/IM1.
      const agrees = end === name || [whole.get(end), whole.get(stem)].includes(image);
      if (image !== undefined && agrees) return image;
    }
    return undefined;
  };
}

/** Of two images of one name without ending, the first. */
function wholeNames(images: readonly SourceImage[]): ReadonlyMap<string, SourceImage> {
  const found = new Map<string, SourceImage>();
  for (const image of images.toReversed()) {
    const stem = withoutEnding(image.fileName);
    // Files of masks in one folder are called by paths with - for /.
    for (const name of [image.id, stem.replaceAll('/', '-'), stem]) found.set(name, image);
  }
  for (const image of images) found.set(image.fileName, image);
  return found;
}

/** undefined for an end that two images share. */
function endsOfImages(images: readonly SourceImage[]): ReadonlyMap<string, SourceImage | undefined> {
  const found = new Map<string, SourceImage | undefined>();
  for (const image of images) {
    const { id, fileName } = image;
    for (const end of new Set([id, ...endsOf(fileName), ...endsOf(withoutEnding(fileName))])) {
      found.set(end, found.has(end) ? undefined : image);
    }
  }
  return found;
}

function countEnds(names: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const name of new Set(names)) {
    for (const end of endsOf(name)) counts.set(end, (counts.get(end) ?? 0) + 1);
  }
  return counts;
}

/** A/B/C, B/C and C of A/B/C. */
function endsOf(path: string): string[] {
  const parts = path.split('/');
  return parts.map((_, i) => parts.slice(i).join('/'));
}
