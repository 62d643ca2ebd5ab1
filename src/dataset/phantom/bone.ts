/**
 * @file What a phantom bone is, and the few points and directions from which bones are drawn.
 *
 * Coordinates are mm: x towards the thumb, y towards the elbow, origin where capitate and lunate meet, for a left hand
 * with its palm on the detector.
 */
import type { PointXy } from '../../base/geometry.ts';

/** How the inside of a bone changes along its axis: none, a shaft in the middle, or a shaft at the far end. */
export type ShaftKind = 'none' | 'middle' | 'far';

/** The part of the hand that a bone moves with. */
export type BoneGroup =
  | { readonly kind: 'forearm'; readonly bone: 'radius' | 'ulna' }
  | { readonly kind: 'carpus' }
  /** `segment` 0 is the metacarpal, 1 to 3 the phalanges. */
  | { readonly kind: 'ray'; readonly finger: number; readonly segment: number };

export interface Bone {
  readonly name: string;
  /** Control points of the closed outline, mm. */
  readonly outline: readonly PointXy[];
  /** From the near to the far end, mm: the direction of trabeculae and of the change from end to shaft. */
  readonly axis: readonly [PointXy, PointXy];
  readonly group: BoneGroup;
  readonly shaft: ShaftKind;
  /** Half the depth of the bone along the beam, at its ends and in its shaft, mm. */
  readonly depthMm: readonly [end: number, shaft: number];
  /** Thickness of the cortex at the ends and in the shaft, mm. */
  readonly cortexMm: readonly [end: number, shaft: number];
}

/** x0, y0, x1, y1, ... as points. */
export function points(flat: readonly number[]): PointXy[] {
  return Array.from({ length: flat.length / 2 }, (_, i): PointXy => [flat[2 * i]!, flat[2 * i + 1]!]);
}

/** The mean of the points. */
export function centreOf(outline: readonly PointXy[]): PointXy {
  const n = outline.length;
  return [outline.reduce((sum, [x]) => sum + x, 0) / n, outline.reduce((sum, [, y]) => sum + y, 0) / n];
}

/** The unit vector at `degrees` from straight up (towards the finger tips), towards the thumb. */
export function direction(degrees: number): PointXy {
  const radians = (degrees * Math.PI) / 180;
  return [Math.sin(radians), -Math.cos(radians)];
}

/** The point `length` mm from `start` in that direction. */
export function along(start: PointXy, degrees: number, length: number): PointXy {
  const [dx, dy] = direction(degrees);
  return [start[0] + dx * length, start[1] + dy * length];
}
