/**
 * @file Classes in layers: within a layer no pixel belongs to two classes, so that formats with one number a pixel
 * hold each layer exactly.
 */
import type { BoxXyxy } from '../base/geometry.ts';
import { rleOverlap } from '../masks/overlap.ts';
import { rleBox } from '../masks/rle.ts';
import type { AnnotatedImage, AnnotationSet, Structure } from './types.ts';

/** Two classes that share pixels somewhere. */
export interface ClassOverlap {
  /** Indices into the class list, the lower first. */
  readonly classes: readonly [number, number];
  /** In all images together, px. */
  readonly pixels: number;
  /** Images in which they do. */
  readonly images: readonly string[];
}

/** The pairs of classes that share pixels, those that share most first. */
export function findOverlaps(set: AnnotationSet): ClassOverlap[] {
  const found = new Map<string, { classes: [number, number]; pixels: number; images: string[] }>();
  for (const image of set.images) {
    for (const { classes, pixels } of overlapsWithin(image)) {
      const key = classes.join(' ');
      const entry = found.get(key) ?? { classes, pixels: 0, images: [] };
      entry.pixels += pixels;
      entry.images.push(image.fileName);
      found.set(key, entry);
    }
  }
  return [...found.values()].sort((a, b) => b.pixels - a.pixels);
}

/** `Radius and Ulna share 317 px in 4 images, such as a.png; 2 other pairs of classes overlap too`. */
export function describeOverlaps(set: AnnotationSet, overlaps: readonly ClassOverlap[]): string {
  const { classes, pixels, images } = overlaps[0]!;
  const [a, b] = classes.map((index) => set.classes[index]);
  const where = images.length === 1 ? images[0] : `${images.length} images, such as ${images[0]}`;
  const others = overlaps.length === 1 ? '' : `; ${overlaps.length - 1} other pairs of classes overlap too`;
  return `${a} and ${b} share ${pixels} px in ${where}${others}`;
}

function overlapsWithin({ structures }: AnnotatedImage): { classes: [number, number]; pixels: number }[] {
  const boxes = structures.map(({ rle }) => rleBox(rle));
  return structures.flatMap((a, i) =>
    structures.slice(i + 1).flatMap((b, j) => {
      if (!meet(boxes[i], boxes[i + 1 + j])) return [];
      const pixels = rleOverlap(a.rle, b.rle).intersection;
      return pixels === 0 ? [] : [{ classes: inOrder(a, b), pixels }];
    }),
  );
}

function inOrder(a: Structure, b: Structure): [number, number] {
  return [Math.min(a.classIndex, b.classIndex), Math.max(a.classIndex, b.classIndex)];
}

function meet(a: BoxXyxy | undefined, b: BoxXyxy | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  return a[0] <= b[2] && b[0] <= a[2] && a[1] <= b[3] && b[1] <= a[3];
}

/**
 * The set divided by classes: each class goes to the first layer in which it overlaps no other, in class order. All
 * layers have all images. One layer, the set itself, where nothing overlaps.
 */
export function intoLayers(set: AnnotationSet): AnnotationSet[] {
  const rivals = new Map<number, Set<number>>();
  for (const { classes } of findOverlaps(set)) {
    for (const [one, other] of [classes, [classes[1], classes[0]] as const]) {
      rivals.set(one, (rivals.get(one) ?? new Set()).add(other));
    }
  }
  if (rivals.size === 0) return [set];
  const layers: number[][] = [];
  set.classes.forEach((_, classIndex) => {
    const free = layers.find((layer) => !layer.some((other) => rivals.get(classIndex)?.has(other)));
    if (free === undefined) layers.push([classIndex]);
    else free.push(classIndex);
  });
  return layers.map((layer) => onlyClasses(set, layer));
}

function onlyClasses(set: AnnotationSet, kept: readonly number[]): AnnotationSet {
  const places = new Map(kept.map((classIndex, place) => [classIndex, place]));
  return {
    classes: kept.map((classIndex) => set.classes[classIndex]!),
    images: set.images.map((image) => ({
      ...image,
      structures: image.structures.flatMap((structure) => {
        const place = places.get(structure.classIndex);
        return place === undefined ? [] : [{ ...structure, classIndex: place }];
      }),
    })),
  };
}
