/**
 * @file The skeleton of the phantom: a simplified adolescent left hand and wrist, palm on the detector.
 *
 * Coordinates are mm: x towards the thumb, y towards the elbow, origin where capitate and lunate meet. Outlines are
 * control points of closed splines, drawn for this file after the general proportions of the hand; they are no
 * one's measurements. The order of BONES is the order of classes: the first n bones are the n classes.
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
const METACARPAL_SHAFT: readonly PointXy[] = [
  [-0.96, 0.05],
  [-0.5, -0.005],
  [0.1, 0.025],
  [0.6, -0.01],
  [0.98, 0.06],
  [0.86, 0.16],
  [0.6, 0.34],
  [0.54, 0.56],
  [0.66, 0.8],
  [0.86, 0.94],
  [0.8, 1],
  [0, 0.99],
  [-0.8, 1],
  [-0.88, 0.94],
  [-0.68, 0.8],
  [-0.55, 0.56],
  [-0.6, 0.34],
  [-0.84, 0.16],
];
const METACARPAL_HEAD: readonly PointXy[] = [
  [-0.84, 0.02],
  [0, -0.03],
  [0.84, 0.02],
  [0.98, 0.3],
  [0.8, 0.72],
  [0.4, 0.98],
  [0, 1.02],
  [-0.42, 0.97],
  [-0.82, 0.7],
  [-0.98, 0.3],
];
const PHALANX_SHAFT: readonly PointXy[] = [
  [-0.98, 0.04],
  [-0.4, 0],
  [0.4, 0],
  [0.98, 0.04],
  [0.9, 0.14],
  [0.66, 0.35],
  [0.56, 0.62],
  [0.62, 0.8],
  [0.76, 0.9],
  [0.66, 0.99],
  [0.3, 1],
  [0, 0.965],
  [-0.3, 1],
  [-0.66, 0.99],
  [-0.76, 0.9],
  [-0.62, 0.8],
  [-0.56, 0.62],
  [-0.66, 0.35],
  [-0.9, 0.14],
];
const DISTAL_PHALANX: readonly PointXy[] = [
  [-0.96, 0.04],
  [-0.4, 0],
  [0.4, 0],
  [0.96, 0.04],
  [0.84, 0.16],
  [0.46, 0.45],
  [0.36, 0.66],
  [0.56, 0.8],
  [0.58, 0.92],
  [0.25, 1],
  [-0.25, 1],
  [-0.58, 0.92],
  [-0.56, 0.8],
  [-0.36, 0.66],
  [-0.46, 0.45],
  [-0.84, 0.16],
];
const PLATE: readonly PointXy[] = [
  [-0.96, 0.5],
  [-0.7, 0.1],
  [0, 0.22],
  [0.7, 0.1],
  [0.96, 0.5],
  [0.9, 0.92],
  [0, 1],
  [-0.9, 0.92],
];

const direction = (degrees: number): PointXy => {
  const radians = (degrees * Math.PI) / 180;
  return [Math.sin(radians), -Math.cos(radians)];
};

const along = (start: PointXy, degrees: number, length: number): PointXy => {
  const [dx, dy] = direction(degrees);
  return [start[0] + dx * length, start[1] + dy * length];
};

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
  const part = finger === 0 && index > 0 ? ['', 'proximal', 'distal'][index]! : PARTS[index]!;
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

const PARTS = ['metacarpal', 'proximal', 'middle', 'distal'] as const;

function carpal(name: string, depthMm: number, outline: readonly PointXy[], axisDegrees: number): Bone {
  const n = outline.length;
  const centre: PointXy = [
    outline.reduce((sum, [x]) => sum + x, 0) / n,
    outline.reduce((sum, [, y]) => sum + y, 0) / n,
  ];
  return {
    name,
    outline,
    axis: [along(centre, axisDegrees, -8), along(centre, axisDegrees, 8)],
    group: { kind: 'carpus' },
    shaft: 'none',
    depthMm: [depthMm, depthMm],
    cortexMm: [0.75, 0.75],
  };
}

const forearm = (bone: 'radius' | 'ulna'): BoneGroup => ({ kind: 'forearm', bone });

const RADIUS: Bone = {
  name: 'radius',
  outline: [
    [-5.4, 23.6],
    [-2, 22.5],
    [3, 21],
    [9, 21.3],
    [15, 20.1],
    [20, 20.6],
    [24.8, 20.9],
    [25.1, 25],
    [23.4, 33],
    [20.6, 48],
    [19, 70],
    [19, 100],
    [19.6, 130],
    [6, 130],
    [5.6, 100],
    [5, 72],
    [2.6, 50],
    [-1.2, 36],
    [-4.6, 28],
  ],
  axis: [
    [10, 21.5],
    [12.4, 80],
  ],
  group: forearm('radius'),
  shaft: 'far',
  depthMm: [9.5, 6.8],
  cortexMm: [0.45, 2.6],
};

const RADIUS_EPIPHYSIS: Bone = {
  name: 'radius_epiphysis',
  outline: [
    [-6, 21.8],
    [-6.2, 18],
    [-4.6, 14.9],
    [0, 13.9],
    [5.4, 12.6],
    [11, 9.6],
    [15.6, 6.2],
    [19.4, 3.3],
    [22.4, 2],
    [25, 4.6],
    [25.4, 11],
    [25.8, 19],
    [20, 19.4],
    [15, 19],
    [9, 20.2],
    [3, 20],
    [-2, 21.4],
  ],
  axis: [
    [10, 20],
    [11, 6],
  ],
  group: forearm('radius'),
  shaft: 'none',
  depthMm: [8.6, 8.6],
  cortexMm: [0.7, 0.7],
};

const ULNA: Bone = {
  name: 'ulna',
  outline: [
    [-26.2, 26.8],
    [-22, 25.6],
    [-17, 25],
    [-12, 26.4],
    [-7.6, 28.6],
    [-8.2, 32],
    [-11.6, 40],
    [-13.6, 52],
    [-14.6, 72],
    [-14.8, 100],
    [-14.4, 130],
    [-26, 130],
    [-26.2, 100],
    [-26, 70],
    [-26.2, 48],
    [-26.6, 34],
  ],
  axis: [
    [-17, 26],
    [-20.2, 80],
  ],
  group: forearm('ulna'),
  shaft: 'far',
  depthMm: [7, 5.8],
  cortexMm: [0.45, 2.2],
};

const ULNA_EPIPHYSIS: Bone = {
  name: 'ulna_epiphysis',
  outline: [
    [-26.4, 25.6],
    [-26.8, 20.5],
    [-25.6, 16.4],
    [-23.9, 15.6],
    [-22.6, 17.8],
    [-20.2, 19],
    [-16.4, 18.8],
    [-12, 18.4],
    [-8.6, 18.8],
    [-7.4, 22.4],
    [-7, 27],
    [-11.5, 25.3],
    [-17, 23.9],
    [-22, 24.4],
  ],
  axis: [
    [-17, 25],
    [-17, 17],
  ],
  group: forearm('ulna'),
  shaft: 'none',
  depthMm: [6, 6],
  cortexMm: [0.75, 0.75],
};

const SCAPHOID = carpal(
  'scaphoid',
  6.5,
  [
    [4.8, 7.4],
    [3.4, 3],
    [5.4, -1],
    [9.4, -4.6],
    [12.6, -7.8],
    [17, -6.4],
    [20.6, -2.6],
    [20.4, 0.8],
    [16.4, 4.2],
    [11.6, 7.8],
    [7.6, 9.6],
  ],
  55,
);
const LUNATE = carpal(
  'lunate',
  7,
  [
    [-11.2, 9.4],
    [-9.9, 4.6],
    [-7.4, 0.8],
    [-3.4, -0.6],
    [0.6, 0.6],
    [4, 2.6],
    [4.8, 7.6],
    [1.6, 11.4],
    [-3.6, 12.8],
    [-8.8, 12.2],
  ],
  20,
);
const TRIQUETRUM = carpal(
  'triquetrum',
  6.4,
  [
    [-22, 0.4],
    [-21.6, -4.6],
    [-18, -7.6],
    [-14, -5.2],
    [-10, -0.6],
    [-9.4, 2.8],
    [-12.4, 6],
    [-16.6, 7.6],
    [-20, 5],
  ],
  -40,
);
const PISIFORM = carpal(
  'pisiform',
  5,
  [
    [-24.2, -2.2],
    [-21.4, -6.8],
    [-17, -5.6],
    [-15.6, -0.6],
    [-18, 3.4],
    [-22.4, 2.6],
  ],
  0,
);
const CAPITATE = carpal(
  'capitate',
  7.8,
  [
    [-5.4, -3],
    [-4.2, -9],
    [-4.6, -15],
    [-4.2, -21],
    [0.6, -22.6],
    [6, -22],
    [9.4, -20],
    [9.8, -14],
    [10.4, -9],
    [8, -4.4],
    [4.6, -0.4],
    [0, 1.2],
    [-3.6, 0],
  ],
  5,
);
const HAMATE = carpal(
  'hamate',
  7,
  [
    [-20, -15.4],
    [-17.6, -18.8],
    [-11, -20.4],
    [-4.4, -20.8],
    [-3.6, -14],
    [-5.2, -8],
    [-7.6, -3.4],
    [-11.6, -5.8],
    [-16, -10.4],
  ],
  -25,
);
const TRAPEZOID = carpal(
  'trapezoid',
  6,
  [
    [9.6, -17],
    [11.6, -20.4],
    [16, -20.6],
    [20.6, -17.6],
    [19.8, -11.4],
    [15.6, -8.6],
    [11.8, -11.4],
  ],
  15,
);
const TRAPEZIUM = carpal(
  'trapezium',
  6.4,
  [
    [17.8, -8.8],
    [19.4, -14],
    [22.6, -17.6],
    [26.6, -17.4],
    [30.4, -13],
    [31.4, -8],
    [28.6, -3.4],
    [23.6, -2.4],
    [19.4, -4.6],
  ],
  35,
);

function sesamoid(name: string, x: number, y: number, radiusMm: number): Bone {
  const outline = [0, 1, 2, 3, 4, 5].map((k): PointXy => {
    const [dx, dy] = direction(k * 60);
    return [x + dx * radiusMm, y + dy * radiusMm * 1.25];
  });
  return {
    ...carpal(name, radiusMm, outline, 40),
    group: { kind: 'ray', finger: 0, segment: 0 },
  };
}

const [THUMB_X, THUMB_Y] = along(RAYS[0]!.base, 40, 38);
const FINGER_BONES = RAYS.map((ray, finger) => ray.segments.map((_, index) => fingerBones(finger, index)));
const METACARPALS = FINGER_BONES.map((bones) => bones[0]!);
const PHALANGES = [1, 2, 3].flatMap((index) => FINGER_BONES.flatMap((bones) => bones[index] ?? []));

/** All bones in class order: the forearm, the carpus, metacarpals, phalanges, sesamoids, then epiphyses. */
export const BONES: readonly Bone[] = [
  RADIUS,
  ULNA,
  RADIUS_EPIPHYSIS,
  ULNA_EPIPHYSIS,
  SCAPHOID,
  LUNATE,
  TRIQUETRUM,
  CAPITATE,
  HAMATE,
  TRAPEZIUM,
  TRAPEZOID,
  PISIFORM,
  ...METACARPALS.map((bones) => bones.shaft),
  ...PHALANGES.map((bones) => bones.shaft),
  sesamoid('sesamoid_radial', THUMB_X + 3.6, THUMB_Y + 3, 2.5),
  sesamoid('sesamoid_ulnar', THUMB_X - 4.2, THUMB_Y - 2.4, 2.8),
  ...METACARPALS.map((bones) => bones.epiphysis),
  ...PHALANGES.map((bones) => bones.epiphysis),
];
