/** @file A look at a close-up: the part of it, upright or turned, that the network is shown. */
import type { Size } from '../base/geometry.ts';
import type { Rng } from '../base/rng.ts';
import { bilinear } from '../imaging/bilinear.ts';
import { CROP_CELLS, CROP_REACH, CROP_SIZE } from './crop.ts';

/** Side of what the network is shown, in cells. */
export const LOOK_CELLS = 96;
export const LOOK_SIZE: Size = { height: LOOK_CELLS, width: LOOK_CELLS };

/** Side of a look, in longest sides of the structure's box. */
const USUAL_REACH = 1.4;
const REACHES = [1.25, 1.6] as const;
/** Largest turn, rad; largest |log| of the change of aspect; deviation of the shift in longest sides. */
const MOST_TURN = 0.25;
const MOST_ASPECT = 0.15;
const SHIFT = 0.04;

/**
 * From a place (u, v) of the look to one of the close-up, both from -1 to 1 across:
 * x = a u + b v + c, y = d u + e v + f as [a, b, c, d, e, f].
 */
export type Look = readonly [number, number, number, number, number, number];

/** Upright, as masks are redrawn. */
export const STRAIGHT: Look = [USUAL_REACH / CROP_REACH, 0, 0, 0, USUAL_REACH / CROP_REACH, 0];

/** Turned, moved and mirrored at random, to learn from. */
export function drawLook(rng: Rng): Look {
  const scale = rng.between(...REACHES) / CROP_REACH;
  const angle = rng.between(-MOST_TURN, MOST_TURN);
  const aspect = Math.exp(rng.between(-MOST_ASPECT, MOST_ASPECT)) * (rng.uniform() < 0.5 ? -1 : 1);
  const [cos, sin] = [scale * Math.cos(angle), scale * Math.sin(angle)];
  const shift = (): number => (2 * SHIFT * rng.normal()) / CROP_REACH;
  return [cos * aspect, -sin, shift(), sin * aspect, cos, shift()];
}

/** What a look shows of a plane of a close-up: LOOK_CELLS x LOOK_CELLS, bilinear, 0 beyond it. */
export function lookAt(plane: Float32Array | Uint8Array, [a, b, c, d, e, f]: Look): Float32Array {
  const out = new Float32Array(LOOK_CELLS * LOOK_CELLS);
  const half = CROP_CELLS / 2;
  for (let row = 0, at = 0; row < LOOK_CELLS; row++) {
    const v = (2 * row + 1) / LOOK_CELLS - 1;
    for (let column = 0; column < LOOK_CELLS; column++, at++) {
      const u = (2 * column + 1) / LOOK_CELLS - 1;
      const x = half * (a * u + b * v + c + 1) - 0.5;
      const y = half * (d * u + e * v + f + 1) - 0.5;
      out[at] = bilinear(plane, CROP_SIZE, x, y);
    }
  }
  return out;
}
