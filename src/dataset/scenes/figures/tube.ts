/** @file Tubes: vessels, catheters, canals, fibres; a smooth walk with a width, sometimes with a branch. */
import type { PointXy } from '../../../base/geometry.ts';
import type { Rng } from '../../../base/rng.ts';
import { chance, lerp, logBetween, wholeBetween } from '../draws.ts';
import type { Figure, Material } from '../figure.ts';
import { hollowMaterial, mostly, softMaterial } from '../materials.ts';
import { band, openCurve } from '../shapes.ts';

export function tube(rng: Rng, given?: Material): Figure[] {
  const half = logBetween(rng, 0.018, 0.08);
  const end = half * rng.between(0.35, 1.1);
  const stem = walk(rng, [0, -0.5], [0, 0.5], rng.between(0.02, 0.22));
  const outlines = [band(stem, (t) => lerp(half, end, t))];
  if (chance(rng, 0.35)) {
    const at = wholeBetween(rng, Math.floor(stem.length * 0.2), Math.floor(stem.length * 0.7));
    const width = lerp(half, end, at / stem.length) * rng.between(0.5, 0.9);
    const side = chance(rng, 0.5) ? 1 : -1;
    const [x, y] = stem[at]!;
    const tip: PointXy = [x + side * rng.between(0.2, 0.5), y + rng.between(0.1, 0.5)];
    outlines.push(band(walk(rng, [x, y], tip, 0.05), (t) => width * (1 - 0.4 * t)));
  }
  const usual = chance(rng, 0.5) ? hollowMaterial : softMaterial;
  const material = given ?? mostly(rng, usual, 0.35);
  return [{ family: 'tube', outlines, holes: [], inlays: [], material, turn: 0 }];
}

function walk(rng: Rng, from: PointXy, to: PointXy, wander: number): PointXy[] {
  const count = wholeBetween(rng, 3, 7);
  const control = Array.from({ length: count }, (_, i): PointXy => {
    const t = i / (count - 1);
    return [lerp(from[0], to[0], t) + (i === 0 ? 0 : wander * rng.normal() * 0.5), lerp(from[1], to[1], t)];
  });
  return openCurve(control, 6);
}
