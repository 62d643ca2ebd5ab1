/** @file Pebbles side by side with thin gaps: a Voronoi diagram of jittered seeds, its cells shrunk and rounded. */
import type { PointXy, Size } from '../../../base/geometry.ts';
import type { Rng } from '../../../base/rng.ts';
import { chance, logBetween } from '../draws.ts';
import type { Figure, Material } from '../figure.ts';
import { pebbleIn } from '../figures/pebble.ts';
import { anyMaterial, boneMaterial, softMaterial } from '../materials.ts';
import { type Arrangement, bent, somewhere } from './arrangement.ts';

export function pack(rng: Rng, size: Size): Arrangement {
  const short = Math.min(size.height, size.width);
  const spacing = logBetween(rng, 0.06, 0.35) * short;
  const reach = spacing * rng.between(1.2, 4);
  const objects = packedPebbles(rng, somewhere(rng, size, 0.3), reach, spacing, packMaterial(rng));
  return bent(rng, { behind: [], objects }, size, rng.between(0, 0.03));
}

function packMaterial(rng: Rng): Material {
  const kind = rng.uniform();
  return kind < 0.5 ? boneMaterial(rng) : kind < 0.75 ? softMaterial(rng) : anyMaterial(rng);
}

/** Pebbles about `spacing` px wide that fill an ellipse of radius about `reach` px. */
export function packedPebbles(
  rng: Rng,
  centre: PointXy,
  reach: number,
  spacing: number,
  shared: Material,
): Figure[] {
  const [aspect, unrest] = [rng.between(0.5, 1), rng.between(0.1, 0.35)];
  const gap = rng.between(-0.04, 0.08) * spacing + rng.between(0, 1.5);
  const steps = Math.ceil(reach / spacing) + 1;
  const seeds: PointXy[] = [];
  for (let row = -steps; row <= steps; row++) {
    for (let column = -steps; column <= steps; column++) {
      const x = (column + (row & 1) / 2 + unrest * rng.normal()) * spacing;
      const y = (row * 0.87 + unrest * rng.normal()) * spacing;
      seeds.push([centre[0] + x, centre[1] + y]);
    }
  }
  const missing = chance(rng, 0.4) ? rng.between(0, 0.3) : 0;
  return seeds.flatMap((seed) => {
    const away = Math.hypot(seed[0] - centre[0], (seed[1] - centre[1]) / aspect);
    if (away > reach || chance(rng, missing)) return [];
    const cell = shrunk(cellOf(seed, seeds, spacing * 1.2), seed, gap);
    const material = { ...shared, density: shared.density * rng.between(0.7, 1.3) };
    return cell.length < 3 ? [] : [pebbleIn(rng, cell, material)];
  });
}

/** The points nearer to `seed` than to any other, at most `reach` from it along x and y. */
function cellOf(seed: PointXy, seeds: readonly PointXy[], reach: number): PointXy[] {
  let cell: PointXy[] = [
    [seed[0] - reach, seed[1] - reach],
    [seed[0] + reach, seed[1] - reach],
    [seed[0] + reach, seed[1] + reach],
    [seed[0] - reach, seed[1] + reach],
  ];
  for (const other of seeds) {
    const [dx, dy] = [other[0] - seed[0], other[1] - seed[1]];
    if ((dx === 0 && dy === 0) || dx * dx + dy * dy > 8 * reach * reach) continue;
    const limit = (dx * (other[0] + seed[0]) + dy * (other[1] + seed[1])) / 2;
    cell = clipped(cell, ([x, y]) => limit - dx * x - dy * y);
  }
  return cell;
}

/** The part of a convex polygon where `room` is not negative; it is linear. */
function clipped(polygon: readonly PointXy[], room: (point: PointXy) => number): PointXy[] {
  return polygon.flatMap((point, i): PointXy[] => {
    const next = polygon[(i + 1) % polygon.length]!;
    const [a, b] = [room(point), room(next)];
    const crossing: PointXy[] = [];
    if (a >= 0 !== b >= 0) {
      const t = a / (a - b);
      crossing.push([point[0] + t * (next[0] - point[0]), point[1] + t * (next[1] - point[1])]);
    }
    return a >= 0 ? [point, ...crossing] : crossing;
  });
}

/** All sides moved towards the seed by half the gap; a negative gap makes neighbours overlap. */
function shrunk(polygon: readonly PointXy[], seed: PointXy, gap: number): PointXy[] {
  return polygon.map(([x, y]): PointXy => {
    const [dx, dy] = [x - seed[0], y - seed[1]];
    const share = 1 - gap / 2 / Math.max(Math.hypot(dx, dy), 1);
    return [seed[0] + dx * share, seed[1] + dy * share];
  });
}
