/**
 * @file Phantom radiographs: images of a hand and wrist with exact, overlapping masks, for the demo and for tests.
 *
 * Shapes give path lengths, path lengths give attenuation, attenuation gives photons, photons give the picture; the
 * masks come from the same shapes, so they are exact. No part of a real image is used.
 */
import { DatasetError } from '../../base/errors.ts';
import type { Size } from '../../base/geometry.ts';
import { createRng } from '../../base/rng.ts';
import type { Image } from '../../imaging/image.ts';
import { type ClassMask, emptyMask } from '../../masks/mask.ts';
import { trabecularTile } from '../drawing/texture.ts';
import { BONES } from './anatomy.ts';
import { addBone, addSoftTissue } from './attenuation.ts';
import { drawExposure, expose } from './exposure.ts';
import { type BodySide, poseHand } from './pose.ts';
import { addSideMarker, collimatedField } from './surround.ts';

export interface PhantomOptions {
  readonly seed: number;
  /** Number of the image: each is another person, pose and exposure. */
  readonly index: number;
  /** Number of labelled bones, 1 to the length of the bone list; up to 17 show the wrist, more the whole hand. */
  readonly classes: number;
  /** Height and width in px, at least 32 each. */
  readonly size: Size;
  /** Side of the body; drawn at random by default. */
  readonly side?: BodySide;
  /** Bits per pixel, 8 by default. */
  readonly bits?: 8 | 16;
}

export interface Phantom {
  readonly image: Image;
  /** In class order; a structure wholly outside the picture is left out. */
  readonly structures: readonly ClassMask[];
  readonly side: BodySide;
}

export const MAX_PHANTOM_CLASSES = BONES.length;

/** Names of the first `count` classes. */
export function phantomClassNames(count: number): string[] {
  return BONES.slice(0, count).map((bone) => bone.name);
}

/** One phantom. The same options give the same bytes. Throws DatasetError for impossible options. */
export function generatePhantom(options: PhantomOptions): Phantom {
  requirePossible(options);
  const { size, classes, bits = 8 } = options;
  const rng = createRng(options.seed).child(`phantom ${options.index}`);
  const drawn: BodySide = rng.uniform() < 0.5 ? 'left' : 'right';
  const pose = poseHand(rng.child('pose'), size, classes, options.side ?? drawn);
  const attenuation = new Float32Array(size.height * size.width);
  addSoftTissue(attenuation, size, pose.tissue, pose.pxPerMm);
  const open = collimatedField(rng.child('field'), size);
  const boneRng = rng.child('bones');
  const tile = trabecularTile(boneRng);
  const structures: ClassMask[] = [];
  for (const [classIndex, bone] of pose.bones.entries()) {
    const mask = classIndex < classes ? emptyMask(size) : undefined;
    addBone(attenuation, size, bone, tile, boneRng, mask?.data);
    if (mask !== undefined && keepVisible(mask.data, open)) structures.push({ classIndex, mask });
  }
  addSideMarker(rng.child('marker'), attenuation, size, pose.side);
  const exposureRng = rng.child('exposure');
  const grey = expose(attenuation, open, size, drawExposure(exposureRng), exposureRng);
  const white = 2 ** bits - 1;
  const data = bits === 8 ? new Uint8Array(grey.length) : new Uint16Array(grey.length);
  // Beyond the collimator the display shows black.
  for (let i = 0; i < grey.length; i++) data[i] = open[i] === 1 ? Math.round(grey[i]! * white) : 0;
  return { image: { ...size, bits, data }, structures, side: pose.side };
}

/** Clears what the collimator hides; whether anything is left. */
function keepVisible(mask: Uint8Array, open: Uint8Array): boolean {
  let left = 0;
  for (let i = 0; i < mask.length; i++) {
    mask[i]! &= open[i]!;
    left |= mask[i]!;
  }
  return left === 1;
}

function requirePossible({ classes, size, index }: PhantomOptions): void {
  const problems = [
    Number.isInteger(classes) && classes >= 1 && classes <= MAX_PHANTOM_CLASSES
      ? ''
      : `classes is ${classes}, not a whole number from 1 to ${MAX_PHANTOM_CLASSES}`,
    Number.isInteger(index) && index >= 0 ? '' : `index is ${index}, not a whole number from 0`,
    Number.isInteger(size.height) && Number.isInteger(size.width) && Math.min(size.height, size.width) >= 32
      ? ''
      : `size is ${size.height} x ${size.width}, not at least 32 x 32 px`,
  ].filter((problem) => problem !== '');
  if (problems.length === 0) return;
  throw new DatasetError({
    seen: `A phantom was asked for whose ${problems.join('; whose ')}`,
    need: 'Phantoms are images of a hand with a set of labelled bones',
    fix: 'Change these options',
  });
}
