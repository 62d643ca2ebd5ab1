/**
 * @file Rough masks of an object, as a network that was trained on few images draws them: bent, swollen or shrunk,
 * smooth where the object has corners, sometimes without a part. They teach the model to mend a mask, not only to find
 * one.
 */
import type { Rng } from '../base/rng.ts';
import { bending } from '../dataset/scenes/shapes.ts';
import { maskBox } from '../masks/mask.ts';
import { CELL_PX } from './config.ts';
import { type RoughMask, roughMask, type TrainingObject } from './prepare.ts';

/** How far outlines bend, as a share of the object's longest side. */
const MOST_BENDING = 0.08;
/** How far they swell or shrink, and lie beside the object, as shares of it. */
const MOST_GROWTH = 0.15;
const SHIFT = 0.03;
/** Share of sketches without a part, and how much of the object they keep at least, along one direction. */
const PARTIAL_SHARE = 0.2;
const LEAST_KEPT = 0.6;

/** A rough mask, or undefined where nothing of it covers half of any cell. */
export function sketch(rng: Rng, { box, target }: TrainingObject): RoughMask | undefined {
  const side = Math.sqrt(target.length);
  const [x0, y0, x1, y1] = box.map((at) => at / CELL_PX) as [number, number, number, number];
  const [centreX, centreY] = [(x0 + x1) / 2, (y0 + y1) / 2];
  const reach = Math.max(x1 - x0, y1 - y0, 1);
  const bend = bending(rng, rng.between(0, MOST_BENDING));
  const growth = 1 + rng.between(-MOST_GROWTH, MOST_GROWTH);
  const [shiftX, shiftY] = [SHIFT * rng.normal(), SHIFT * rng.normal()];
  const isWhole = drawCut(rng);

  const covered = new Uint8Array(target.length);
  const half = Math.ceil(reach * (0.5 + MOST_GROWTH));
  for (let y = Math.max(0, Math.floor(centreY) - half); y <= Math.min(side - 1, centreY + half); y++) {
    for (let x = Math.max(0, Math.floor(centreX) - half); x <= Math.min(side - 1, centreX + half); x++) {
      // Place in the object's frame, of size 1 about its centre.
      const [u, v] = [(x - centreX) / reach, (y - centreY) / reach];
      if (!isWhole(u, v)) continue;
      const [bentU, bentV] = bend([u, v]);
      const fromX = Math.round(centreX + (reach * (bentU - shiftX)) / growth);
      const fromY = Math.round(centreY + (reach * (bentV - shiftY)) / growth);
      if (fromX < 0 || fromY < 0 || fromX >= side || fromY >= side) continue;
      covered[y * side + x] = target[fromY * side + fromX]!;
    }
  }
  const cells = covered.map((share) => Number(share >= 128));
  const rough = maskBox({ height: side, width: side, data: cells });
  if (rough === undefined) return undefined;
  const [left, top, right, bottom] = rough.map((at) => at * CELL_PX) as [number, number, number, number];
  const last = CELL_PX - 1;
  return roughMask({ box: [left, top, right + last, bottom + last], target: covered });
}

/** Which places of the object's frame a sketch draws: all, or those on one side of a line. */
function drawCut(rng: Rng): (u: number, v: number) => boolean {
  if (rng.uniform() >= PARTIAL_SHARE) return () => true;
  const angle = rng.between(0, 2 * Math.PI);
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const end = rng.between(LEAST_KEPT - 0.5, 0.5);
  return (u, v) => cos * u + sin * v <= end;
}
