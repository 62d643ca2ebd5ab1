/**
 * @file How large each class usually is and where it usually lies, from annotated images: what tells a structure
 * that was given its neighbour's name.
 */
import type { Structure } from '../annotations/types.ts';
import type { PointXy } from '../base/geometry.ts';
import { momentsOf } from '../masks/moments.ts';
import type { Rle } from '../masks/rle.ts';
import type { Case } from './types.ts';

/** Size and place of one structure, independent of the resolution of its image. */
export interface Shape {
  /** Natural logarithm of its share of the image's pixels. */
  readonly logArea: number;
  /** Centre of its pixels as parts of the image's width and height. */
  readonly centre: PointXy;
}

/** What is usual for a class. */
export interface ClassShape {
  readonly mean: Shape;
  /** Standard deviations, of the centre along each axis. */
  readonly deviation: Shape;
  /** Number of images it was taken from. */
  readonly images: number;
}

export interface ClassShapes {
  /** Share of the images that show each class, [0, 1]. */
  readonly frequency: readonly number[];
  /** undefined for a class that no image shows. */
  readonly classes: readonly (ClassShape | undefined)[];
}

/** Least deviations that are believed: a tenth in area, a hundredth of the image in place. */
const LEAST_AREA = 0.1;
const LEAST_PLACE = 0.01;
/** Weight, in images, of the deviation that all classes share, so that a class seen once or twice has one. */
const SHARED_WEIGHT = 3;
/** Fewer structures do not say how the whole image is shifted. */
const FEWEST_TO_ALIGN = 3;

/** undefined for an empty mask. */
export function shapeOf(rle: Rle): Shape | undefined {
  const moments = momentsOf(rle);
  if (moments === undefined) return undefined;
  const { height, width } = rle;
  const [x, y] = moments.centre;
  return { logArea: Math.log(moments.area / (height * width)), centre: [x / width, y / height] };
}

/** What is usual in annotated cases. */
export function usualShapes(cases: readonly Pick<Case, 'structures'>[], classCount: number): ClassShapes {
  return classShapes(
    cases.map(({ structures = [] }) => structures),
    classCount,
  );
}

/** What is usual, over images given by their structures. Places are taken after images are aligned. */
export function classShapes(images: readonly (readonly Structure[])[], classCount: number): ClassShapes {
  const found = images.map((structures) => shapesByClass(structures));
  const indices = Array.from({ length: classCount }, (_, classIndex) => classIndex);
  const raw = indices.map((index) => meanShape(shapesOfClass(found, index)));
  const aligned = found.map((shapes) => {
    const shift = alignment(shapes, (index) => raw[index]?.centre);
    return new Map([...shapes].map(([index, shape]) => [index, shifted(shape, shift)]));
  });
  const means = indices.map((index) => meanShape(shapesOfClass(aligned, index)));
  const deviation = deviationsOf(aligned, means);
  return {
    frequency: indices.map((index) => shapesOfClass(found, index).length / Math.max(images.length, 1)),
    classes: indices.map((index) => {
      const mean = means[index];
      if (mean === undefined) return undefined;
      return { mean, deviation: deviation(index), images: shapesOfClass(aligned, index).length };
    }),
  };
}

/** The shapes of one image by class; empty masks are left out. */
export function shapesByClass(structures: readonly Structure[]): Map<number, Shape> {
  return new Map(
    structures.flatMap(({ classIndex, rle }) => {
      const shape = shapeOf(rle);
      return shape === undefined ? [] : [[classIndex, shape] as const];
    }),
  );
}

/**
 * How far the structures of one image lie from where they usually are, all together: the median along each axis, so
 * that a few with wrong names do not count. No shift for fewer than three known classes.
 */
export function alignment(
  shapes: ReadonlyMap<number, Shape>,
  usual: (classIndex: number) => PointXy | undefined,
): PointXy {
  const offsets = [...shapes].flatMap(([index, { centre }]): PointXy[] => {
    const place = usual(index);
    return place === undefined ? [] : [[centre[0] - place[0], centre[1] - place[1]]];
  });
  if (offsets.length < FEWEST_TO_ALIGN) return [0, 0];
  return [median(offsets.map(([x]) => x)), median(offsets.map(([, y]) => y))];
}

function shifted({ logArea, centre }: Shape, shift: PointXy): Shape {
  return { logArea, centre: [centre[0] - shift[0], centre[1] - shift[1]] };
}

function shapesOfClass(images: readonly ReadonlyMap<number, Shape>[], index: number): Shape[] {
  return images.flatMap((shapes) => shapes.get(index) ?? []);
}

function meanShape(shapes: readonly Shape[]): Shape | undefined {
  if (shapes.length === 0) return undefined;
  const mean = (value: (shape: Shape) => number): number =>
    shapes.reduce((sum, shape) => sum + value(shape), 0) / shapes.length;
  return { logArea: mean((s) => s.logArea), centre: [mean((s) => s.centre[0]), mean((s) => s.centre[1])] };
}

/** Per class the deviation, drawn towards the one that all classes share. */
function deviationsOf(
  images: readonly ReadonlyMap<number, Shape>[],
  means: readonly (Shape | undefined)[],
): (index: number) => Shape {
  const axes: readonly [value: (shape: Shape) => number, least: number][] = [
    [({ logArea }) => logArea, LEAST_AREA],
    [({ centre }) => centre[0], LEAST_PLACE],
    [({ centre }) => centre[1], LEAST_PLACE],
  ];
  const perAxis = axes.map(([value, least]) => {
    const sums = means.map((mean, index) => {
      const shapes = shapesOfClass(images, index);
      const squares = shapes.reduce((sum, shape) => sum + (value(shape) - value(mean!)) ** 2, 0);
      return { squares, freedom: Math.max(0, shapes.length - 1) };
    });
    const squares = sums.reduce((sum, own) => sum + own.squares, 0);
    const freedom = sums.reduce((sum, own) => sum + own.freedom, 0);
    const shared = freedom === 0 ? 0 : squares / freedom;
    return (index: number): number => {
      const own = sums[index]!;
      const variance = (own.squares + SHARED_WEIGHT * shared) / (own.freedom + SHARED_WEIGHT);
      return Math.max(least, Math.sqrt(variance));
    };
  });
  const [area, x, y] = perAxis as [(i: number) => number, (i: number) => number, (i: number) => number];
  return (index) => ({ logArea: area(index), centre: [x(index), y(index)] });
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2;
}
