/** @file Label maps of volumes: of the file that images are the slices of, so that other tools lay one over the other. */
import { frameOf } from '../imaging/file-names.ts';
import { readImageHeader } from '../imaging/read.ts';
import type { ImageHeader } from '../imaging/reader.ts';
import { affineOfSlice, type VolumeGrid } from '../volumes/affine.ts';
import { flatStem } from './fit.ts';
import { labelArray, labelsOf } from './label-values.ts';
import { checkSameSize } from './mask-folders.ts';
import type { AnnotatedImage, AnnotationSet, ImageFinder } from './types.ts';

export interface LabelVolume {
  /** Name of the file without ending. */
  readonly stem: string;
  readonly grid: VolumeGrid;
  readonly labels: Uint8Array | Uint16Array;
}

/** An image of the set, and which one of its file it is. */
interface Slice {
  readonly image: AnnotatedImage;
  /** Counted from 0. */
  readonly frame: number;
}

/**
 * A volume for each file of which the set has every slice, a slice for each other image, where it lies. Without
 * `images` nothing is known of files: every image is a slice of its own, in pixels of 1 mm.
 * @throws AnnotationError where `images` has no such image or one of another size, ImageError where its file cannot be
 * read.
 */
export async function* labelVolumes(
  { classes, images }: AnnotationSet,
  find: ImageFinder | undefined,
): AsyncGenerator<LabelVolume> {
  if (find === undefined) {
    for (const image of images) yield sliceAlone({ image, frame: 0 }, undefined, classes.length);
    return;
  }
  for (const [path, slices] of slicesByFile(images, find)) {
    const header = await readImageHeader(path);
    for (const { image } of slices) checkSameSize(path, header, image);
    const named = frameOf(slices[0]!.image.fileName)?.fileName;
    const isWhole = new Set(slices.map(({ frame }) => frame)).size === header.frames;
    if (header.volume !== undefined && header.frames > 1 && isWhole && named !== undefined) {
      yield { stem: flatStem(named), grid: header.volume, labels: stacked(slices, classes.length) };
    } else for (const slice of slices) yield sliceAlone(slice, header, classes.length);
  }
}

function slicesByFile(images: readonly AnnotatedImage[], find: ImageFinder): ReadonlyMap<string, Slice[]> {
  const files = new Map<string, Slice[]>();
  for (const image of images) {
    const { path, frame = 0 } = find(image.fileName);
    const slices = files.get(path);
    if (slices === undefined) files.set(path, [{ image, frame }]);
    else slices.push({ image, frame });
  }
  return files;
}

/** The label maps of all slices, in the order of the file. */
function stacked(slices: readonly Slice[], classCount: number): LabelVolume['labels'] {
  const { width, height } = slices[0]!.image;
  const count = width * height;
  const labels = labelArray(count * slices.length, classCount);
  for (const { image, frame } of slices) labels.set(labelsOf(image, classCount).data, frame * count);
  return labels;
}

function sliceAlone(
  { image, frame }: Slice,
  header: ImageHeader | undefined,
  classCount: number,
): LabelVolume {
  const { fileName, width, height } = image;
  const [row, col] = header?.spacingMm ?? [1, 1];
  const { spacingMm: [, , depth = 1] = [], affine } = header?.volume ?? {};
  const grid: VolumeGrid = {
    dims: [width, height, 1],
    spacingMm: [col, row, depth],
    ...(affine && { affine: affineOfSlice(affine, frame) }),
  };
  return { stem: flatStem(fileName), grid, labels: labelsOf(image, classCount).data };
}
