/** @file Long bones: a shaft with wider ends, one of which may be a separate epiphysis beyond a growth plate. */
import type { PointXy } from '../../../base/geometry.ts';
import type { Rng } from '../../../base/rng.ts';
import { closedSpline } from '../../drawing/outline.ts';
import { chance, logBetween } from '../draws.ts';
import type { Figure, Material } from '../figure.ts';
import { boneMaterial, mostly } from '../materials.ts';
import { bending, ellipse } from '../shapes.ts';

/** Half widths and form of one end, in lengths of the bone. */
interface End {
  readonly half: number;
  /** Depth of the notch between two condyles; negative for a round head. */
  readonly notch: number;
  readonly skew: number;
}

function drawEnd(rng: Rng, shaft: number): End {
  const half = Math.min(shaft * rng.between(1.2, 2.4), 0.17);
  return { half, notch: half * rng.between(-0.5, 0.25), skew: 0.15 * half * rng.normal() };
}

/** One bone, and its epiphyses if it is a young one. */
export function longBone(rng: Rng, given?: Material): Figure[] {
  const material = given ?? mostly(rng, boneMaterial);
  const shaft = logBetween(rng, 0.035, 0.13);
  const [near, far] = [drawEnd(rng, shaft), drawEnd(rng, shaft)];
  const young = chance(rng, 0.35);
  const curved = bending(rng, rng.between(0, 0.06));
  const plate = rng.between(0.012, 0.03);
  const cut = young ? rng.between(0.06, 0.12) : 0;
  const waist = rng.between(0.35, 0.6);
  // Where the shaft begins to widen: clear of the ends, or the outline would cross itself.
  const nearY = -0.5 + Math.max(waist * 0.5 + rng.between(0, 0.08), near.half * 1.6);
  const farY = Math.min(waist * 0.5 + rng.between(0.02, 0.12), 0.5 - cut - far.half * 1.6);
  const body = [
    ...endPoints(near, -0.5, 1),
    [shaft * rng.between(1, 1.25), nearY],
    [shaft * rng.between(0.85, 1.05), -0.5 + waist],
    [shaft * rng.between(1, 1.25), farY],
    ...endPoints(far, 0.5 - cut, -1),
    [-shaft * rng.between(1, 1.25), farY],
    [-shaft * rng.between(0.85, 1.05), -0.5 + waist],
    [-shaft * rng.between(1, 1.25), nearY],
  ] as const;
  const canal = ellipse([0, 0], shaft * rng.between(0.3, 0.6), rng.between(0.2, 0.32));
  const figure: Figure = {
    family: 'long-bone',
    outlines: [closedSpline(body.map(curved), 5)],
    holes: [],
    inlays: chance(rng, 0.6) ? [{ outline: canal, gain: -rng.between(0.1, 0.5), softness: 2 }] : [],
    material,
    turn: 0,
  };
  return young
    ? [figure, epiphysis(rng, far.half * rng.between(0.85, 1.1), 0.5 - cut + plate, cut, material)]
    : [figure];
}

/** From the left corner of the near end to its right one; `inward` -1 is the far end, walked the other way. */
function endPoints({ half, notch, skew }: End, y: number, inward: 1 | -1): PointXy[] {
  const at = (x: number, depth: number): PointXy => [inward * half * x, y + inward * depth];
  return [
    at(-0.8, half * 1.05),
    at(-1, half * 0.55 + skew),
    at(-0.6, Math.max(0, -notch * 0.3)),
    at(0, notch),
    at(0.6, Math.max(0, -notch * 0.3)),
    at(1, half * 0.55 - skew),
    at(0.8, half * 1.05),
  ];
}

/** A cap of the given half width that begins at `top` and is about `height` long. */
export function epiphysis(rng: Rng, half: number, top: number, height: number, material: Material): Figure {
  const dent = height * rng.between(-0.2, 0.25);
  const points: PointXy[] = [
    [-half, top + height * 0.35],
    [-half * 0.7, top + height * 0.03],
    [0, top + Math.max(0, dent)],
    [half * 0.7, top + height * 0.03],
    [half, top + height * 0.35],
    [half * rng.between(0.6, 0.85), top + height * rng.between(0.75, 1)],
    [0, top + height * rng.between(0.75, 1.15)],
    [-half * rng.between(0.6, 0.85), top + height * rng.between(0.75, 1)],
  ];
  return {
    family: 'epiphysis',
    outlines: [closedSpline(points, 6)],
    holes: [],
    inlays: [],
    material,
    turn: 0,
  };
}
