/**
 * @file The skeleton of the phantom: a simplified adolescent left hand and wrist.
 *
 * Outlines are control points of closed splines, drawn for this project after the general proportions of the hand;
 * they are no one's measurements.
 */
import type { Bone } from './bone.ts';
import { EPIPHYSES, METACARPAL_BONES, PHALANX_BONES, SESAMOID_BONES } from './fingers.ts';
import { CARPAL_BONES, FOREARM_BONES } from './wrist.ts';

/** All bones. Their order is the order of classes: the first n bones are the n classes. */
export const BONES: readonly Bone[] = [
  ...FOREARM_BONES,
  ...CARPAL_BONES,
  ...METACARPAL_BONES,
  ...PHALANX_BONES,
  ...SESAMOID_BONES,
  ...EPIPHYSES,
];
