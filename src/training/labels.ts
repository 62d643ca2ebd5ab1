/**
 * @file Masks at the network's resolution: the share of each network pixel that a structure covers decides.
 *
 * Shares keep thin structures and place edges half-way, where nearest sampling would miss or shift them by up to half a
 * network pixel.
 */
import type { Structure } from '../annotations/types.ts';
import type { Size } from '../base/geometry.ts';
import { coverage } from '../masks/coverage.ts';
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
  const target = new Uint8Array(head === 'exclusive' ? cells : cells * classes);
  const best = head === 'exclusive' ? new Float32Array(cells).fill(0.5) : undefined;
  for (const { classIndex, rle } of structures) {
    const share = coverage(decodeRle(rle), { x: 0, y: 0, ...from }, to);
    for (let cell = 0; cell < cells; cell++) {
      if (best === undefined) target[classIndex * cells + cell] = share[cell]! >= 0.5 ? 1 : 0;
      else if (share[cell]! >= best[cell]!) {
        best[cell] = share[cell]!;
        target[cell] = classIndex + 1;
      }
    }
  }
  return target;
}
