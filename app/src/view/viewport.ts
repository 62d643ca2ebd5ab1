/**
 * @file Which part of the image is seen. On the screen, pixel (x, y) of the image covers the square from
 * (x, y) * scale + offset on; so a pixel centre, a whole number in image px, lies half a pixel further.
 */
import type { BoxXyxy, PointXy, Size } from '../../../src/base/geometry.ts';

/** Screen px per image px, and where the image's corner is on the screen. */
export interface Viewport {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

/** Screen px per image px: from a stamp to single pixels as large as a thumbnail. */
const [SMALLEST, LARGEST] = [0.02, 64];

/** Of the screen, around what is to be seen. */
const MARGIN = 0.06;

/** The box (corners inclusive) as large as the screen allows. */
export function fitBox([x0, y0, x1, y1]: BoxXyxy, screen: Size, largest = LARGEST): Viewport {
  const room = 1 - 2 * MARGIN;
  const [width, height] = [x1 - x0 + 1, y1 - y0 + 1];
  const scale = limited(Math.min(largest, (screen.width * room) / width, (screen.height * room) / height));
  return {
    scale,
    x: screen.width / 2 - (x0 + width / 2) * scale,
    y: screen.height / 2 - (y0 + height / 2) * scale,
  };
}

export function fitImage({ height, width }: Size, screen: Size): Viewport {
  return fitBox([0, 0, width - 1, height - 1], screen);
}

/** Larger by a factor, the point of the screen staying where it is. */
export function zoomAt({ scale, x, y }: Viewport, [sx, sy]: PointXy, factor: number): Viewport {
  const next = limited(scale * factor);
  const ratio = next / scale;
  return { scale: next, x: sx - (sx - x) * ratio, y: sy - (sy - y) * ratio };
}

export function panBy({ scale, x, y }: Viewport, dx: number, dy: number): Viewport {
  return { scale, x: x + dx, y: y + dy };
}

/** Where a point of the screen is in the image, pixel centres at whole numbers. */
export function toImage({ scale, x, y }: Viewport, [sx, sy]: PointXy): PointXy {
  return [(sx - x) / scale - 0.5, (sy - y) / scale - 0.5];
}

/** Where a point of the image is on the screen. */
export function toScreen({ scale, x, y }: Viewport, [px, py]: PointXy): PointXy {
  return [(px + 0.5) * scale + x, (py + 0.5) * scale + y];
}

const limited = (scale: number): number => Math.min(LARGEST, Math.max(SMALLEST, scale));
