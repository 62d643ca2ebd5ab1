/** @file What a layout gives: figures in the image's px, in the order in which they are painted. */
import type { PointXy, Size } from '../../../base/geometry.ts';
import type { Rng } from '../../../base/rng.ts';
import { type Figure, mapFigure, type PointMap } from '../figure.ts';
import { bending } from '../shapes.ts';

export interface Arrangement {
  /** Painted first and never labelled: tissue, a jaw behind teeth. */
  readonly behind: readonly Figure[];
  readonly objects: readonly Figure[];
}

export type Layout = (rng: Rng, size: Size) => Arrangement;

/** Where a figure goes. */
export interface Place {
  readonly at: PointXy;
  /** Length of the figure's frame, px. */
  readonly length: number;
  /** rad, from the y axis. */
  readonly turn: number;
  /** Width against length, 1 by default; negative mirrors. */
  readonly squash?: number;
}

/** The map from a figure's frame to the image. */
export function placing({ at, length, turn, squash = 1 }: Place): PointMap {
  const [cos, sin] = [Math.cos(turn) * length, Math.sin(turn) * length];
  return ([x, y]) => [at[0] + cos * squash * x - sin * y, at[1] + sin * squash * x + cos * y];
}

export function place(figures: readonly Figure[], where: Place): Figure[] {
  const map = placing(where);
  return figures.map((figure) => mapFigure(figure, map, where.turn));
}

/** Bends a whole arrangement smoothly, by at most about `strength` of the image's longer side. */
export function bent(rng: Rng, { behind, objects }: Arrangement, size: Size, strength: number): Arrangement {
  const scale = Math.max(size.height, size.width);
  const bend = bending(rng, strength);
  const map: PointMap = ([x, y]) => {
    const [u, v] = bend([x / scale, y / scale]);
    return [u * scale, v * scale];
  };
  return {
    behind: behind.map((figure) => mapFigure(figure, map)),
    objects: objects.map((figure) => mapFigure(figure, map)),
  };
}

/** Turns and shifts an arrangement about the middle of the image. */
export function turned(
  { behind, objects }: Arrangement,
  size: Size,
  turn: number,
  shift: PointXy,
): Arrangement {
  const [cx, cy] = [size.width / 2, size.height / 2];
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
  const map: PointMap = ([x, y]) => [
    cx + shift[0] + (x - cx) * cos - (y - cy) * sin,
    cy + shift[1] + (x - cx) * sin + (y - cy) * cos,
  ];
  return {
    behind: behind.map((figure) => mapFigure(figure, map, turn)),
    objects: objects.map((figure) => mapFigure(figure, map, turn)),
  };
}

/** A random point at least `margin` (a share of the image) from its border. */
export function somewhere(rng: Rng, { height, width }: Size, margin = 0): PointXy {
  return [rng.between(margin, 1 - margin) * width, rng.between(margin, 1 - margin) * height];
}
