/** @file Affine maps of the plane, for posing what is drawn. */
import type { PointXy } from '../../base/geometry.ts';

/** (x, y) -> (a x + b y + tx, c x + d y + ty). */
export interface Affine {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
  readonly tx: number;
  readonly ty: number;
}

export function applyAffine(map: Affine, [x, y]: PointXy): PointXy {
  return [map.a * x + map.b * y + map.tx, map.c * x + map.d * y + map.ty];
}

/** The map that applies `first` and then `second`. */
export function thenAffine(first: Affine, second: Affine): Affine {
  const [tx, ty] = applyAffine(second, [first.tx, first.ty]);
  return {
    a: second.a * first.a + second.b * first.c,
    b: second.a * first.b + second.b * first.d,
    c: second.c * first.a + second.d * first.c,
    d: second.c * first.b + second.d * first.d,
    tx,
    ty,
  };
}

/** Scales along x and y, then rotates (radians, x towards y), both about `centre`, then shifts. */
export function affineAbout(
  centre: PointXy,
  change: { readonly radians?: number; readonly scale?: PointXy; readonly shift?: PointXy },
): Affine {
  const [scaleX, scaleY] = change.scale ?? [1, 1];
  const [shiftX, shiftY] = change.shift ?? [0, 0];
  const cos = Math.cos(change.radians ?? 0);
  const sin = Math.sin(change.radians ?? 0);
  const [a, b, c, d] = [cos * scaleX, -sin * scaleY, sin * scaleX, cos * scaleY];
  return {
    a,
    b,
    c,
    d,
    tx: centre[0] + shiftX - a * centre[0] - b * centre[1],
    ty: centre[1] + shiftY - c * centre[0] - d * centre[1],
  };
}

/** How many times longer the map makes lengths, on average over directions. */
export function affineScale(map: Affine): number {
  return Math.sqrt(Math.abs(map.a * map.d - map.b * map.c));
}
