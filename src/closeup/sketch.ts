/**
 * @file Rough masks, as a network of few pixels draws them, made from true ones: bent, grown or shrunk, moved, without
 * corners, some cut off and some with a part of a neighbour. What is to be mended must be seen while learning; that
 * masks disturbed at random teach it is from CascadePSP (Cheng et al. 2020).
 */
import type { Rng } from '../base/rng.ts';
import { bilinear } from '../imaging/bilinear.ts';
import { smoothGaussian } from '../imaging/smooth.ts';
import { LOOK_CELLS, LOOK_SIZE } from './look.ts';

/** Nodes a side of the grid whose random shifts bend a mask. */
const NODES = 4;
/** Largest deviation of these shifts, largest relative change of size, deviation of the move, of half the look. */
const MOST_BEND = 0.1;
const MOST_GROWTH = 0.12;
const MOVE = 0.04;
/** Range of the Gaussian's deviation that rounds corners, in cells, and of the level at which it is cut. */
const ROUNDING = [1, 4] as const;
const LEVELS = [0.35, 0.65] as const;
/** Share of sketches that end at a line, or go on beyond it into a neighbour, and how far the line is from the centre. */
const ERRANT_SHARE = 0.25;
const LINE_AT = [0.1, 0.5] as const;
/** How far a mask goes over into its neighbour: where it, smoothed so far (cells), is above a level. */
const CONTACT = { deviation: 6, level: 0.03 };

const NODES_SIZE = { height: NODES, width: NODES };

/**
 * Sketches of a structure and of what others cover, LOOK_CELLS squared each, of zeros and ones.
 * @param own share of each cell that the structure covers, in [0, 1]
 * @param others share that others cover and it does not
 */
export function drawSketch(
  rng: Rng,
  own: Float32Array,
  others: Float32Array,
): { readonly own: Float32Array; readonly others: Float32Array } {
  const drawn = rough(rng, own, others);
  const beside = rough(rng, others, own);
  return { own: drawn, others: beside.map((value, at) => (drawn[at] === 1 ? 0 : value)) };
}

function rough(rng: Rng, mask: Float32Array, neighbours: Float32Array): Float32Array {
  const bent = bend(rng, mask);
  const astray = rng.uniform() < ERRANT_SHARE ? goAstray(rng, bent, neighbours) : bent;
  const level = rng.between(...LEVELS);
  return smoothGaussian(astray, LOOK_SIZE, rng.between(...ROUNDING)).map((value) => Number(value > level));
}

function bend(rng: Rng, mask: Float32Array): Float32Array {
  const strength = rng.between(0, MOST_BEND);
  const shifts = (): Float32Array => Float32Array.from({ length: NODES ** 2 }, () => strength * rng.normal());
  const [shiftsX, shiftsY] = [shifts(), shifts()];
  const shrinking = (): number => 1 / (1 + rng.between(-MOST_GROWTH, MOST_GROWTH));
  const [scaleX, scaleY] = [shrinking(), shrinking()];
  const [moveX, moveY] = [MOVE * rng.normal(), MOVE * rng.normal()];
  const half = LOOK_CELLS / 2;
  const perCell = (NODES - 1) / (LOOK_CELLS - 1);
  const out = new Float32Array(mask.length);
  for (let row = 0, at = 0; row < LOOK_CELLS; row++) {
    const v = (2 * row + 1) / LOOK_CELLS - 1;
    for (let column = 0; column < LOOK_CELLS; column++, at++) {
      const u = (2 * column + 1) / LOOK_CELLS - 1;
      const x = u * scaleX + moveX + bilinear(shiftsX, NODES_SIZE, column * perCell, row * perCell);
      const y = v * scaleY + moveY + bilinear(shiftsY, NODES_SIZE, column * perCell, row * perCell);
      out[at] = bilinear(mask, LOOK_SIZE, half * (x + 1) - 0.5, half * (y + 1) - 0.5);
    }
  }
  return out;
}

/** Cut off at a line, or beyond it joined with the neighbours that it touches. */
function goAstray(rng: Rng, mask: Float32Array, neighbours: Float32Array): Float32Array {
  const angle = rng.between(0, 2 * Math.PI);
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const line = rng.between(...LINE_AT);
  const isCut = rng.uniform() < 0.5;
  const near = isCut ? undefined : smoothGaussian(mask, LOOK_SIZE, CONTACT.deviation);
  return mask.map((value, at) => {
    const u = (2 * (at % LOOK_CELLS) + 1) / LOOK_CELLS - 1;
    const v = (2 * Math.floor(at / LOOK_CELLS) + 1) / LOOK_CELLS - 1;
    if (cos * u + sin * v <= line) return value;
    if (near === undefined) return 0;
    return near[at]! > CONTACT.level ? Math.max(value, neighbours[at]!) : value;
  });
}
