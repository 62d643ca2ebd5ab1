/**
 * @file labelme: a folder with one JSON an image, called after it; or one such file. Polygons and masks are read,
 * masks written: a mask is a PNG of its own box, both corners inclusive, so every pixel is kept and classes may overlap.
 *
 * Polygons have pixel centres at halves (`cocoPolygonToRle`). The class list is that of labels.txt in the folder, whose
 * first two lines, __ignore__ and _background_, are no classes; else classes are in alphabetical order. Shapes without
 * an area of their own are an error, as in CVAT files.
 */
import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { AnnotationError, ImageError } from '../base/errors.ts';
import { writeFileAtomic } from '../base/files.ts';
import type { Size } from '../base/geometry.ts';
import type { Image } from '../imaging/image.ts';
import { decodeImage } from '../imaging/read.ts';
import { encodeGreyPng } from '../imaging/write.ts';
import { cropMask } from '../masks/crop.ts';
import { cocoPolygonToRle } from '../masks/polygon.ts';
import { checkMaskSize, decodeRle, encodeRegion, type Rle, rleBox } from '../masks/rle.ts';
import { type ClassLookup, createClassLookup, mergeByClass, readAnnotationText } from './collect.ts';
import { flatStem } from './fit.ts';
import { imageNameOf, wholeName, withDistinctNames } from './image-names.ts';
import { parseJson, shaped } from './json.ts';
import { list } from './lists.ts';
import { listFolder, readClassList, writeClassList } from './mask-folders.ts';
import { startsLike } from './recognise.ts';
import type { AnnotatedImage, ReadableFormat, Structure, WritableFormat } from './types.ts';

const LABELS = 'labels.txt';
/** What labelme's own scripts want at the head of labels.txt. */
const NO_CLASSES = ['__ignore__', '_background_'];

const shapeSchema = z.object({
  label: z.string(),
  points: list(z.tuple([z.number(), z.number()])),
  shape_type: z.string().default('polygon'),
  mask: z.string().nullish(),
});

const fileSchema = z.object({
  shapes: list(shapeSchema),
  imagePath: z.string(),
  imageHeight: z.number(),
  imageWidth: z.number(),
});

type LabelmeFile = z.infer<typeof fileSchema>;
type LabelmeShape = z.infer<typeof shapeSchema>;

export const labelme: ReadableFormat & WritableFormat = {
  id: 'labelme',
  name: 'labelme JSON',
  place: 'folder',
  holds: {
    overlaps: true,
    exact: true,
    classList: true,
    anyClassName: false,
    fileEndings: true,
    equalStems: false,
    notes: [],
  },

  async matches(path) {
    const file = (await filesAt(path))[0];
    return file !== undefined && startsLike(file, '.json', /"shapes"\s*:/);
  },

  async read(path, options = {}) {
    const paths = await filesAt(path);
    const files: LabelmeFile[] = [];
    for (const file of paths) {
      files.push(shaped(file, parseJson(file, await readAnnotationText(file)), fileSchema, 'labelme file'));
    }
    const used = files.flatMap((file) => file.shapes.map((shape) => shape.label));
    const folder = paths[0] === path ? dirname(path) : path;
    const listed = (await readClassList(folder, LABELS))?.filter((name) => !NO_CLASSES.includes(name));
    const lookup = createClassLookup(listed ?? [...new Set(used)].sort(), options.classes);
    const images: AnnotatedImage[] = [];
    for (const [i, file] of files.entries()) images.push(await toImage(paths[i]!, file, lookup));
    return { classes: lookup.classes, images: withDistinctNames(path, images) };
  },

  async write(path, set) {
    for (const image of set.images) {
      const file = join(path, `${flatStem(image.fileName)}.json`);
      await writeFileAtomic(file, JSON.stringify(await fromImage(image, set.classes), null, 2));
    }
    await writeClassList(path, [...NO_CLASSES, ...set.classes], LABELS);
  },
};

/** The JSON files of a folder; a path that is none is itself the file. */
async function filesAt(path: string): Promise<string[]> {
  if (!(await stat(path).catch(() => undefined))?.isDirectory()) return [path];
  const { files } = await listFolder(path);
  return files.filter((name) => /\.json$/i.test(name)).map((name) => join(path, name));
}

async function toImage(path: string, file: LabelmeFile, lookup: ClassLookup): Promise<AnnotatedImage> {
  const size = { height: file.imageHeight, width: file.imageWidth };
  checkMaskSize(size, path);
  const structures: Structure[] = [];
  for (const [i, shape] of file.shapes.entries()) {
    const where = `Shape number ${i + 1} of ${path}`;
    const classIndex = lookup.indexOf(shape.label, where);
    structures.push({ classIndex, rle: await maskOf(shape, size, where) });
  }
  return { ...imageNameOf(file.imagePath, path), ...size, structures: mergeByClass(structures) };
}

async function maskOf(shape: LabelmeShape, size: Size, where: string): Promise<Rle> {
  if (shape.shape_type === 'polygon') return cocoPolygonToRle(shape.points, size, where);
  if (shape.shape_type !== 'mask') {
    throw new AnnotationError({
      seen: `${where} is of the kind "${shape.shape_type}"`,
      need: 'Annotations are polygons or masks; other shapes do not say which pixels belong to a class',
      fix: 'Draw it as a polygon or mask in labelme, or remove it',
    });
  }
  const [left, top] = (shape.points[0] ?? [Number.NaN, Number.NaN]).map(Math.trunc) as [number, number];
  const { height, width, data } = await decodeMask(shape.mask ?? '', size, where);
  if (!(left >= 0 && top >= 0 && left + width <= size.width && top + height <= size.height)) {
    throw new AnnotationError({
      seen: `${where} is a mask of ${width} x ${height} pixels at (${left}, ${top})`,
      need: `A mask lies inside its image of ${size.width} x ${size.height} pixels`,
      fix: 'Check that the annotation belongs to this image and was made at its size',
    });
  }
  const region = { height, width, data: Uint8Array.from(data, (value) => (value === 0 ? 0 : 1)) };
  return encodeRegion(region, left, top, size);
}

/** A mask of a labelme file, which is a PNG in base64. */
async function decodeMask(text: string, size: Size, where: string): Promise<Image> {
  try {
    return await decodeImage(Buffer.from(text, 'base64'), `The mask of ${where}`, {
      maxPixels: size.height * size.width,
    });
  } catch (error) {
    throw error instanceof ImageError ? new AnnotationError(error, { cause: error }) : error;
  }
}

async function fromImage(image: AnnotatedImage, classes: readonly string[]): Promise<unknown> {
  const shapes: unknown[] = [];
  for (const { classIndex, rle } of image.structures) {
    const box = rleBox(rle);
    if (box === undefined) continue;
    const { height, width, data } = cropMask(decodeRle(rle), box);
    const png = await encodeGreyPng({ height, width, bits: 8, data: data.map((value) => 255 * value) });
    shapes.push({
      label: classes[classIndex],
      points: [
        [box[0], box[1]],
        [box[2], box[3]],
      ],
      group_id: null,
      description: '',
      shape_type: 'mask',
      flags: {},
      mask: Buffer.from(png).toString('base64'),
    });
  }
  const { height, width } = image;
  // Without imageData labelme opens the image beside the file.
  return {
    version: '5.5.0',
    flags: {},
    shapes,
    imagePath: wholeName(image),
    imageData: null,
    imageHeight: height,
    imageWidth: width,
  };
}
