/** @file Where every bone of one phantom lies: framing, side of the body, joints and differences between people. */
import type { PointXy, Size } from '../../base/geometry.ts';
import type { Rng } from '../../base/rng.ts';
import { type Affine, affineAbout, affineScale, applyAffine, thenAffine } from '../drawing/affine.ts';
import { closedSpline } from '../drawing/outline.ts';
import { BONES } from './anatomy.ts';
import { type Bone, centreOf } from './bone.ts';
import { RAYS, segmentStart } from './fingers.ts';

export type BodySide = 'left' | 'right';

/** A bone in the image. Lengths are px. */
export interface PosedBone {
  readonly bone: Bone;
  /** The closed outline as x0, y0, x1, y1, ... in px. */
  readonly polygon: Float64Array;
  readonly axis: readonly [PointXy, PointXy];
  readonly pxPerMm: number;
}

/** One part of the soft tissue: a capsule of changing radius with an elliptical cross-section. Lengths are px. */
export interface TissuePart {
  readonly from: PointXy;
  readonly to: PointXy;
  readonly radius: readonly [from: number, to: number];
  /** Largest thickness along the beam divided by the width. */
  readonly flatness: number;
}

export interface Pose {
  readonly bones: readonly PosedBone[];
  readonly tissue: readonly TissuePart[];
  readonly side: BodySide;
  readonly pxPerMm: number;
}

const radians = (degrees: number): number => (degrees * Math.PI) / 180;

/** The part of the hand that the image shows, mm: close to the labelled bones. */
function framing(classes: number): { readonly centre: PointXy; readonly extent: Size } {
  if (classes <= 12) return { centre: [1, 20], extent: { width: 74, height: 98 } };
  if (classes <= 17) return { centre: [2, -3], extent: { width: 92, height: 128 } };
  return { centre: [12, -61], extent: { width: 156, height: 238 } };
}

/** Poses the whole hand. `classes` decides the framing; all bones are there, labelled or not. */
export function poseHand(rng: Rng, size: Size, classes: number, side: BodySide): Pose {
  const view = placeView(rng, size, classes, side);
  const joints = drawJoints(rng);
  const bones = BONES.map((bone) => poseBone(rng, bone, thenAffine(joints.of(bone), view)));
  const pxPerMm = affineScale(view);
  return { bones, tissue: softTissue(rng, joints, view, pxPerMm), side, pxPerMm };
}

/** From mm to px. */
function placeView(rng: Rng, size: Size, classes: number, side: BodySide): Affine {
  const { centre, extent } = framing(classes);
  const fit = Math.min(size.width / extent.width, size.height / extent.height);
  const scale = fit * rng.between(0.9, 1.06);
  const turn = radians(4.5) * rng.normal();
  const mirror = side === 'left' ? 1 : -1;
  const shift: PointXy = [
    size.width * (0.5 + rng.between(-0.035, 0.035)) - centre[0],
    size.height * (0.5 + rng.between(-0.03, 0.03)) - centre[1],
  ];
  const stretch = rng.between(0.97, 1.03);
  return affineAbout(centre, { radians: turn, scale: [mirror * scale * stretch, scale / stretch], shift });
}

interface Joints {
  of(bone: Bone): Affine;
  ray(finger: number, segment: number): Affine;
}

/** Random angles of the joints; a bone moves with everything nearer to the elbow. */
function drawJoints(rng: Rng): Joints {
  const deviation = radians(5) * rng.normal();
  const wrist: PointXy = [2, 6];
  const carpus = affineAbout(wrist, {
    radians: deviation * 0.5,
    shift: [0.6 * rng.normal(), 0.7 * rng.normal()],
  });
  const hand = affineAbout(wrist, { radians: deviation, shift: [0, 0.4 * rng.normal()] });
  const spread = rng.between(0.7, 1.5);
  const rays = RAYS.map((ray, finger) => {
    const own = finger === 0 ? 6 * rng.normal() : 1.6 * rng.normal() + (finger - 2) * -2 * (spread - 1);
    let joint = thenAffine(affineAbout(ray.base, { radians: radians(own) }), hand);
    return ray.segments.map((_, index) => {
      if (index > 0) {
        const fan = index === 1 && finger > 0 ? (finger - 2) * -5 * (spread - 1) : 0;
        const bend = affineAbout(segmentStart(ray, index), { radians: radians(fan + 2.5 * rng.normal()) });
        joint = thenAffine(bend, joint);
      }
      return joint;
    });
  });
  const radius = affineAbout([10, 60], { radians: radians(1) * rng.normal() });
  const ulna = affineAbout([-20, 70], {
    radians: radians(1.5) * rng.normal(),
    shift: [1.4 * rng.normal() + 0.8, 1.3 * rng.normal()],
  });
  const ray = (finger: number, segment: number): Affine => rays[finger]![segment]!;
  return {
    ray,
    of: ({ group }) => {
      if (group.kind === 'carpus') return carpus;
      if (group.kind === 'ray') return ray(group.finger, group.segment);
      return group.bone === 'radius' ? radius : ulna;
    },
  };
}

/** One person's bone: its own size, proportions, place and outline. */
function poseBone(rng: Rng, bone: Bone, map: Affine): PosedBone {
  const centre = centreOf(bone.outline);
  const loose = bone.group.kind === 'carpus' ? 1 : 0.3;
  const grown = 1 + 0.03 * loose * rng.normal();
  const aspect = 1 + 0.03 * loose * rng.normal();
  const own = affineAbout(centre, {
    radians: radians(3) * loose * rng.normal(),
    scale: [grown * aspect, grown / aspect],
    shift: [0.6 * loose * rng.normal(), 0.6 * loose * rng.normal()],
  });
  const whole = thenAffine(own, map);
  const rough = bone.group.kind === 'ray' ? 0.12 : 0.3;
  const control = bone.outline.map(
    ([x, y]): PointXy => applyAffine(whole, [x + rough * rng.normal(), y + rough * rng.normal()]),
  );
  return {
    bone,
    polygon: closedSpline(control, 4),
    axis: [applyAffine(whole, bone.axis[0]), applyAffine(whole, bone.axis[1])],
    pxPerMm: affineScale(whole),
  };
}

/** Forearm, palm, web of the thumb and fingers. */
function softTissue(rng: Rng, joints: Joints, view: Affine, pxPerMm: number): TissuePart[] {
  const plump = rng.between(0.92, 1.1);
  const part = (
    from: PointXy,
    to: PointXy,
    radiusMm: readonly [number, number],
    flatness: number,
    map?: Affine,
  ): TissuePart => {
    const whole = map === undefined ? view : thenAffine(map, view);
    return {
      from: applyAffine(whole, from),
      to: applyAffine(whole, to),
      radius: [radiusMm[0] * plump * pxPerMm, radiusMm[1] * plump * pxPerMm],
      flatness,
    };
  };
  const parts = [part([0, 12], [-3, 60], [31, 32], 0.62), part([-3, 60], [-3, 150], [32, 40], 0.66)];
  for (const [finger, ray] of RAYS.entries()) {
    const hand = joints.ray(finger, 0);
    const knuckle = segmentStart(ray, 1);
    const heel: PointXy = finger === 0 ? [16, 0] : [(ray.base[0] - 2) * 0.55, 6];
    parts.push(part(heel, knuckle, finger === 0 ? [19, 12.5] : [20, 12], finger === 0 ? 0.75 : 0.6, hand));
    ray.segments.slice(1).forEach((segment, below) => {
      const start = segmentStart(ray, below + 1);
      const end = segmentStart(ray, below + 2);
      const reach: PointXy =
        below + 2 === ray.segments.length
          ? [start[0] * 0.3 + end[0] * 0.7, start[1] * 0.3 + end[1] * 0.7]
          : end;
      const width = segment.halfWidth * 1.32;
      parts.push(part(start, reach, [width, width * 0.9], 0.85, joints.ray(finger, below + 1)));
    });
  }
  parts.push(part([24, -26], [14, -62], [15, 10], 0.4, joints.ray(1, 0)));
  return parts;
}
