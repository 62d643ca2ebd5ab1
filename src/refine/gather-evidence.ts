/** @file Gathering the evidence of the refined masks of one image. */
import type { Structure } from '../annotations/types.ts';
import type { PointXy } from '../base/geometry.ts';
import { alignment, type ClassShapes, type Shape, shapesByClass } from '../dataset/shapes.ts';
import type { Mask } from '../masks/mask.ts';
import { countCoverage } from '../masks/overlap.ts';
import { encodeRle } from '../masks/rle.ts';
import type { Evidence } from './evidence.ts';
import type { InitialMask, RefinedMask } from './refiner.ts';

/** Evidence of every refined mask of one image, in their order; masks that stayed empty count for nothing. */
export function gatherEvidence(
  initial: readonly InitialMask[],
  refined: readonly RefinedMask[],
  usual: ClassShapes,
): Evidence[] {
  const coverage = countCoverage(refined.map(({ mask }) => mask));
  const structures = refined.map(({ classIndex, mask }): Structure => ({ classIndex, rle: encodeRle(mask) }));
  const shapes = shapesByClass(structures);
  const shift = alignment(shapes, (index) => usual.classes[index]?.mean.centre);
  const scores = initial.map(({ score }) => score);
  const imageConfidence = scores.reduce((sum, score) => sum + score, 0) / Math.max(scores.length, 1);
  return refined.map(({ classIndex, mask, evidence }, k) => ({
    confidence: scores[k]!,
    imageConfidence,
    ...initial[k]!.evidence,
    ...evidence,
    overlap: coveredShare(mask, coverage),
    frequency: usual.frequency[classIndex] ?? 0,
    ...geometry(classIndex, shapes.get(classIndex), shift, usual),
  }));
}

type Geometry = Pick<Evidence, 'areaDeviation' | 'placeDeviation' | 'rivalry'>;

function geometry(
  classIndex: number,
  shape: Shape | undefined,
  shift: PointXy,
  { classes }: ClassShapes,
): Geometry {
  const own = classes[classIndex];
  if (own === undefined || shape === undefined) return {};
  const place: PointXy = [shape.centre[0] - shift[0], shape.centre[1] - shift[1]];
  // A mean of few images is uncertain itself.
  const widened = Math.sqrt(1 + 1 / own.images);
  const [dx, dy] = [0, 1].map(
    (axis) => (place[axis]! - own.mean.centre[axis]!) / (own.deviation.centre[axis]! * widened),
  ) as [number, number];
  const distance = ({ centre }: Shape): number => Math.hypot(place[0] - centre[0], place[1] - centre[1]);
  const others = classes.flatMap((other, index) =>
    other === undefined || index === classIndex ? [] : [distance(other.mean)],
  );
  const nearest = Math.min(...others);
  const toOwn = distance(own.mean);
  return {
    areaDeviation: (shape.logArea - own.mean.logArea) / (own.deviation.logArea * widened),
    placeDeviation: Math.hypot(dx, dy),
    ...(others.length > 0 && { rivalry: toOwn === 0 ? 0 : toOwn / (toOwn + nearest) }),
  };
}

function coveredShare({ data }: Mask, coverage: Uint16Array): number {
  let [area, covered] = [0, 0];
  for (let i = 0; i < data.length; i++) {
    if (data[i] === 0) continue;
    area++;
    if (coverage[i]! > 1) covered++;
  }
  return area === 0 ? 0 : covered / area;
}
