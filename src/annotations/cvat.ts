/**
 * @file CVAT for images 1.1 (XML): polygons and RLE masks; written as RLE masks, so that overlaps stay exact.
 *
 * The class of a shape is its label, or the value of one of its attributes where `classAttribute` names it.
 * Polygons are rasterised with pixel centres at whole numbers, edges inside (`polygonToRle`). A mask's runs go
 * row by row through its own rectangle, zeros first. Shapes without an area of their own, such as boxes, are an
 * error: left out silently they would teach a model that nothing is there. Image tags are passed over.
 */
import { AnnotationError } from '../base/errors.ts';
import { writeFileAtomic } from '../base/files.ts';
import type { PointXy, Size } from '../base/geometry.ts';
import { checkPointCount, polygonToRle } from '../masks/polygon.ts';
import { checkMaskSize, decodeRle, encodeRegion, type Rle, rleBox, rleFromCounts } from '../masks/rle.ts';
import { type ClassLookup, createClassLookup, mergeByClass, readAnnotationText } from './collect.ts';
import { imageNameOf, wholeName, withDistinctNames } from './image-names.ts';
import { startsLike } from './recognise.ts';
import type { AnnotatedImage, AnnotationSet, ReadableFormat, Structure, WritableFormat } from './types.ts';
import { attributeOf, childrenOf, escapeXml, parseXml, textOf, type XmlElement } from './xml.ts';

export const cvat: ReadableFormat & WritableFormat = {
  id: 'cvat',
  name: 'CVAT 1.1 XML',
  place: '.xml',
  holds: {
    overlaps: true,
    exact: true,
    classList: true,
    anyClassName: false,
    fileEndings: true,
    equalStems: true,
    notes: [],
  },

  matches: (path) => startsLike(path, '.xml', /<annotations[\s>]/),

  async read(path, options = {}) {
    const root = rootOf(path, await readAnnotationText(path));
    const attribute = options.classAttribute;
    const declared = declaredClasses(root, attribute);
    const images = childrenOf(root, 'image');
    // Attributes of free text declare no values, so classes are also taken as they come.
    const used = images.flatMap((image) =>
      shapesOf(image).flatMap((shape) => classOf(shape, attribute) ?? []),
    );
    const lookup = createClassLookup([...new Set([...declared, ...used])], options.classes);
    const read = images.map((image) => readAnnotatedImage(path, image, attribute, lookup));
    return { classes: lookup.classes, images: withDistinctNames(path, read) };
  },

  async write(path, set) {
    await writeFileAtomic(path, toXml(set));
  },
};

/** The names of the attributes that shapes of a CVAT file can have: candidates for `classAttribute`. */
export async function readCvatAttributes(path: string): Promise<string[]> {
  const root = rootOf(path, await readAnnotationText(path));
  const names = labelsOf(root).flatMap((label) => attributesOf(label).map((one) => childText(one, 'name')));
  return [...new Set(names)];
}

function rootOf(path: string, text: string): XmlElement {
  const root = childrenOf(parseXml(path, text), 'annotations')[0];
  if (root !== undefined) return root;
  throw new AnnotationError({
    seen: `${path} has no element <annotations>`,
    need: 'A CVAT file is an export in the format "CVAT for images 1.1"',
    fix: 'Export the task again in that format',
  });
}

/** Label declarations; their place depends on whether a task, a project or a job was exported. */
function labelsOf(root: XmlElement): XmlElement[] {
  const meta = childrenOf(root, 'meta');
  const owners = meta.flatMap((one) => ['task', 'project', 'job'].flatMap((name) => childrenOf(one, name)));
  const lists = [...meta, ...owners].flatMap((owner) => childrenOf(owner, 'labels'));
  return lists.flatMap((list) => childrenOf(list, 'label'));
}

function attributesOf(label: XmlElement): XmlElement[] {
  return childrenOf(label, 'attributes').flatMap((list) => childrenOf(list, 'attribute'));
}

function childText(element: XmlElement, name: string): string {
  const child = childrenOf(element, name)[0];
  return child === undefined ? '' : textOf(child);
}

function declaredClasses(root: XmlElement, attribute: string | undefined): string[] {
  const labels = labelsOf(root);
  if (attribute === undefined) return labels.map((label) => childText(label, 'name'));
  const holders = labels.flatMap(attributesOf).filter((one) => childText(one, 'name') === attribute);
  const values = holders.flatMap((one) => childText(one, 'values').split('\n'));
  return values.map((value) => value.trim()).filter((value) => value !== '');
}

const SHAPES = ['polygon', 'mask'] as const;
const SHAPES_WITHOUT_MASK = ['box', 'polyline', 'points', 'ellipse', 'cuboid', 'skeleton'] as const;

function shapesOf(image: XmlElement): XmlElement[] {
  return SHAPES.flatMap((name) => childrenOf(image, name));
}

function classOf(shape: XmlElement, attribute: string | undefined): string | undefined {
  if (attribute === undefined) return attributeOf(shape, 'label');
  const holder = childrenOf(shape, 'attribute').find((one) => attributeOf(one, 'name') === attribute);
  return holder === undefined ? undefined : textOf(holder);
}

function readAnnotatedImage(
  path: string,
  image: XmlElement,
  attribute: string | undefined,
  lookup: ClassLookup,
): AnnotatedImage {
  const name = imageNameOf(attributeOf(image, 'name') ?? '', `An image of ${path}`);
  const fileName = wholeName(name);
  const size = { height: wholeNumber(image, 'height'), width: wholeNumber(image, 'width') };
  checkMaskSize(size, `Image ${fileName} of ${path}`);
  for (const name of SHAPES_WITHOUT_MASK) {
    if (childrenOf(image, name).length === 0) continue;
    throw new AnnotationError({
      seen: `Image ${fileName} of ${path} has an annotation of the kind "${name}"`,
      need: 'Annotations are polygons or masks; other shapes do not say which pixels belong to a class',
      fix: 'Draw it as a polygon or mask in CVAT, or remove it',
    });
  }
  const structures = SHAPES.flatMap((kind) =>
    childrenOf(image, kind).map((shape, i): Structure => {
      const where = `The ${kind} number ${i + 1} of image ${fileName} in ${path}`;
      const name = classOf(shape, attribute);
      if (name === undefined) throw withoutClass(where, attribute);
      const rle = kind === 'polygon' ? polygonOf(shape, size, where) : maskOf(shape, size, where);
      return { classIndex: lookup.indexOf(name, where), rle };
    }),
  );
  return { ...name, ...size, structures: mergeByClass(structures) };
}

function withoutClass(where: string, attribute: string | undefined): AnnotationError {
  return new AnnotationError({
    seen: attribute === undefined ? `${where} has no label` : `${where} has no attribute "${attribute}"`,
    need: 'Every shape has a class',
    fix:
      attribute === undefined
        ? 'Export the task again'
        : 'Check the name of the attribute, or set it in CVAT',
  });
}

function polygonOf(shape: XmlElement, size: Size, where: string): Rle {
  const text = attributeOf(shape, 'points') ?? '';
  const pairs = text.split(';');
  checkPointCount(pairs.length, where);
  const points = pairs.map((pair): PointXy => {
    const [x, y, ...more] = pair.split(',');
    return [number(x), more.length > 0 ? Number.NaN : number(y)];
  });
  return polygonToRle(points, size, where);
}

function maskOf(shape: XmlElement, size: Size, where: string): Rle {
  const [left, top] = [wholeNumber(shape, 'left'), wholeNumber(shape, 'top')];
  const box = { width: wholeNumber(shape, 'width'), height: wholeNumber(shape, 'height') };
  const inside = left >= 0 && top >= 0 && left + box.width <= size.width && top + box.height <= size.height;
  if (!inside) {
    throw new AnnotationError({
      seen: `${where} lies at (${left}, ${top}) with ${box.width} x ${box.height} pixels`,
      need: `A mask lies inside its image of ${size.width} x ${size.height} pixels`,
      fix: 'Check that the annotation belongs to this image and was made at its size',
    });
  }
  const counts = (attributeOf(shape, 'rle') ?? '').split(',').map(number);
  // Row by row through the rectangle is column by column through its transpose.
  const columns = rleFromCounts(counts, { height: box.width, width: box.height }, where);
  return encodeRegion(transposed(columns), left, top, size);
}

/** The mask whose rows are the columns of `rle`. */
function transposed(rle: Rle): { height: number; width: number; data: Uint8Array } {
  const data = new Uint8Array(rle.height * rle.width);
  let position = 0;
  rle.counts.forEach((run, i) => {
    if (i % 2 === 1) data.fill(1, position, position + run);
    position += run;
  });
  return { height: rle.width, width: rle.height, data };
}

function number(text: string | undefined): number {
  return text === undefined || text.trim() === '' ? Number.NaN : Number(text);
}

/** An attribute as a whole number, NaN when it is none: the checks of sizes and boxes refuse that. */
function wholeNumber(element: XmlElement, name: string): number {
  const value = number(attributeOf(element, name));
  return Number.isInteger(value) ? value : Number.NaN;
}

function toXml(set: AnnotationSet): string {
  const labels = set.classes.map((name) => `<label><name>${escapeXml(name)}</name><type>mask</type></label>`);
  const images = set.images.map((image, id) => {
    const masks = image.structures.map((one) => toMaskElement(one, set.classes[one.classIndex]!));
    const head = `id="${id}" name="${escapeXml(wholeName(image))}" width="${image.width}" height="${image.height}"`;
    return `<image ${head}>\n${masks.join('')}</image>\n`;
  });
  const meta = `<meta><task><labels>\n${labels.join('\n')}\n</labels></task></meta>`;
  const body = `<version>1.1</version>\n${meta}\n${images.join('')}`;
  return `<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n${body}</annotations>\n`;
}

function toMaskElement(structure: Structure, name: string): string {
  const box = rleBox(structure.rle);
  if (box === undefined) return '';
  const [left, top, right, bottom] = box;
  const [width, height] = [right - left + 1, bottom - top + 1];
  const mask = decodeRle(structure.rle);
  const runs: number[] = [0];
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      const value = mask.data[y * mask.width + x]!;
      if (((runs.length - 1) & 1) !== value) runs.push(0);
      runs[runs.length - 1]! += 1;
    }
  }
  const where = `left="${left}" top="${top}" width="${width}" height="${height}"`;
  return `<mask label="${escapeXml(name)}" source="auto" occluded="0" rle="${runs.join(', ')}" ${where} z_order="0"></mask>\n`;
}
