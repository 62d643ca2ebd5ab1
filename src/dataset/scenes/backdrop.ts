/** @file What lies under the figures: a level, gradients, clouds, the contours of a body, fine texture. */
import type { Size } from '../../base/geometry.ts';
import type { Rng } from '../../base/rng.ts';
import { resizeMaps } from '../../imaging/resample.ts';
import { boxBlur } from '../drawing/texture.ts';
import { chance, logBetween, pick, wholeBetween } from './draws.ts';
import { sampleTexture, type Textures } from './texture.ts';

/** Absorption of the background at every pixel. */
export function backdrop(rng: Rng, size: Size, textures: Textures): Float32Array {
  const field = clouds(rng, size);
  if (chance(rng, 0.55)) addBody(rng, field, size);
  if (chance(rng, 0.6)) addTexture(rng, field, size, textures);
  return field;
}

/** A slope and a few octaves of noise, each from a small random grid. */
function clouds(rng: Rng, size: Size): Float32Array {
  const sum = new Float32Array(size.height * size.width);
  const calm = chance(rng, 0.3);
  const strength = calm ? rng.between(0, 0.04) : logBetween(rng, 0.03, 0.3);
  const [slopeX, slopeY] = [0.2 * rng.normal(), 0.2 * rng.normal()];
  for (const nodes of calm ? [3] : [3, 6, 14]) {
    const octave = smoothGrid(rng, nodes, size);
    const weight = strength * (3 / nodes) ** 0.8;
    for (let i = 0; i < sum.length; i++) sum[i]! += weight * octave[i]!;
  }
  for (let y = 0, i = 0; y < size.height; y++) {
    const level = slopeY * (y / size.height - 0.5);
    for (let x = 0; x < size.width; x++, i++) sum[i]! += level + slopeX * (x / size.width - 0.5);
  }
  return sum;
}

/** A grid of nodes x nodes random numbers without the creases of a linear interpolation: enlarged, blurred, enlarged. */
function smoothGrid(rng: Rng, nodes: number, size: Size): Float32Array {
  const grid = Float32Array.from({ length: nodes * nodes }, () => rng.normal());
  const middle = { height: 6 * nodes, width: 6 * nodes };
  const enlarged = resizeMaps(grid, 1, { height: nodes, width: nodes }, middle);
  return resizeMaps(boxBlur(boxBlur(enlarged, middle, 3), middle, 2), 1, middle, size);
}

/** Large soft forms that overlap: an outer contour with air around, or organs. Drawn small, then enlarged. */
function addBody(rng: Rng, field: Float32Array, size: Size): void {
  const small = { height: Math.ceil(size.height / 3), width: Math.ceil(size.width / 3) };
  const sum = new Float32Array(small.height * small.width);
  for (let n = wholeBetween(rng, 1, 5); n > 0; n--) addForm(rng, sum, small);
  // Without the blur the steps of the small picture would show.
  const full = resizeMaps(boxBlur(sum, small, 1), 1, small, size);
  for (let i = 0; i < field.length; i++) field[i]! += full[i]!;
}

/** A superellipse with a wavy outline, thick in the middle; sometimes absorption taken away. */
function addForm(rng: Rng, sum: Float32Array, { height, width }: Size): void {
  const [cx, cy] = [rng.between(0, 1) * width, rng.between(0, 1) * height];
  const [rx, ry] = [rng.between(0.15, 0.8) * width, rng.between(0.15, 0.8) * height];
  const turn = rng.between(0, Math.PI);
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
  const density = (chance(rng, 0.25) ? -1 : 1) * logBetween(rng, 0.06, 0.5);
  const power = pick(rng, [0.15, 0.3, 0.5, 1]);
  const waves = Array.from({ length: 3 }, (_, i) => ({
    height: (0.12 * rng.normal()) / (i + 1),
    phase: rng.between(0, 2 * Math.PI),
  }));
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const u = ((x - cx) * cos + (y - cy) * sin) / rx;
      const v = ((y - cy) * cos - (x - cx) * sin) / ry;
      const far = u * u + v * v;
      if (far > 2.2) continue;
      const angle = Math.atan2(v, u);
      const reach = waves.reduce((r, wave, k) => r + wave.height * Math.cos((k + 2) * angle + wave.phase), 1);
      const room = 1 - far / (reach * reach);
      if (room > 0) sum[i]! += density * room ** power;
    }
  }
}

function addTexture(rng: Rng, field: Float32Array, size: Size, textures: Textures): void {
  const lookUp = sampleTexture(textures, pick(rng, ['threads', 'clouds', 'grains']));
  const strength = logBetween(rng, 0.008, 0.07);
  const px = logBetween(rng, 0.6, 4);
  const [cos, sin] = ((turn) => [Math.cos(turn) / px, Math.sin(turn) / px])(rng.between(0, Math.PI));
  const stretch = rng.between(0.4, 1);
  for (let y = 0, i = 0; y < size.height; y++) {
    for (let x = 0; x < size.width; x++, i++) {
      field[i]! += strength * lookUp(x * cos! + y * sin!, (y * cos! - x * sin!) * stretch);
    }
  }
}
