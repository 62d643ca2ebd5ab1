/**
 * @file COCO JSON (Lin et al. 2014, data format "object detection"): polygons, compressed and uncompressed RLE.
 *
 * All annotations of one category in one image become one mask, crowd regions among them: Packmule segments
 * classes, not instances. Written files hold compressed RLE; beside COCO's `score`
 * stands `trust`, and what a refiner recorded is under the key `packmule`.
 */
import { z } from 'zod';
import { AnnotationError } from '../base/errors.ts';
import { writeFileAtomic } from '../base/files.ts';
import type { PointXy, Size } from '../base/geometry.ts';
import { checkPointCount, cocoPolygonToRle } from '../masks/polygon.ts';
import {
  checkMaskSize,
  type Rle,
  rleArea,
  rleBox,
  rleFromCounts,
  rleFromString,
  rleToString,
  rleUnion,
} from '../masks/rle.ts';
import { type ClassLookup, createClassLookup, mergeByClass, readAnnotationText } from './collect.ts';
import { imageNameOf, wholeName, withDistinctNames } from './image-names.ts';
import { parseJson, shaped } from './json.ts';
import { anyObject, list, numbers } from './lists.ts';
import { startsLike } from './recognise.ts';
import type { AnnotatedImage, AnnotationSet, ReadableFormat, Structure, WritableFormat } from './types.ts';

const id = z.union([z.int(), z.string()]);

const runLengths = z.object({
  size: z.tuple([z.number(), z.number()]),
  counts: z.union([z.string(), numbers]),
});

const annotationSchema = z.object({
  id: id.optional(),
  image_id: id,
  category_id: id,
  segmentation: z.union([list(numbers), runLengths]).optional(),
  score: z.number().min(0).max(1).optional(),
  trust: z.number().min(0).max(1).optional(),
  packmule: anyObject.optional(),
});

const fileSchema = z.object({
  categories: list(z.object({ id, name: z.string() })),
  images: list(z.object({ id, file_name: z.string(), width: z.number(), height: z.number() })),
  annotations: list(annotationSchema),
});

type CocoFile = z.infer<typeof fileSchema>;
type CocoAnnotation = z.infer<typeof annotationSchema>;

export const coco: ReadableFormat & WritableFormat = {
  id: 'coco',
  name: 'COCO JSON',
  place: '.json',
  holds: {
    overlaps: true,
    exact: true,
    classList: true,
    anyClassName: true,
    fileEndings: true,
    equalStems: true,
    notes: ['score', 'trust', 'provenance'],
  },

  matches: (path) =>
    startsLike(path, '.json', /^\s*\{[\s\S]*"(images|annotations|categories|info|licenses)"\s*:/),

  async read(path, options = {}) {
    const file = shaped(path, parseJson(path, await readAnnotationText(path)), fileSchema, 'COCO file');
    const names = file.categories.map((category) => category.name);
    const lookup = createClassLookup(names, options.classes);
    return toSet(path, file, lookup);
  },

  write: (path, { classes, images }) => writeCoco(path, classes, images, ({ structures }) => structures),
};

type ImageEntry = Omit<AnnotatedImage, 'structures'>;

/**
 * Writes images whose structures are asked for one image after the other, so that those of all of them need not be in
 * memory.
 * @throws RunError as writeFileAtomic, and whatever `structuresOf` throws.
 */
export async function writeCoco<Image extends ImageEntry>(
  path: string,
  classes: readonly string[],
  images: readonly Image[],
  structuresOf: (image: Image) => readonly Structure[],
): Promise<void> {
  await writeFileAtomic(path, inChunks(textOf(classes, images, structuresOf)));
}

function toSet(path: string, file: CocoFile, lookup: ClassLookup): AnnotationSet {
  const categories = new Map(file.categories.map((category) => [category.id, category.name]));
  const images = new Map<string | number, { image: AnnotatedImage; shapes: Structure[] }>();
  for (const { id: imageId, file_name, width, height } of file.images) {
    const where = `Image ${imageId} of ${path}`;
    checkMaskSize({ width, height }, where);
    if (images.has(imageId)) throw contradiction(where, 'has an id that another image has too');
    const image = { ...imageNameOf(file_name, where), width, height, structures: [] };
    images.set(imageId, { image, shapes: [] });
  }
  if (categories.size !== file.categories.length) {
    throw contradiction(`${path}`, 'has two categories of one id');
  }
  file.annotations.forEach((annotation, index) => {
    const where = `Annotation ${annotation.id ?? `number ${index + 1}`} of ${path}`;
    const owner = images.get(annotation.image_id);
    if (owner === undefined)
      throw contradiction(where, `belongs to the unknown image ${annotation.image_id}`);
    const category = categories.get(annotation.category_id);
    if (category === undefined)
      throw contradiction(where, `has the unknown category ${annotation.category_id}`);
    owner.shapes.push({
      classIndex: lookup.indexOf(category, where),
      rle: maskOf(annotation, owner.image, where),
      ...(annotation.score === undefined ? {} : { score: annotation.score }),
      ...(annotation.trust === undefined ? {} : { trust: annotation.trust }),
      ...(annotation.packmule === undefined ? {} : { provenance: annotation.packmule }),
    });
  });
  const all = [...images.values()].map(({ image, shapes }) => ({
    ...image,
    structures: mergeByClass(shapes),
  }));
  return { classes: lookup.classes, images: withDistinctNames(path, all) };
}

function maskOf({ segmentation }: CocoAnnotation, size: Size, where: string): Rle {
  if (segmentation === undefined || (Array.isArray(segmentation) && segmentation.length === 0)) {
    throw new AnnotationError({
      seen: `${where} has no segmentation`,
      need: 'Every annotation has a mask: polygons or run lengths; a box alone is none',
      fix: 'Draw the mask, or remove the annotation',
    });
  }
  if (Array.isArray(segmentation)) {
    const [first, ...rest] = segmentation.map((ring) => cocoPolygonToRle(pairs(ring, where), size, where));
    return rleUnion(first!, rest);
  }
  const [height, width] = segmentation.size;
  if (height !== size.height || width !== size.width) {
    throw new AnnotationError({
      seen: `${where} is a mask of ${width} x ${height} pixels in an image of ${size.width} x ${size.height}`,
      need: 'A mask has the size of its image',
      fix: 'Check that the annotation belongs to this image and was made at its size',
    });
  }
  const { counts } = segmentation;
  return typeof counts === 'string' ? rleFromString(counts, size, where) : rleFromCounts(counts, size, where);
}

function pairs(ring: readonly number[], where: string): PointXy[] {
  checkPointCount(ring.length / 2, where);
  if (ring.length % 2 !== 0)
    throw contradiction(where, `has a polygon of ${ring.length} coordinates, an odd number`);
  return Array.from({ length: ring.length / 2 }, (_, i): PointXy => [ring[2 * i]!, ring[2 * i + 1]!]);
}

function contradiction(where: string, what: string): AnnotationError {
  return new AnnotationError({
    seen: `${where} ${what}`,
    need: 'Ids are unique and refer to entries of the same file, and polygons are lists of x and y',
    fix: 'Correct the entry, or export the file again',
  });
}

/** The file, entry by entry. */
function* textOf<Image extends ImageEntry>(
  classes: readonly string[],
  images: readonly Image[],
  structuresOf: (image: Image) => readonly Structure[],
): Iterable<string> {
  const info = { description: 'Written by Packmule' };
  const categories = classes.map((name, i) => ({ id: i + 1, name }));
  yield `{"info":${JSON.stringify(info)},"categories":${JSON.stringify(categories)},"images":[`;
  for (const [i, image] of images.entries()) {
    const { width, height } = image;
    const entry = { id: i + 1, file_name: wholeName(image), width, height };
    yield `${i === 0 ? '' : ','}${JSON.stringify(entry)}`;
  }
  yield '],"annotations":[';
  let written = 0;
  for (const [i, image] of images.entries()) {
    for (const structure of structuresOf(image)) {
      const entry = { id: written + 1, image_id: i + 1, ...fromStructure(structure) };
      yield `${written++ === 0 ? '' : ','}${JSON.stringify(entry)}`;
    }
  }
  yield ']}';
}

const CHUNK = 1 << 16;

/** Text as UTF-8, at least so many characters at a time but for the last. */
function* inChunks(texts: Iterable<string>): Iterable<Uint8Array> {
  let chunk = '';
  for (const text of texts) {
    chunk += text;
    if (chunk.length < CHUNK) continue;
    yield Buffer.from(chunk);
    chunk = '';
  }
  yield Buffer.from(chunk);
}

function fromStructure({ classIndex, rle, score, trust, provenance }: Structure): Record<string, unknown> {
  const [x0, y0, x1, y1] = rleBox(rle) ?? [0, 0, -1, -1];
  return {
    category_id: classIndex + 1,
    segmentation: { size: [rle.height, rle.width], counts: rleToString(rle) },
    area: rleArea(rle),
    bbox: [x0, y0, x1 - x0 + 1, y1 - y0 + 1],
    iscrowd: 0,
    ...(score === undefined ? {} : { score }),
    ...(trust === undefined ? {} : { trust }),
    ...(provenance === undefined ? {} : { packmule: provenance }),
  };
}
