/**
 * @file Masks at the network's resolution: the share of each network pixel that a structure covers decides.
 *
 * Counting covered image pixels (area sampling) keeps thin structures and places edges half-way, where nearest
 * sampling would miss or shift them by up to half a network pixel.
 */
import type { Structure } from '../annotations/types.ts';
import type { Size } from '../base/geometry.ts';
import { decodeRle } from '../masks/rle.ts';
import type { Head } from './types.ts';

/**
 * The target of one image for a head.
 * - exclusive: height x width bytes, 0 background, k the class of index k - 1; the largest share wins, so that of
 *   two overlapping structures the one that covers more of the pixel is kept.
 * - overlapping: classes x height x width bytes, 1 where a class covers at least half of the pixel.
 */
export function rasterTarget(
  structures: readonly Structure[],
  classes: number,
  from: Size,
  to: Size,
  head: Head,
): Uint8Array {
  const cells = to.height * to.width;
  const area = (from.height * from.width) / cells;
  const target = new Uint8Array(head === 'exclusive' ? cells : cells * classes);
  const best = head === 'exclusive' ? new Float32Array(cells).fill(area / 2) : undefined;
  for (const { classIndex, rle } of structures) {
    const share = coverage(decodeRle(rle).data, from, to);
    for (let cell = 0; cell < cells; cell++) {
      if (best === undefined) target[classIndex * cells + cell] = share[cell]! >= area / 2 ? 1 : 0;
      else if (share[cell]! >= best[cell]! && share[cell]! > 0) {
        best[cell] = share[cell]!;
        target[cell] = classIndex + 1;
      }
    }
  }
  return target;
}

/** Number of set pixels of a mask in each cell of a coarser grid. */
function coverage(mask: Uint8Array, from: Size, to: Size): Float32Array {
  const share = new Float32Array(to.height * to.width);
  const columnOf = Int32Array.from({ length: from.width }, (_, x) =>
    Math.floor(((x + 0.5) * to.width) / from.width),
  );
  for (let y = 0; y < from.height; y++) {
    const row = Math.floor(((y + 0.5) * to.height) / from.height) * to.width;
    for (let x = 0, at = y * from.width; x < from.width; x++, at++) {
      if (mask[at] !== 0) share[row + columnOf[x]!]! += 1;
    }
  }
  return share;
}
