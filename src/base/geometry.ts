/** @file Sizes, points and boxes in pixels: x to the right, y down, pixel centres at whole numbers. */

/** Height and width in px. */
export interface Size {
  readonly height: number;
  readonly width: number;
}

/** A point in px, x (column) first. */
export type PointXy = readonly [x: number, y: number];

/** A box in px by its corners; both corners are inside when they are pixel indices. */
export type BoxXyxy = readonly [x0: number, y0: number, x1: number, y1: number];
