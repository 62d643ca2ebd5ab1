/** @file Polygons: boxes, triangles, stars and crooked pieces, with sharp or rounded corners. */
import type { PointXy } from '../../../base/geometry.ts';
import type { Rng } from '../../../base/rng.ts';
import { chance, pick, wholeBetween } from '../draws.ts';
import type { Figure } from '../figure.ts';
import { anyMaterial } from '../materials.ts';
import { rounded, sharp } from '../shapes.ts';

export function polygon(rng: Rng): Figure[] {
  const points = pick(rng, [box, star, convex, angled])(rng);
  const outline = chance(rng, 0.5) ? sharp(points) : rounded(points, rng.between(0.05, 0.3), 2);
  return [
    { family: 'polygon', outlines: [outline], holes: [], inlays: [], material: anyMaterial(rng), turn: 0 },
  ];
}

function box(rng: Rng): PointXy[] {
  const [w, shear] = [rng.between(0.08, 0.5), 0.1 * rng.normal()];
  return [
    [-w, -0.5],
    [w, -0.5 + shear],
    [w, 0.5 + shear],
    [-w, 0.5],
  ];
}

function star(rng: Rng): PointXy[] {
  const tips = wholeBetween(rng, 3, 8);
  const waist = rng.between(0.35, 0.85);
  return around(rng, 2 * tips, (i) => (i % 2 === 0 ? 0.5 : 0.5 * waist));
}

function convex(rng: Rng): PointXy[] {
  return around(rng, wholeBetween(rng, 3, 8), () => 0.5);
}

function around(rng: Rng, count: number, radiusOf: (i: number) => number): PointXy[] {
  const aspect = rng.between(0.5, 1);
  return Array.from({ length: count }, (_, i): PointXy => {
    const angle = (2 * Math.PI * (i + 0.2 * rng.normal())) / count;
    const radius = radiusOf(i) * rng.between(0.8, 1);
    return [aspect * radius * Math.cos(angle), radius * Math.sin(angle)];
  });
}

/** An L or a T of bars. */
function angled(rng: Rng): PointXy[] {
  const [bar, foot] = [rng.between(0.1, 0.22), rng.between(0.15, 0.45)];
  const left = chance(rng, 0.5) ? -bar : -foot;
  return [
    [left, 0.5],
    [left, 0.5 - 2 * bar],
    [-bar * 0.99, 0.5 - 2 * bar],
    [-bar * 0.99, -0.5],
    [bar, -0.5],
    [bar, 0.5 - 2 * bar],
    [foot + bar, 0.5 - 2 * bar],
    [foot + bar, 0.5],
  ];
}
