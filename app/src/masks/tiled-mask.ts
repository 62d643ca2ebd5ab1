/**
 * @file A mask as square tiles of which only those with set pixels exist. A tile is never changed: an edit copies the
 * tiles that it touches and shares all others with the mask before it, so that keeping every earlier mask for undo costs
 * little, and whatever was drawn of an unchanged tile is still right.
 */
import type { BoxXyxy, Size } from '../../../src/base/geometry.ts';
import type { Rle } from '../../../src/masks/rle.ts';

/** Side of a tile in px. */
export const TILE = 128;

/** Row-major, TILE x TILE, 0 or 1; pixels beyond the image are 0. */
export type Tile = Uint8Array;

export interface TiledMask extends Size {
  /** By row of tiles * tilesAcross + column; each has a set pixel. */
  readonly tiles: ReadonlyMap<number, Tile>;
}

/** Pixels x0 to x1 (not included) of row y. */
export interface Span {
  readonly y: number;
  readonly x0: number;
  readonly x1: number;
}

export const tilesAcross = ({ width }: Size): number => Math.ceil(width / TILE);

export function emptyTiled({ height, width }: Size): TiledMask {
  return { height, width, tiles: new Map() };
}

/** Whether a pixel is set; false outside the image. */
export function isSet(mask: TiledMask, x: number, y: number): boolean {
  if (x < 0 || y < 0 || x >= mask.width || y >= mask.height) return false;
  const tile = mask.tiles.get(Math.floor(y / TILE) * tilesAcross(mask) + Math.floor(x / TILE));
  return tile !== undefined && tile[(y % TILE) * TILE + (x % TILE)] === 1;
}

export const isEmpty = (mask: TiledMask): boolean => mask.tiles.size === 0;

/** The mask with the spans set (1) or cleared (0); what of them lies outside the image is left out. */
export function withSpans(mask: TiledMask, spans: Iterable<Span>, value: 0 | 1): TiledMask {
  const across = tilesAcross(mask);
  const tiles = new Map(mask.tiles);
  const copied = new Set<number>();
  for (const { y, x0, x1 } of spans) {
    if (y < 0 || y >= mask.height) continue;
    const end = Math.min(mask.width, x1);
    for (let x = Math.max(0, x0); x < end; ) {
      const column = Math.floor(x / TILE);
      const stop = Math.min(end, (column + 1) * TILE);
      const index = Math.floor(y / TILE) * across + column;
      const old = tiles.get(index);
      if (old !== undefined || value === 1) {
        const tile = copied.has(index) ? old! : (old?.slice() ?? new Uint8Array(TILE * TILE));
        const row = (y % TILE) * TILE - column * TILE;
        tile.fill(value, row + x, row + stop);
        tiles.set(index, tile);
        copied.add(index);
      }
      x = stop;
    }
  }
  return settled(mask, tiles, copied);
}

/** The union of two masks of one size, or what is left of the first without the second. */
export function combined(mask: TiledMask, other: TiledMask, value: 0 | 1): TiledMask {
  const tiles = new Map(mask.tiles);
  const changed = new Set<number>();
  for (const [index, added] of other.tiles) {
    const old = tiles.get(index);
    if (old === undefined && value === 0) continue;
    const tile = old?.slice() ?? new Uint8Array(TILE * TILE);
    for (let i = 0; i < tile.length; i++) if (added[i] === 1) tile[i] = value;
    tiles.set(index, tile);
    changed.add(index);
  }
  return settled(mask, tiles, changed);
}

/** Tiles that came out as they were are the old ones again, and those without a set pixel are gone. */
function settled(before: TiledMask, tiles: Map<number, Tile>, changed: Iterable<number>): TiledMask {
  let isSame = true;
  for (const index of changed) {
    const [old, tile] = [before.tiles.get(index), tiles.get(index)!];
    if (old?.every((value, i) => value === tile[i])) {
      tiles.set(index, old);
      continue;
    }
    if (!tile.includes(1)) tiles.delete(index);
    if (old !== undefined || tile.includes(1)) isSame = false;
  }
  return isSame ? before : { height: before.height, width: before.width, tiles };
}

/** From runs down the columns. */
export function fromRle({ height, width, counts }: Rle): TiledMask {
  const across = tilesAcross({ height, width });
  const tiles = new Map<number, Tile>();
  let position = 0;
  for (let i = 0; i + 1 < counts.length; i += 2) {
    position += counts[i]!;
    for (let left = counts[i + 1]!; left > 0; ) {
      const x = Math.floor(position / height);
      const y = position - x * height;
      const row = Math.floor(y / TILE);
      // As far as run, column and tile reach.
      const length = Math.min(left, height - y, (row + 1) * TILE - y);
      const index = row * across + Math.floor(x / TILE);
      const tile = tiles.get(index) ?? new Uint8Array(TILE * TILE);
      tiles.set(index, tile);
      const first = (y % TILE) * TILE + (x % TILE);
      for (let k = 0; k < length; k++) tile[first + k * TILE] = 1;
      position += length;
      left -= length;
    }
  }
  return { height, width, tiles };
}

/** Runs down the columns; equal masks give equal runs. */
export function toRle(mask: TiledMask): Rle {
  const { height, width } = mask;
  const across = tilesAcross(mask);
  const down = Math.ceil(height / TILE);
  const counts = [0];
  let value = 0;
  const add = (pixel: number, length: number): void => {
    if (pixel !== value) {
      counts.push(0);
      value = pixel;
    }
    counts[counts.length - 1]! += length;
  };
  for (let x = 0; x < width; x++) {
    for (let row = 0; row < down; row++) {
      const rows = Math.min(TILE, height - row * TILE);
      const tile = mask.tiles.get(row * across + Math.floor(x / TILE));
      if (tile === undefined) add(0, rows);
      else for (let y = 0; y < rows; y++) add(tile[y * TILE + (x % TILE)]!, 1);
    }
  }
  return { height, width, counts: Uint32Array.from(counts) };
}

/** Number of set pixels. */
export function tiledArea(mask: TiledMask): number {
  let area = 0;
  for (const tile of mask.tiles.values()) for (const value of tile) area += value;
  return area;
}

/** The tight bounding box (pixel indices, inclusive), or undefined for an empty mask. */
export function tiledBox(mask: TiledMask): BoxXyxy | undefined {
  const across = tilesAcross(mask);
  let [x0, y0, x1, y1] = [mask.width, mask.height, -1, -1];
  for (const [index, tile] of mask.tiles) {
    const [left, top] = [(index % across) * TILE, Math.floor(index / across) * TILE];
    for (let i = 0; i < tile.length; i++) {
      if (tile[i] === 0) continue;
      const [x, y] = [left + (i % TILE), top + Math.floor(i / TILE)];
      x0 = Math.min(x0, x);
      y0 = Math.min(y0, y);
      x1 = Math.max(x1, x);
      y1 = Math.max(y1, y);
    }
  }
  return x1 < 0 ? undefined : [x0, y0, x1, y1];
}
