/** @file Rings: what is round and empty in the middle; the hole is not part of the object. Some are open. */
import type { PointXy } from '../../../base/geometry.ts';
import type { Rng } from '../../../base/rng.ts';
import { chance } from '../draws.ts';
import { type Figure, mapOutline } from '../figure.ts';
import { anyMaterial } from '../materials.ts';
import { band, radial, wobble } from '../shapes.ts';

export function ring(rng: Rng): Figure[] {
  const aspect = rng.between(0.55, 1);
  const open = chance(rng, 0.25);
  const form = wobble(rng, rng.between(0, 0.15), 4);
  const hole = rng.between(0.4, 0.85);
  const figure: Figure = {
    family: 'ring',
    outlines: open
      ? [openRing(rng, aspect, hole)]
      : [
          squeezed(
            radial((a) => 0.5 * form(a), 56),
            aspect,
          ),
        ],
    holes: open
      ? []
      : [
          squeezed(
            radial((a) => 0.5 * hole * form(a), 48),
            aspect,
          ),
        ],
    inlays: [],
    material: anyMaterial(rng),
    turn: 0,
  };
  return [figure];
}

function openRing(rng: Rng, aspect: number, hole: number): Float64Array {
  const [first, angle] = [rng.between(0, 2 * Math.PI), rng.between(3.4, 5.8)];
  const radius = 0.25 * (1 + hole);
  const curve = Array.from({ length: 33 }, (_, i): PointXy => {
    const at = first + (angle * i) / 32;
    return [aspect * radius * Math.cos(at), radius * Math.sin(at)];
  });
  const half = 0.25 * (1 - hole) * aspect;
  return band(curve, () => half);
}

function squeezed(outline: Float64Array, aspect: number): Float64Array {
  return mapOutline(outline, ([x, y]) => [aspect * x, y]);
}
