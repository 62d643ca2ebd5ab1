/** @file The repeating textures of one scene. */
import type { Rng } from '../../base/rng.ts';
import { boxBlur, sampleTile, type Tile, trabecularTile } from '../drawing/texture.ts';
import type { TextureName } from './figure.ts';

export type Textures = Readonly<Record<TextureName, Tile>>;

const SIDE = 128;

export function drawTextures(rng: Rng): Textures {
  return { threads: trabecularTile(rng), clouds: clouds(rng), grains: grains(rng) };
}

/** A texture by its name as a function of texels; mean 0, spread about 1. */
export function sampleTexture(textures: Textures, name: TextureName): (u: number, v: number) => number {
  const tile = textures[name];
  return (u, v) => sampleTile(tile, u, v);
}

/** Smooth noise of several sizes. */
function clouds(rng: Rng): Tile {
  const size = { height: SIDE, width: SIDE };
  const sum = new Float32Array(SIDE * SIDE);
  for (const [radius, weight] of [
    [2, 0.5],
    [5, 0.8],
    [12, 1],
  ] as const) {
    const octave = unitSpread(boxBlur(boxBlur(white(rng), size, radius, true), size, radius, true));
    for (let i = 0; i < sum.length; i++) sum[i]! += weight * octave[i]!;
  }
  return { side: SIDE, data: unitSpread(sum) };
}

function grains(rng: Rng): Tile {
  return { side: SIDE, data: unitSpread(boxBlur(white(rng), { height: SIDE, width: SIDE }, 1, true)) };
}

function white(rng: Rng): Float32Array {
  return Float32Array.from({ length: SIDE * SIDE }, () => rng.uniform() - 0.5);
}

function unitSpread(values: Float32Array): Float32Array {
  let [sum, squares] = [0, 0];
  for (const value of values) {
    sum += value;
    squares += value * value;
  }
  const mean = sum / values.length;
  const spread = Math.sqrt(squares / values.length - mean * mean);
  return values.map((value) => (value - mean) / spread);
}
