/** @file The bones of the five fingers: metacarpals, phalanges, their growth plates, and the thumb's sesamoids. */
import type { PointXy } from '../../base/geometry.ts';
import { along, type Bone, type BoneGroup, direction, points } from './bone.ts';

/** One finger: where its bones lie. Angles in degrees from straight up, towards the thumb. */
export interface Ray {
  readonly base: PointXy;
  /** Per segment: direction, length of the bone with its epiphysis, half-width of its base. */
  readonly segments: readonly {
    readonly angle: number;
    readonly length: number;
    readonly halfWidth: number;
  }[];
}

const segment = (angle: number, length: number, halfWidth: number) => ({ angle, length, halfWidth });

/** Thumb to little finger. */
export const RAYS: readonly Ray[] = [
  { base: [28.5, -19], segments: [segment(40, 42, 7.6), segment(30, 29, 7), segment(22, 21, 6.2)] },
  {
    base: [15.5, -21],
    segments: [segment(10, 60, 7.6), segment(8, 37, 7.2), segment(7, 22, 6.2), segment(6, 16.5, 5.2)],
  },
  {
    base: [4, -23],
    segments: [segment(1, 58, 7.1), segment(0, 41, 7.3), segment(0, 26, 6.3), segment(0, 17.5, 5.3)],
  },
  {
    base: [-6, -21.5],
    segments: [segment(-8, 52, 6.3), segment(-8, 38, 6.8), segment(-8, 25, 6), segment(-8, 17, 5.2)],
  },
  {
    base: [-14.5, -18.5],
    segments: [segment(-17, 48, 6.5), segment(-18, 30, 6.2), segment(-19, 18, 5.4), segment(-19, 15.5, 4.7)],
  },
];

/** Cartilage between two bones of a finger, mm. */
const JOINT_GAP_MM = 1.3;
/** From the tip of a long bone to its growth plate, mm. */
const EPIPHYSIS_MM = { metacarpal: 6.6, phalanx: 3.4 };
const GROWTH_PLATE_MM = 0.8;

/**
 * Outlines of finger bones in a frame of their own: across in half-widths of the base, along from the base (0) to
 * the tip (1).
 */
const METACARPAL_SHAFT: readonly PointXy[] = points([
  -0.96, 0.05, -0.5, -0.005, 0.1, 0.025, 0.6, -0.01, 0.98, 0.06, 0.86, 0.16, 0.6, 0.34, 0.54, 0.56, 0.66, 0.8,
  0.86, 0.94, 0.8, 1, 0, 0.99, -0.8, 1, -0.88, 0.94, -0.68, 0.8, -0.55, 0.56, -0.6, 0.34, -0.84, 0.16,
]);
const METACARPAL_HEAD: readonly PointXy[] = points([
  -0.84, 0.02, 0, -0.03, 0.84, 0.02, 0.98, 0.3, 0.8, 0.72, 0.4, 0.98, 0, 1.02, -0.42, 0.97, -0.82, 0.7, -0.98,
  0.3,
]);
const PHALANX_SHAFT: readonly PointXy[] = points([
  -0.98, 0.04, -0.4, 0, 0.4, 0, 0.98, 0.04, 0.9, 0.14, 0.66, 0.35, 0.56, 0.62, 0.62, 0.8, 0.76, 0.9, 0.66,
  0.99, 0.3, 1, 0, 0.965, -0.3, 1, -0.66, 0.99, -0.76, 0.9, -0.62, 0.8, -0.56, 0.62, -0.66, 0.35, -0.9, 0.14,
]);
const DISTAL_PHALANX: readonly PointXy[] = points([
  -0.96, 0.04, -0.4, 0, 0.4, 0, 0.96, 0.04, 0.84, 0.16, 0.46, 0.45, 0.36, 0.66, 0.56, 0.8, 0.58, 0.92, 0.25,
  1, -0.25, 1, -0.58, 0.92, -0.56, 0.8, -0.36, 0.66, -0.46, 0.45, -0.84, 0.16,
]);
const PLATE: readonly PointXy[] = points([
  -0.96, 0.5, -0.7, 0.1, 0, 0.22, 0.7, 0.1, 0.96, 0.5, 0.9, 0.92, 0, 1, -0.9, 0.92,
]);

/** Where segment `index` of a finger starts, mm. */
export function segmentStart(ray: Ray, index: number): PointXy {
  let point = ray.base;
  for (const { angle, length } of ray.segments.slice(0, index))
    point = along(point, angle, length + JOINT_GAP_MM);
  return point;
}

/** A template laid along a direction: `from` and `to` in mm from the start of the segment. */
function lay(
  template: readonly PointXy[],
  start: PointXy,
  degrees: number,
  halfWidth: number,
  from: number,
  to: number,
): PointXy[] {
  const [dx, dy] = direction(degrees);
  return template.map(([across, share]) => {
    const u = from + share * (to - from);
    return [start[0] + dx * u - dy * across * halfWidth, start[1] + dy * u + dx * across * halfWidth];
  });
}

interface FingerBones {
  readonly shaft: Bone;
  readonly epiphysis: Bone;
}

/** By segment; the last phalanx of every finger is the distal one. */
const PARTS = ['metacarpal', 'proximal', 'middle'] as const;

/** Metacarpals 2 to 5 have their growth plate at the head; the thumb's and all phalanges at the base. */
function fingerBones(finger: number, index: number): FingerBones {
  const ray = RAYS[finger]!;
  const { angle, length, halfWidth } = ray.segments[index]!;
  const start = segmentStart(ray, index);
  const plateAtHead = index === 0 && finger > 0;
  const last = index === ray.segments.length - 1;
  const cap = plateAtHead ? EPIPHYSIS_MM.metacarpal : EPIPHYSIS_MM.phalanx * (last ? 0.75 : 1);
  const near = plateAtHead ? 0 : cap + GROWTH_PLATE_MM;
  const far = plateAtHead ? length - cap - GROWTH_PLATE_MM : length;
  const template = plateAtHead ? METACARPAL_SHAFT : last ? DISTAL_PHALANX : PHALANX_SHAFT;
  const part = last ? 'distal' : PARTS[index]!;
  const name = index === 0 ? `metacarpal_${finger + 1}` : `${part}_phalanx_${finger + 1}`;
  const group: BoneGroup = { kind: 'ray', finger, segment: index };
  const depth = halfWidth * 0.8;
  const shaft: Bone = {
    name,
    outline: lay(template, start, angle, halfWidth, near, far),
    axis: [along(start, angle, near), along(start, angle, far)],
    group,
    shaft: 'middle',
    depthMm: [depth, halfWidth * 0.52],
    cortexMm: [0.35, last ? 0.9 : index === 0 ? 1.7 : 1.4],
  };
  const [from, to] = plateAtHead ? [length - cap, length] : [0, cap];
  const epiphysis: Bone = {
    name: `${name}_epiphysis`,
    outline: lay(plateAtHead ? METACARPAL_HEAD : PLATE, start, angle, halfWidth * 0.94, from, to),
    axis: [along(start, angle, from), along(start, angle, to)],
    group,
    shaft: 'none',
    depthMm: [depth * 0.8, depth * 0.8],
    cortexMm: [0.4, 0.4],
  };
  return { shaft, epiphysis };
}

/** A small round bone in a tendon before the head of the thumb's metacarpal. */
function sesamoid(name: string, x: number, y: number, radiusMm: number): Bone {
  const outline = [0, 1, 2, 3, 4, 5].map((k): PointXy => {
    const [dx, dy] = direction(k * 60);
    return [x + dx * radiusMm, y + dy * radiusMm * 1.25];
  });
  return {
    name,
    outline,
    axis: [[x, y], along([x, y], 40, 2 * radiusMm)],
    group: { kind: 'ray', finger: 0, segment: 0 },
    shaft: 'none',
    depthMm: [radiusMm, radiusMm],
    cortexMm: [0.6, 0.6],
  };
}

const [THUMB_X, THUMB_Y] = along(RAYS[0]!.base, 40, 38);
/** [finger][segment] */
const FINGER_BONES = RAYS.map((ray, finger) => ray.segments.map((_, index) => fingerBones(finger, index)));
const METACARPALS = FINGER_BONES.map((bones) => bones[0]!);
const PHALANGES = [1, 2, 3].flatMap((index) => FINGER_BONES.flatMap((bones) => bones[index] ?? []));

export const METACARPAL_BONES: readonly Bone[] = METACARPALS.map((bones) => bones.shaft);
/** Proximal of thumb to little finger, then the next row, then the last. */
export const PHALANX_BONES: readonly Bone[] = PHALANGES.map((bones) => bones.shaft);
export const SESAMOID_BONES: readonly Bone[] = [
  sesamoid('sesamoid_radial', THUMB_X + 3.6, THUMB_Y + 3, 2.5),
  sesamoid('sesamoid_ulnar', THUMB_X - 4.2, THUMB_Y - 2.4, 2.8),
];
export const EPIPHYSES: readonly Bone[] = [...METACARPALS, ...PHALANGES].map((bones) => bones.epiphysis);
