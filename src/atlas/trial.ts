/**
 * @file Whether an atlas suits the structures of annotated images, by these alone. Structures that lie otherwise from
 * image to image, as the bones of hands that are turned or flipped, it would name after each other.
 */
import type { Size } from '../base/geometry.ts';
import { rasterTarget } from '../training/labels.ts';
import type { ProbabilityMaps } from '../training/types.ts';
import type { AnnotatedImage, Atlas } from './atlas.ts';
import { settle } from './settle.ts';

/** How sure the network is that the trial imagines, and which is right everywhere. */
const SURE = 0.5;
/** Longer side of its maps, px. */
const SIDE = 256;
/** Images that are tried at most. */
const TRIED = 12;

/**
 * Part of the foreground, [0, 1], that keeps its true name when the atlas of all other images settles what a network says
 * that is right and half sure; a mean over images. Two images or more.
 */
export function keptNames<T extends AnnotatedImage>(
  images: readonly T[],
  classCount: number,
  learn: (others: readonly T[]) => Atlas,
): number {
  const tried = images.slice(0, TRIED);
  const kept = tried.map((image) => {
    const atlas = learn(images.filter((other) => other !== image));
    const size = mapSize(image.size);
    const names = rasterTarget(image.structures ?? [], classCount, image.size, size, 'exclusive');
    return agreement(names, settle(halfSure(names, classCount, size), atlas));
  });
  return kept.reduce((sum, part) => sum + part, 0) / tried.length;
}

function mapSize({ height, width }: Size): Size {
  const scale = Math.min(1, SIDE / Math.max(height, width));
  return { height: Math.round(height * scale), width: Math.round(width * scale) };
}

/** What is not given to the true class is divided among the others. */
function halfSure(names: Uint8Array, classes: number, size: Size): ProbabilityMaps {
  const data = new Float32Array(classes * names.length);
  for (let i = 0; i < names.length; i++) {
    if (names[i] === 0) continue;
    for (let k = 0; k < classes; k++)
      data[k * names.length + i] = names[i] === k + 1 ? SURE : (1 - SURE) / (classes - 1);
  }
  return { ...size, classes, data };
}

/** Part of the named pixels whose likeliest class is their name; 1 where there are none. */
function agreement(names: Uint8Array, { classes, data }: ProbabilityMaps): number {
  let [named, right] = [0, 0];
  for (let i = 0; i < names.length; i++) {
    if (names[i] === 0) continue;
    let best = 0;
    for (let k = 1; k < classes; k++)
      if (data[k * names.length + i]! > data[best * names.length + i]!) best = k;
    named++;
    if (best === names[i]! - 1) right++;
  }
  return named === 0 ? 1 : right / named;
}
