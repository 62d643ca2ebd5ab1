/** @file Pebbles: compact bones such as those of the wrist, and the ones that a layout packs side by side. */
import type { PointXy } from '../../../base/geometry.ts';
import type { Rng } from '../../../base/rng.ts';
import { closedSpline } from '../../drawing/outline.ts';
import { chance, wholeBetween } from '../draws.ts';
import type { Figure, Inlay, Material } from '../figure.ts';
import { boneMaterial, mostly } from '../materials.ts';
import { ellipse, rounded } from '../shapes.ts';

export function pebble(rng: Rng, given?: Material): Figure[] {
  const corners = wholeBetween(rng, 4, 9);
  const aspect = rng.between(0.5, 1);
  const unrest = rng.between(0.05, 0.3);
  const control = Array.from({ length: corners }, (_, i): PointXy => {
    const angle = (2 * Math.PI * (i + unrest * rng.normal() * 0.6)) / corners;
    const radius = 0.5 * (1 - unrest * Math.abs(rng.normal()));
    return [radius * aspect * Math.cos(angle), radius * Math.sin(angle)];
  });
  return [pebbleOf(rng, closedSpline(control, 7), given ?? mostly(rng, boneMaterial))];
}

/** A pebble that fills a polygon, its corners rounded. */
export function pebbleIn(rng: Rng, polygon: readonly PointXy[], material: Material): Figure {
  return pebbleOf(rng, rounded(polygon, rng.between(0.12, 0.3)), material);
}

function pebbleOf(rng: Rng, outline: Float64Array, material: Material): Figure {
  return {
    family: 'pebble',
    outlines: [outline],
    holes: [],
    inlays: chance(rng, 0.25) ? [spot(rng)] : [],
    material,
    turn: 0,
  };
}

/** A cyst, an island, or the ring of a part that points at the viewer. */
function spot(rng: Rng): Inlay {
  const radius = rng.between(0.05, 0.18);
  const outline = ellipse(
    [rng.between(-0.2, 0.2), rng.between(-0.2, 0.2)],
    radius,
    radius * rng.between(0.6, 1),
  );
  return { outline, gain: chance(rng, 0.5) ? rng.between(0.2, 0.9) : -rng.between(0.2, 0.7), softness: 1.5 };
}
