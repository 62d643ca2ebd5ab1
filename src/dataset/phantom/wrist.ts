/** @file The bones of the forearm and of the carpus, mm. */
import type { PointXy } from '../../base/geometry.ts';
import { along, type Bone, type BoneGroup, centreOf, points } from './bone.ts';

/** A carpal bone; its trabeculae run at `axisDegrees`. */
function carpal(name: string, depthMm: number, outline: readonly PointXy[], axisDegrees: number): Bone {
  const centre = centreOf(outline);
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
  outline: points([
    -5.4, 23.6, -2, 22.5, 3, 21, 9, 21.3, 15, 20.1, 20, 20.6, 24.8, 20.9, 25.1, 25, 23.4, 33, 20.6, 48, 19,
    70, 19, 100, 19.6, 130, 6, 130, 5.6, 100, 5, 72, 2.6, 50, -1.2, 36, -4.6, 28,
  ]),
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
  outline: points([
    -6, 21.8, -6.2, 18, -4.6, 14.9, 0, 13.9, 5.4, 12.6, 11, 9.6, 15.6, 6.2, 19.4, 3.3, 22.4, 2, 25, 4.6, 25.4,
    11, 25.8, 19, 20, 19.4, 15, 19, 9, 20.2, 3, 20, -2, 21.4,
  ]),
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
  outline: points([
    -26.2, 26.8, -22, 25.6, -17, 25, -12, 26.4, -7.6, 28.6, -8.2, 32, -11.6, 40, -13.6, 52, -14.6, 72, -14.8,
    100, -14.4, 130, -26, 130, -26.2, 100, -26, 70, -26.2, 48, -26.6, 34,
  ]),
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
  outline: points([
    -26.4, 25.6, -26.8, 20.5, -25.6, 16.4, -23.9, 15.6, -22.6, 17.8, -20.2, 19, -16.4, 18.8, -12, 18.4, -8.6,
    18.8, -7.4, 22.4, -7, 27, -11.5, 25.3, -17, 23.9, -22, 24.4,
  ]),
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
  points([
    4.8, 7.4, 3.4, 3, 5.4, -1, 9.4, -4.6, 12.6, -7.8, 17, -6.4, 20.6, -2.6, 20.4, 0.8, 16.4, 4.2, 11.6, 7.8,
    7.6, 9.6,
  ]),
  55,
);
const LUNATE = carpal(
  'lunate',
  7,
  points([
    -11.2, 9.4, -9.9, 4.6, -7.4, 0.8, -3.4, -0.6, 0.6, 0.6, 4, 2.6, 4.8, 7.6, 1.6, 11.4, -3.6, 12.8, -8.8,
    12.2,
  ]),
  20,
);
const TRIQUETRUM = carpal(
  'triquetrum',
  6.4,
  points([-22, 0.4, -21.6, -4.6, -18, -7.6, -14, -5.2, -10, -0.6, -9.4, 2.8, -12.4, 6, -16.6, 7.6, -20, 5]),
  -40,
);
const PISIFORM = carpal(
  'pisiform',
  5,
  points([-24.2, -2.2, -21.4, -6.8, -17, -5.6, -15.6, -0.6, -18, 3.4, -22.4, 2.6]),
  0,
);
const CAPITATE = carpal(
  'capitate',
  7.8,
  points([
    -5.4, -3, -4.2, -9, -4.6, -15, -4.2, -21, 0.6, -22.6, 6, -22, 9.4, -20, 9.8, -14, 10.4, -9, 8, -4.4, 4.6,
    -0.4, 0, 1.2, -3.6, 0,
  ]),
  5,
);
const HAMATE = carpal(
  'hamate',
  7,
  points([
    -20, -15.4, -17.6, -18.8, -11, -20.4, -4.4, -20.8, -3.6, -14, -5.2, -8, -7.6, -3.4, -11.6, -5.8, -16,
    -10.4,
  ]),
  -25,
);
const TRAPEZOID = carpal(
  'trapezoid',
  6,
  points([9.6, -17, 11.6, -20.4, 16, -20.6, 20.6, -17.6, 19.8, -11.4, 15.6, -8.6, 11.8, -11.4]),
  15,
);
const TRAPEZIUM = carpal(
  'trapezium',
  6.4,
  points([
    17.8, -8.8, 19.4, -14, 22.6, -17.6, 26.6, -17.4, 30.4, -13, 31.4, -8, 28.6, -3.4, 23.6, -2.4, 19.4, -4.6,
  ]),
  35,
);

/** In class order. */
export const FOREARM_BONES: readonly Bone[] = [RADIUS, ULNA, RADIUS_EPIPHYSIS, ULNA_EPIPHYSIS];
/** In class order. */
export const CARPAL_BONES: readonly Bone[] = [
  SCAPHOID,
  LUNATE,
  TRIQUETRUM,
  CAPITATE,
  HAMATE,
  TRAPEZIUM,
  TRAPEZOID,
  PISIFORM,
];
