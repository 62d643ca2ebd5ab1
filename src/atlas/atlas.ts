/**
 * @file An atlas of the structures in annotated images: where each class lies among the others and how far it
 * reaches, as a Gaussian for each class. Lengths are in parts of the square root of the image's area, counted from its
 * middle, so that an atlas holds for images of any size.
 */
import type { Structure } from '../annotations/types.ts';
import type { PointXy, Size } from '../base/geometry.ts';
import { momentsOf, type Spread } from '../masks/moments.ts';

/** One class, or one structure of an image. */
export interface Place {
  readonly centre: PointXy;
  /** Of its pixels about its own centre. */
  readonly spread: Spread;
}

export interface Atlas {
  /** By class; null for one that no image shows. */
  readonly places: readonly (Place | null)[];
  /** Whether an image may show all of it from the other side, left for right, as it may be a left or a right hand. */
  readonly turns: boolean;
}

/** An image with all its structures. */
export interface AnnotatedImage {
  readonly size: Size;
  readonly structures?: readonly Structure[];
}

/** Places and the mean shift of each image are known each from the other; they settle in a few rounds. */
const ROUNDS = 5;
/** An image is from the other side where a flip leaves so much, at most, of how its places differ from those of another. */
const TURNED = 0.25;

/**
 * The mean places of the classes, after images are moved upon each other, and flipped where they show the structures from
 * the other side than the image with most of them.
 *
 * @param mirror the class that each becomes where an image is flipped left to right: each image then counts flipped,
 * too
 */
export function learnAtlas(
  images: readonly AnnotatedImage[],
  classCount: number,
  mirror?: readonly number[],
): Atlas {
  const indices = Array.from({ length: classCount }, (_, k) => k);
  const seen = images.map(placesIn);
  const [fullest] = seen.toSorted((a, b) => b.size - a.size);
  const turned = seen.map((places) => mirror === undefined && isTurned(places, fullest!));
  const found = seen.flatMap((places, i) => {
    if (mirror !== undefined) return [places, flipped(places, mirror)];
    return [turned[i] ? flipped(places, indices) : places];
  });
  let shifts: PointXy[] = found.map(() => [0, 0]);
  let centres: (PointXy | undefined)[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    centres = indices.map((k) =>
      meanPoint(
        found.flatMap((places, i) => {
          const place = places.get(k);
          return place === undefined ? [] : [minus(place.centre, shifts[i]!)];
        }),
      ),
    );
    shifts = found.map(
      (places) =>
        meanPoint([...places].map(([k, { centre }]) => minus(centre, centres[k]!))) ?? ([0, 0] as const),
    );
  }
  return {
    places: indices.map((k) => {
      const centre = centres[k];
      if (centre === undefined) return null;
      return { centre, spread: meanSpread(found.flatMap((places) => places.get(k)?.spread ?? [])) };
    }),
    turns: turned.includes(true),
  };
}

/** Whether places lie as those of another image from the other side do. */
function isTurned(places: ReadonlyMap<number, Place>, others: ReadonlyMap<number, Place>): boolean {
  const common = [...places].flatMap(([k, { centre }]) => {
    const other = others.get(k);
    return other === undefined ? [] : [[centre[0], other.centre[0]] as const];
  });
  const [apart, together] = [common.map(([x, other]) => other - x), common.map(([x, other]) => other + x)];
  return varianceOf(together) < TURNED * varianceOf(apart);
}

function varianceOf(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
}

/** The side of a square as large as an image, in px: what lengths are parts of. */
export const unitOf = ({ height, width }: Size): number => Math.sqrt(height * width);

function placesIn({ size, structures = [] }: AnnotatedImage): Map<number, Place> {
  const { height, width } = size;
  const unit = unitOf(size);
  return new Map(
    structures.flatMap(({ classIndex, rle }) => {
      const moments = momentsOf(rle);
      if (moments === undefined) return [];
      const [x, y] = moments.centre;
      const { xx, xy, yy } = moments.spread;
      return [
        [
          classIndex,
          {
            centre: [(x - width / 2) / unit, (y - height / 2) / unit],
            spread: { xx: xx / unit ** 2, xy: xy / unit ** 2, yy: yy / unit ** 2 },
          },
        ] as const,
      ];
    }),
  );
}

function flipped(places: ReadonlyMap<number, Place>, mirror: readonly number[]): Map<number, Place> {
  return new Map([...places].map(([k, place]) => [mirror[k]!, fromBehind(place)]));
}

/** The same where left is right. */
export function fromBehind({ centre: [x, y], spread }: Place): Place {
  return { centre: [-x, y], spread: { ...spread, xy: -spread.xy } };
}

const minus = (a: PointXy, b: PointXy): PointXy => [a[0] - b[0], a[1] - b[1]];

function meanPoint(points: readonly PointXy[]): PointXy | undefined {
  if (points.length === 0) return undefined;
  const mean = (axis: 0 | 1): number => points.reduce((sum, point) => sum + point[axis], 0) / points.length;
  return [mean(0), mean(1)];
}

function meanSpread(spreads: readonly Spread[]): Spread {
  const mean = (value: (spread: Spread) => number): number =>
    spreads.reduce((sum, spread) => sum + value(spread), 0) / spreads.length;
  return { xx: mean((s) => s.xx), xy: mean((s) => s.xy), yy: mean((s) => s.yy) };
}
