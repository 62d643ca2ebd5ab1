/**
 * @file What is drawn: a figure is an outline, what it is made of, and the parts inside that absorb more or less.
 *
 * A family draws its figures in a frame of their own: about 1 long, centred, the axis along y from -0.5 to 0.5. A
 * layout then places them in the image.
 */
import type { PointXy } from '../../base/geometry.ts';

export const FAMILIES = [
  'long-bone',
  'epiphysis',
  'pebble',
  'vertebra',
  'rib',
  'tooth',
  'ring',
  'tube',
  'cell',
  'polygon',
  'leaf',
  'implant',
] as const;
/** Kind of shape. */
export type Family = (typeof FAMILIES)[number];

/** Textures that a material can have; see texture.ts. */
export type TextureName = 'threads' | 'clouds' | 'grains';

/** How a figure absorbs. Depth is the distance to the outline as a share of the figure's greatest: 0 rim, 1 core. */
export interface Material {
  /** Absorption of the core; negative for a cavity. A picture spans about 1. */
  readonly density: number;
  /** Depth at which the figure has its full thickness: 0 a plate, 1 a ball. */
  readonly dome: number;
  /** A wall along the outline: its depth, and its absorption as a share of the density. */
  readonly rim: { readonly width: number; readonly gain: number };
  readonly texture: {
    readonly name: TextureName;
    /** Contrast as a share of the density. */
    readonly gain: number;
    /** Size of a texel in px along the figure and across. */
    readonly px: readonly [along: number, across: number];
  };
  /** Relative change of absorption from the near to the far end of the axis, and from left to right. */
  readonly tilt: readonly [along: number, across: number];
  /** Blur of the figure alone, px. */
  readonly softness: number;
  /** A seam around the figure: width in px, absorption as a share of the density; 0 for none. */
  readonly halo: { readonly width: number; readonly gain: number };
}

/** A part of a figure that absorbs more or less than the rest; what reaches beyond the outline is cut off. */
export interface Inlay {
  readonly outline: Float64Array;
  /** Change of absorption as a share of the density. */
  readonly gain: number;
  /** Blur, px. */
  readonly softness: number;
}

/** Outlines are closed polygons x0, y0, x1, y1, ... */
export interface Figure {
  readonly family: Family;
  /** The figure is their union, less the holes. */
  readonly outlines: readonly Float64Array[];
  readonly holes: readonly Float64Array[];
  readonly inlays: readonly Inlay[];
  readonly material: Material;
  /** Direction of the axis, rad from the y axis, once the figure is placed. */
  readonly turn: number;
}

/** A map of the plane. */
export type PointMap = (point: PointXy) => PointXy;

/** The figure with all its outlines mapped. */
export function mapFigure(figure: Figure, map: PointMap, turn = 0): Figure {
  return {
    ...figure,
    outlines: figure.outlines.map((outline) => mapOutline(outline, map)),
    holes: figure.holes.map((outline) => mapOutline(outline, map)),
    inlays: figure.inlays.map((inlay) => ({ ...inlay, outline: mapOutline(inlay.outline, map) })),
    turn: figure.turn + turn,
  };
}

export function mapOutline(outline: Float64Array, map: PointMap): Float64Array {
  const out = new Float64Array(outline.length);
  for (let i = 0; i < outline.length; i += 2) {
    const [x, y] = map([outline[i]!, outline[i + 1]!]);
    out[i] = x;
    out[i + 1] = y;
  }
  return out;
}
