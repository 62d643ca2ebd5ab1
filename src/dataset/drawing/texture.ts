/** @file Random textures: spongy bone, and a cheap blur to make them with. */
import type { Size } from '../../base/geometry.ts';
import type { Rng } from '../../base/rng.ts';

/** A square texture that repeats; mean 0. Its side is a power of two. */
export interface Tile {
  readonly side: number;
  readonly data: Float32Array;
}

const TILE_SIDE = 128;

/**
 * Ridged noise: band-passed white noise x turned into bright threads where x crosses 0. Threads are about 2 texels
 * wide and 6 apart, like trabeculae.
 */
export function trabecularTile(rng: Rng): Tile {
  const size = { height: TILE_SIDE, width: TILE_SIDE };
  const white = Float32Array.from({ length: TILE_SIDE * TILE_SIDE }, () => rng.uniform() - 0.5);
  const fine = boxBlur(boxBlur(white, size, 1, true), size, 1, true);
  const coarse = boxBlur(boxBlur(white, size, 4, true), size, 4, true);
  const band = fine.map((value, i) => value - coarse[i]!);
  const spread = Math.sqrt(band.reduce((sum, value) => sum + value * value, 0) / band.length);
  const ridges = band.map((value) => Math.max(0, 1 - Math.abs(value / spread) * 1.1));
  const mean = ridges.reduce((sum, value) => sum + value, 0) / ridges.length;
  return { side: TILE_SIDE, data: ridges.map((value) => (value - mean) * 1.6) };
}

/** The tile at (u, v) texels, bilinear, repeated without end. */
export function sampleTile(tile: Tile, u: number, v: number): number {
  const { side, data } = tile;
  const wrap = side - 1;
  const u0 = Math.floor(u);
  const v0 = Math.floor(v);
  const fu = u - u0;
  const fv = v - v0;
  const left = u0 & wrap;
  const right = (u0 + 1) & wrap;
  const top = (v0 & wrap) * side;
  const bottom = ((v0 + 1) & wrap) * side;
  const upper = data[top + left]! * (1 - fu) + data[top + right]! * fu;
  const lower = data[bottom + left]! * (1 - fu) + data[bottom + right]! * fu;
  return upper * (1 - fv) + lower * fv;
}

/** Mean over a square of side 2 radius + 1, by running sums; beyond the border the picture repeats or its edge does. */
export function boxBlur(values: Float32Array, size: Size, radius: number, wrap = false): Float32Array {
  return blurColumns(blurRows(values, size, radius, wrap), size, radius, wrap);
}

function blurRows(
  values: Float32Array,
  { height, width }: Size,
  radius: number,
  wrap: boolean,
): Float32Array {
  const out = new Float32Array(values.length);
  const scale = 1 / (2 * radius + 1);
  const columns = sources(width, radius, wrap);
  for (let y = 0; y < height; y++) {
    const row = y * width;
    let sum = 0;
    for (let i = 0; i < 2 * radius; i++) sum += values[row + columns[i]!]!;
    for (let x = 0; x < width; x++) {
      sum += values[row + columns[x + 2 * radius]!]!;
      out[row + x] = sum * scale;
      sum -= values[row + columns[x]!]!;
    }
  }
  return out;
}

/** As rows, but all columns side by side, because walking down a column of row-major data is slow. */
function blurColumns(
  values: Float32Array,
  { height, width }: Size,
  radius: number,
  wrap: boolean,
): Float32Array {
  const out = new Float32Array(values.length);
  const scale = 1 / (2 * radius + 1);
  const rows = sources(height, radius, wrap);
  const sums = new Float64Array(width);
  for (let i = 0; i < 2 * radius; i++) {
    const row = rows[i]! * width;
    for (let x = 0; x < width; x++) sums[x]! += values[row + x]!;
  }
  for (let y = 0; y < height; y++) {
    const [enter, leave, row] = [rows[y + 2 * radius]! * width, rows[y]! * width, y * width];
    for (let x = 0; x < width; x++) {
      const sum = sums[x]! + values[enter + x]!;
      out[row + x] = sum * scale;
      sums[x] = sum - values[leave + x]!;
    }
  }
  return out;
}

/** For the positions -radius, ..., length + radius - 1 of a line: where in the line their values come from. */
function sources(length: number, radius: number, wrap: boolean): Int32Array {
  return Int32Array.from({ length: length + 2 * radius }, (_, i) => {
    const at = i - radius;
    return wrap ? (at + length) % length : Math.min(Math.max(at, 0), length - 1);
  });
}
