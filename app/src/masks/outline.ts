/** @file The border of a mask as straight lines between pixels, tile by tile, so that an edit redraws few of them. */
import { isSet, TILE, type TiledMask, tilesAcross } from './tiled-mask.ts';

/** Lines as x0, y0, x1, y1, x0, ... in px, pixel (x, y) covering the square from (x, y) to (x + 1, y + 1). */
export type Lines = readonly number[];

/**
 * The lines on the upper and left sides of the pixels of one tile where just one of both sides is set; those of the
 * image's last row and column have their lower and right sides too. All tiles of an image together give each line once.
 */
export function tileOutline(mask: TiledMask, index: number): Lines {
  const across = tilesAcross(mask);
  const [left, top] = [(index % across) * TILE, Math.floor(index / across) * TILE];
  // A line past the last pixel: what is beyond the image is not set.
  const right = left + TILE >= mask.width ? mask.width + 1 : left + TILE;
  const bottom = top + TILE >= mask.height ? mask.height + 1 : top + TILE;
  const lines: number[] = [];
  for (let y = top; y < bottom; y++) {
    let start = -1;
    for (let x = left; x <= right; x++) {
      const isEdge = x < right && isSet(mask, x, y) !== isSet(mask, x, y - 1);
      if (isEdge && start < 0) start = x;
      if (!isEdge && start >= 0) {
        lines.push(start, y, x, y);
        start = -1;
      }
    }
  }
  for (let x = left; x < right; x++) {
    let start = -1;
    for (let y = top; y <= bottom; y++) {
      const isEdge = y < bottom && isSet(mask, x, y) !== isSet(mask, x - 1, y);
      if (isEdge && start < 0) start = y;
      if (!isEdge && start >= 0) {
        lines.push(x, start, x, y);
        start = -1;
      }
    }
  }
  return lines;
}

/** The tiles that can hold lines of the mask: those with pixels, and those right of and below them. */
export function outlineTiles(mask: TiledMask): Set<number> {
  const across = tilesAcross(mask);
  const down = Math.ceil(mask.height / TILE);
  const found = new Set<number>();
  for (const index of mask.tiles.keys()) {
    found.add(index);
    if ((index % across) + 1 < across) found.add(index + 1);
    if (Math.floor(index / across) + 1 < down) found.add(index + across);
  }
  return found;
}

/** The tiles whose pixels the lines of a tile depend on: itself, the one above and the one to the left. */
export function outlineSources(mask: TiledMask, index: number): (Uint8Array | undefined)[] {
  const across = tilesAcross(mask);
  const left = index % across === 0 ? undefined : mask.tiles.get(index - 1);
  return [mask.tiles.get(index), left, mask.tiles.get(index - across)];
}
