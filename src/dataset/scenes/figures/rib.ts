/** @file Ribs and other bars that are bent into an arc, thin as a rib or thick as a jaw. */
import type { PointXy } from '../../../base/geometry.ts';
import type { Rng } from '../../../base/rng.ts';
import { lerp, logBetween } from '../draws.ts';
import type { Figure, Material } from '../figure.ts';
import { boneMaterial, mostly } from '../materials.ts';
import { band } from '../shapes.ts';

export interface RibForm {
  /** Angle of the arc, rad. */
  readonly bend: number;
  /** Half width at the near and far end, in chords. */
  readonly half: readonly [near: number, far: number];
  /** Height of the arc against that of a circle. */
  readonly flat: number;
}

export function drawRibForm(rng: Rng): RibForm {
  const half = logBetween(rng, 0.014, 0.11);
  return {
    bend: rng.between(0.5, 3.1),
    half: [half * rng.between(0.6, 1.3), half * rng.between(0.6, 1.3)],
    flat: rng.between(0.6, 1.3),
  };
}

/** An arc whose chord is the y axis, bulging towards x. */
export function rib(
  rng: Rng,
  form: RibForm = drawRibForm(rng),
  material: Material = mostly(rng, boneMaterial),
): Figure {
  const { bend, half, flat } = form;
  const radius = 0.5 / Math.sin(Math.min(bend, 3.1) / 2);
  const wave = 0.01 * rng.normal();
  const count = 24;
  const curve = Array.from({ length: count + 1 }, (_, i): PointXy => {
    const angle = bend * (i / count - 0.5);
    const ripple = wave * Math.sin(angle * 5);
    return [flat * radius * (Math.cos(angle) - Math.cos(bend / 2)) + ripple, radius * Math.sin(angle)];
  });
  const outline = band(curve, (t) => lerp(half[0], half[1], t));
  return { family: 'rib', outlines: [outline], holes: [], inlays: [], material, turn: 0 };
}
