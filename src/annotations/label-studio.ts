/**
 * @file Label Studio JSON: a list of tasks, each an image with the regions drawn in it. Brush masks and polygons are
 * read, brush masks written (`encodeBrushRle`), so every pixel is kept and classes may overlap.
 *
 * A task counts by its one annotation that was not cancelled or, where it has none, by its one prediction; tasks with
 * neither are not annotated and left out. Polygons are in per cent of the image, pixel centres at halves. Masks with a
 * score are written as predictions: that is where Label Studio has a place for it, and what it offers for correction.
 * Size and name of an image without regions are in the data of the task: Label Studio keeps them with regions alone.
 */
import { z } from 'zod';
import { AnnotationError } from '../base/errors.ts';
import { writeFileAtomic } from '../base/files.ts';
import type { PointXy, Size } from '../base/geometry.ts';
import { decodeBrushRle, encodeBrushRle } from '../masks/brush-rle.ts';
import { cocoPolygonToRle } from '../masks/polygon.ts';
import { checkMaskSize, type Rle } from '../masks/rle.ts';
import { type ClassLookup, createClassLookup, mergeByClass, readAnnotationText } from './collect.ts';
import { imageNameOf, wholeName, withDistinctNames } from './image-names.ts';
import { parseJson, shaped } from './json.ts';
import { anyObject, list, numbers } from './lists.ts';
import { startsLike } from './recognise.ts';
import type { AnnotatedImage, AnnotationSet, ReadableFormat, Structure, WritableFormat } from './types.ts';

const regionSchema = z.object({
  id: z.string().optional(),
  type: z.string(),
  original_width: z.number().optional(),
  original_height: z.number().optional(),
  image_rotation: z.number().optional(),
  score: z.number().min(0).max(1).nullish(),
  /** Relations have none. */
  value: anyObject.default({}),
});

const resultSchema = z.object({
  result: list(z.unknown()),
  was_cancelled: z.boolean().optional(),
});

const taskSchema = z.object({
  id: z.union([z.int(), z.string()]).optional(),
  data: anyObject,
  annotations: list(resultSchema).default([]),
  predictions: list(resultSchema).default([]),
});

type Task = z.infer<typeof taskSchema>;
type Region = z.infer<typeof regionSchema>;

const namesSchema = list(z.string());
const brushSchema = numbers.refine((code) =>
  code.every((byte) => Number.isInteger(byte) && byte >= 0 && byte <= 255),
);
const pointsSchema = list(z.tuple([z.number(), z.number()]));

/** Kinds of regions that draw nothing in an image: what is said about it, about its regions, about a text beside it. */
const NO_DRAWINGS = [
  'choices',
  'datetime',
  'hypertextlabels',
  'labels',
  'number',
  'pairwise',
  'paragraphlabels',
  'ranker',
  'rating',
  'relation',
  'taxonomy',
  'textarea',
];

export const labelStudio: ReadableFormat & WritableFormat = {
  id: 'label-studio',
  name: 'Label Studio JSON',
  place: '.json',
  holds: {
    overlaps: true,
    exact: true,
    classList: false,
    anyClassName: true,
    fileEndings: true,
    equalStems: true,
    notes: ['score'],
  },

  matches: (path) => startsLike(path, '.json', /^\s*\[[\s\S]*"(data|annotations|predictions)"\s*:/),

  async read(path, options = {}) {
    const json = parseJson(path, await readAnnotationText(path));
    const tasks = shaped(path, json, list(taskSchema), 'Label Studio file');
    const drawn = tasks.flatMap((task, i) => {
      const where = `Task ${task.id ?? `number ${i + 1}`} of ${path}`;
      const regions = regionsOf(task, where);
      return regions === undefined ? [] : [{ task, where, regions }];
    });
    const used = drawn.flatMap(({ regions }) => withLabels(regions).flatMap(({ labels }) => labels));
    const lookup = createClassLookup([...new Set(used)].sort(), options.classes);
    const images = drawn.map(({ task, where, regions }) => toImage(task, regions, lookup, where));
    return { classes: lookup.classes, images: withDistinctNames(path, images) };
  },

  async write(path, set) {
    await writeFileAtomic(path, tasksOf(set));
  },
};

/** The regions of the one result that counts; undefined where the task is not annotated. */
function regionsOf({ annotations, predictions }: Task, where: string): Region[] | undefined {
  const done = annotations.filter((annotation) => annotation.was_cancelled !== true);
  const results = done.length > 0 ? done : predictions;
  if (results.length > 1) {
    throw new AnnotationError({
      seen: `${where} has ${results.length} ${done.length > 0 ? 'annotations' : 'predictions'}`,
      need: 'One says what is in the image',
      fix: 'Keep the best one in Label Studio, and export again',
    });
  }
  return results[0]?.result.map((region) => shaped(where, region, regionSchema, 'Label Studio task'));
}

/** A region that is a mask, and its classes. */
interface LabelledRegion {
  readonly region: Region;
  readonly labels: readonly string[];
}

/** The classes of a mask are its own, or those of the label with its id where a project keeps the two apart. */
function withLabels(regions: readonly Region[]): LabelledRegion[] {
  const namesOf = ({ type, value }: Region): string[] => namesSchema.safeParse(value[type]).data ?? [];
  const apart = new Map<string | undefined, string[]>();
  for (const region of regions) if (region.type === 'labels') apart.set(region.id, namesOf(region));
  return regions.filter(isMask).map((region) => {
    const other = region.id === undefined ? undefined : apart.get(region.id);
    return { region, labels: [...namesOf(region), ...(other ?? [])] };
  });
}

function isMask({ type }: Region): boolean {
  return type.startsWith('brush') || type.startsWith('polygon');
}

function toImage(task: Task, regions: readonly Region[], lookup: ClassLookup, where: string): AnnotatedImage {
  const size = sizeOf(task, regions, where);
  const other = regions.find((region) => !isMask(region) && !NO_DRAWINGS.includes(region.type));
  if (other !== undefined) {
    throw new AnnotationError({
      seen: `${where} has a region of the kind "${other.type}"`,
      need: 'Regions of images are brush masks or polygons: what else is drawn would count as absent',
      fix: 'Draw it with the brush in Label Studio, or remove it',
    });
  }
  const structures = withLabels(regions).flatMap(({ region, labels }, i): Structure[] => {
    const here = `Mask ${region.id ?? `number ${i + 1}`} of ${where}`;
    if (labels.length === 0) {
      throw new AnnotationError({
        seen: `${here} has no label`,
        need: 'Every mask has a class',
        fix: 'Give it a label in Label Studio, or remove it',
      });
    }
    const rle = maskOf(region, size, here);
    const score = region.score ?? undefined;
    return labels.map((name) => ({
      classIndex: lookup.indexOf(name, here),
      rle,
      ...(score !== undefined && { score }),
    }));
  });
  return { ...linkedName(task, where), ...size, structures: mergeByClass(structures) };
}

function sizeOf({ data }: Task, regions: readonly Region[], where: string): Size {
  const region = regions.find((one) => one.original_width !== undefined);
  const [width, height] = [region?.original_width ?? data.width, region?.original_height ?? data.height];
  if (typeof width !== 'number' || typeof height !== 'number') {
    throw new AnnotationError({
      seen: `${where} is annotated with no region, and so without the size of its image`,
      need: 'A task without regions has width and height in its data',
      fix: 'Add them, or delete the annotation of that task',
    });
  }
  checkMaskSize({ width, height }, where);
  return { width, height };
}

function maskOf(region: Region, size: Size, where: string): Rle {
  const { value, image_rotation = 0 } = region;
  if (
    region.original_width !== size.width ||
    region.original_height !== size.height ||
    image_rotation !== 0
  ) {
    throw new AnnotationError({
      seen: `${where} is drawn on ${region.original_width} x ${region.original_height} pixels turned by ${image_rotation} degrees`,
      need: `All regions are drawn on the unturned image of ${size.width} x ${size.height} pixels`,
      fix: 'Draw it again on the image as it is',
    });
  }
  const code = brushSchema.safeParse(value.rle).data;
  if (code !== undefined) return decodeBrushRle(code, size, where);
  const points = pointsSchema.safeParse(value.points).data;
  if (points !== undefined) {
    const inPixels = points.map(([x, y]): PointXy => [(x / 100) * size.width, (y / 100) * size.height]);
    return cocoPolygonToRle(inPixels, size, where);
  }
  throw new AnnotationError({
    seen: `${where} has neither the run-length code of a brush (value.rle) nor points of a polygon (value.points)`,
    need: 'A mask in one of these two forms',
    fix: 'Export the project again as JSON',
  });
}

/**
 * The name in the link to the image: the path of /data/local-files/?d=PATH, or the last part of the link,
 * without the eight letters that Label Studio puts in front of the names of uploaded files.
 */
function linkedName({ data }: Task, where: string): Pick<AnnotatedImage, 'fileName' | 'path'> {
  const links = Object.entries(data).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  const link = (links.find(([key]) => key === 'image') ?? (links.length === 1 ? links[0] : undefined))?.[1];
  if (link === undefined) {
    throw new AnnotationError({
      seen: `${where} has no entry data.image`,
      need: 'The data of a task link to its image under the name image',
      fix: 'Rename the entry',
    });
  }
  const [, local] = /[?&]d=([^&]*)/.exec(link) ?? [];
  const name = imageNameOf(decodeLink(local ?? link.replace(/[?#].*$/, '')), where);
  return link.includes('/data/upload/') ? { fileName: name.fileName.replace(/^[0-9a-f]{8}-/, '') } : name;
}

function decodeLink(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A name with a bare per cent sign is what it is.
    return text;
  }
}

/** The file piece by piece: codes of large masks are long. */
function* tasksOf({ classes, images }: AnnotationSet): Generator<Uint8Array> {
  const scored = images.some((image) => image.structures.some(({ score }) => score !== undefined));
  for (const [i, annotated] of images.entries()) {
    const { width, height, structures } = annotated;
    const result = structures.map(({ classIndex, rle, score }) => ({
      id: `${i + 1}-${classIndex + 1}`,
      type: 'brushlabels',
      from_name: 'tag',
      to_name: 'image',
      original_width: width,
      original_height: height,
      image_rotation: 0,
      value: { format: 'rle', rle: encodeBrushRle(rle), brushlabels: [classes[classIndex]] },
      ...(score !== undefined && { score }),
    }));
    const image = `/data/local-files/?d=${encodeURIComponent(wholeName(annotated))}`;
    const task = {
      id: i + 1,
      data: { image, width, height },
      ...(scored ? { predictions: [{ model_version: 'Packmule', result }] } : { annotations: [{ result }] }),
    };
    yield Buffer.from(`${i === 0 ? '[' : ',\n'}${JSON.stringify(task)}`);
  }
  yield Buffer.from(images.length === 0 ? '[]\n' : ']\n');
}
