/** @file Where a mask lies and how far it reaches: the moments of its pixels, straight from its runs. */
import type { PointXy } from '../base/geometry.ts';
import type { Rle } from './rle.ts';

/** Variances along x and y and their covariance. */
export interface Spread {
  readonly xx: number;
  readonly xy: number;
  readonly yy: number;
}

export interface Moments {
  /** Number of pixels. */
  readonly area: number;
  /** Mean place in px from the image's left upper corner: that of a single pixel there is (0.5, 0.5). */
  readonly centre: PointXy;
  /** Of all points of the pixels, which are squares, about the centre, px^2. */
  readonly spread: Spread;
}

/** Variance of the points of one pixel along an axis. */
const SQUARE = 1 / 12;

/** undefined for an empty mask. */
export function momentsOf({ height, counts }: Rle): Moments | undefined {
  let [area, sumX, sumY, sumXx, sumXy, sumYy] = [0, 0, 0, 0, 0, 0];
  let position = 0;
  for (let i = 0; i + 1 < counts.length; i += 2) {
    position += counts[i]!;
    const end = position + counts[i + 1]!;
    // A run goes down one column after the other.
    while (position < end) {
      const column = Math.floor(position / height);
      const top = position - column * height;
      const length = Math.min(end - position, height - top);
      const middle = top + (length - 1) / 2;
      area += length;
      sumX += column * length;
      sumY += length * middle;
      sumXx += column * column * length;
      sumXy += column * length * middle;
      sumYy += length * (middle * middle + (length * length - 1) / 12);
      position += length;
    }
  }
  if (area === 0) return undefined;
  const [x, y] = [sumX / area, sumY / area];
  return {
    area,
    centre: [x + 0.5, y + 0.5],
    spread: {
      xx: sumXx / area - x * x + SQUARE,
      xy: sumXy / area - x * y,
      yy: sumYy / area - y * y + SQUARE,
    },
  };
}
