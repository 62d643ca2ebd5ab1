/** @file Cells and other small things of one kind, many of them, in clusters or evenly strewn. */
import type { PointXy, Size } from '../../../base/geometry.ts';
import type { Rng } from '../../../base/rng.ts';
import { chance, logBetween, pickWeighted, wholeBetween } from '../draws.ts';
import type { Figure, Material } from '../figure.ts';
import { cell } from '../figures/cell.ts';
import { pebble } from '../figures/pebble.ts';
import { anyMaterial, cavityOf, hollowMaterial, plainMaterial, softMaterial } from '../materials.ts';
import { type Arrangement, place, somewhere } from './arrangement.ts';

export function colony(rng: Rng, size: Size): Arrangement {
  const usual = logBetween(rng, 0.035, 0.2) * Math.min(size.height, size.width);
  const room = (size.height * size.width) / (usual * usual);
  const count = Math.round(Math.min(60, Math.max(4, room * rng.between(0.08, 0.7))));
  const centres = Array.from({ length: wholeBetween(rng, 1, 5) }, () => somewhere(rng, size, 0.1));
  const clustered = rng.between(0, 0.9);
  const width = usual * rng.between(1, 3.5);
  const material = colonyMaterial(rng);
  const kind = chance(rng, 0.8) ? cell : pebble;
  const [spread, apart] = [rng.between(0.05, 0.35), rng.between(0.35, 1.05)];
  const taken: { at: PointXy; length: number }[] = [];
  const objects: Figure[] = [];
  for (let tries = 0; tries < 4 * count && taken.length < count; tries++) {
    const length = Math.max(12, usual * Math.exp(spread * rng.normal()));
    const near = centres[rng.below(centres.length)]!;
    const at: PointXy = chance(rng, clustered)
      ? [near[0] + width * rng.normal(), near[1] + width * rng.normal()]
      : somewhere(rng, size);
    const hit = taken.some(
      (other) => Math.hypot(other.at[0] - at[0], other.at[1] - at[1]) < (apart * (other.length + length)) / 2,
    );
    if (hit) continue;
    taken.push({ at, length });
    const own = { ...material, density: material.density * Math.exp(0.2 * rng.normal()) };
    objects.push(...place(kind(rng, own), { at, length, turn: rng.between(0, 2 * Math.PI) }));
  }
  return { behind: [], objects };
}

function colonyMaterial(rng: Rng): Material {
  const material = pickWeighted(rng, [
    [4, softMaterial],
    [3, plainMaterial],
    [2, hollowMaterial],
    [1, anyMaterial],
  ])(rng);
  return chance(rng, 0.25) ? cavityOf(material) : material;
}
