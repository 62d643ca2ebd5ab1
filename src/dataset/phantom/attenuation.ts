/**
 * @file How much of the beam each pixel loses on its way (Beer-Lambert): the sum over soft tissue and bones of
 * attenuation coefficient times path length. Overlapping structures add up, as in a real projection.
 */
import type { Size } from '../../base/geometry.ts';
import type { Rng } from '../../base/rng.ts';
import { distanceTo, forEachSpan } from '../drawing/outline.ts';
import { sampleTile, type Tile } from '../drawing/texture.ts';
import type { PosedBone, TissuePart } from './pose.ts';

/** Linear attenuation per mm at about 55 kV; bone replaces soft tissue, so its rows are differences to it. */
const PER_MM = { soft: 0.021, cortex: 0.058, spongy: 0.02, marrow: 0.003 } as const;

/** Adds soft tissue. Thicknesses of overlapping parts join smoothly (8-norm) instead of adding. */
export function addSoftTissue(
  attenuation: Float32Array,
  size: Size,
  parts: readonly TissuePart[],
  pxPerMm: number,
): void {
  const joined = new Float32Array(attenuation.length);
  for (const part of parts) addPart(joined, size, part, pxPerMm);
  for (let i = 0; i < joined.length; i++) {
    if (joined[i]! > 0) attenuation[i]! += PER_MM.soft * Math.sqrt(Math.sqrt(Math.sqrt(joined[i]!)));
  }
}

/** Adds the 8th power of the thickness in mm of one capsule with an elliptical cross-section. */
function addPart(joined: Float32Array, size: Size, part: TissuePart, pxPerMm: number): void {
  const [ax, ay] = part.from;
  const [dx, dy] = [part.to[0] - ax, part.to[1] - ay];
  const perLength = 1 / Math.max(dx * dx + dy * dy, 1e-9);
  const [radius0, radius1] = part.radius;
  const reach = Math.max(radius0, radius1);
  const xFirst = Math.max(0, Math.floor(Math.min(ax, ax + dx) - reach));
  const xLast = Math.min(size.width - 1, Math.ceil(Math.max(ax, ax + dx) + reach));
  const yFirst = Math.max(0, Math.floor(Math.min(ay, ay + dy) - reach));
  const yLast = Math.min(size.height - 1, Math.ceil(Math.max(ay, ay + dy) + reach));
  const thickness = (2 * part.flatness) / pxPerMm;
  for (let y = yFirst; y <= yLast; y++) {
    for (let x = xFirst; x <= xLast; x++) {
      const px = x - ax;
      const py = y - ay;
      let t = (px * dx + py * dy) * perLength;
      t = Math.min(Math.max(t, 0), 1);
      const radius = radius0 + t * (radius1 - radius0);
      const ox = px - t * dx;
      const oy = py - t * dy;
      const room = radius * radius - ox * ox - oy * oy;
      if (room <= 0) continue;
      const squared = thickness * thickness * room;
      const fourth = squared * squared;
      joined[y * size.width + x]! += fourth * fourth;
    }
  }
}

/**
 * Adds one bone; sets its pixels in `mask`, where one is wanted.
 *
 * The cross-section is taken as a tube of half-depth R with a wall of thickness c: at distance d from the outline the
 * beam passes 2 sqrt(R^2 - (R - d)^2) of bone, of which the part inside the wall is spongy. That gives the bright
 * cortical edge and the darker middle. Towards a shaft the wall thickens and the inside turns to marrow.
 */
export function addBone(
  attenuation: Float32Array,
  size: Size,
  posed: PosedBone,
  tile: Tile,
  rng: Rng,
  mask: Uint8Array | undefined,
): void {
  const { bone, polygon, axis, pxPerMm } = posed;
  const distance = distanceTo(polygon);
  const density = rng.between(0.9, 1.1);
  const [offsetU, offsetV] = [rng.uniform() * tile.side, rng.uniform() * tile.side];
  const texelsPerPx = Math.min(6.5 / pxPerMm, 2.2);
  const [ax, ay] = axis[0];
  const length = Math.hypot(axis[1][0] - ax, axis[1][1] - ay);
  const [ux, uy] = [(axis[1][0] - ax) / length, (axis[1][1] - ay) / length];
  const grain = bone.shaft === 'none' ? 0.8 : 0.42;
  forEachSpan(polygon, size, (y, xFirst, xLast) => {
    mask?.fill(1, y * size.width + xFirst, y * size.width + xLast + 1);
    for (let x = xFirst; x <= xLast; x++) {
      const along = (x - ax) * ux + (y - ay) * uy;
      const across = (y - ay) * ux - (x - ax) * uy;
      const shaft = shaftShare(bone.shaft, along / length);
      const depth = bone.depthMm[0] + shaft * (bone.depthMm[1] - bone.depthMm[0]);
      const wall = bone.cortexMm[0] + shaft * (bone.cortexMm[1] - bone.cortexMm[0]);
      const edge = Math.min(distance(x, y) / pxPerMm, depth);
      const outer = chord(depth, edge);
      const inner = edge > wall ? chord(depth - wall, edge - wall) : 0;
      const threads = sampleTile(tile, along * texelsPerPx * grain + offsetU, across * texelsPerPx + offsetV);
      const spongy = PER_MM.spongy + shaft * (PER_MM.marrow - PER_MM.spongy);
      const endplate = 1 + 0.7 * (1 - shaft) * Math.exp(-edge / 1.6);
      const patch = sampleTile(
        tile,
        along * texelsPerPx * 0.13 + offsetV,
        across * texelsPerPx * 0.13 + offsetU,
      );
      const texture = 1 + threads * (0.74 - 0.36 * shaft) + patch * 0.22;
      const at = y * size.width + x;
      attenuation[at]! += density * (PER_MM.cortex * (outer - inner) + spongy * inner * endplate * texture);
    }
  });
}

/** Length of the chord at distance `edge` from the rim of a circle of the given radius. */
function chord(radius: number, edge: number): number {
  return 2 * Math.sqrt(Math.max(0, edge * (2 * radius - edge)));
}

/** 0 at an end of the bone, 1 in its shaft; `along` is 0 at the start of the axis and 1 at its end. */
function shaftShare(kind: PosedBone['bone']['shaft'], along: number): number {
  if (kind === 'none') return 0;
  if (kind === 'far') return smoothStep(along / 0.75);
  return smoothStep(Math.min(along, 1 - along) / 0.38);
}

function smoothStep(t: number): number {
  const s = Math.min(Math.max(t, 0), 1);
  return s * s * (3 - 2 * s);
}
