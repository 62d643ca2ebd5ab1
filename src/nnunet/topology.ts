/**
 * @file From a size to a network: how large patches are, which axes are halved how often, how many features each stage
 * has. The rules and numbers are nnU-Net's (Isensee et al. 2021 and its version 2, 2D).
 */
import type { Size } from '../base/geometry.ts';
import { type Stage, type Stride, stepsOf } from '../nn/plain-conv-unet.ts';
import type { SpacingMm } from './fingerprint.ts';

export interface Topology {
  readonly patch: Size;
  readonly stages: readonly Stage[];
}

/** Features of the first stage and the most that a stage has, of networks of full width. */
export const FULL_WIDTH = 32;
const MOST_FEATURES = 512;
/** Rows and columns that the last stage has at least. */
const FEWEST_PLACES = 4;

export interface Wishes {
  /** Median size of the images, px: patches are no larger. */
  readonly image: Size;
  /** Only the relation of the two counts. */
  readonly spacingMm?: SpacingMm;
  /** Features of the first stage. */
  readonly base: number;
  readonly isAffordable: (topology: Topology) => boolean;
}

/** The largest patches that can be afforded, shrunk from the whole image along the side that is the larger part of it. */
export function chooseTopology({ image, spacingMm = [1, 1], base, isAffordable }: Wishes): Topology {
  let patch = image;
  for (;;) {
    const topology = topologyOf(patch, spacingMm, base);
    if (isAffordable(topology)) return topology;
    const [height, width] = [topology.patch.height, topology.patch.width];
    const [rows, columns] = stepsOf(topology.stages);
    const isTall = height / image.height >= width / image.width;
    const smaller = isTall ? { height: height - rows, width } : { height, width: width - columns };
    if (Math.min(smaller.height, smaller.width) < 2 * FEWEST_PLACES) return topology;
    patch = smaller;
  }
}

/** The network for patches of a size, which is rounded up to what its steps divide. */
function topologyOf(size: Size, spacingMm: SpacingMm, base: number): Topology {
  const strides = chooseStrides(size, spacingMm);
  const stages = strides.map((stride, level) => ({
    features: (Math.min(FULL_WIDTH * 2 ** level, MOST_FEATURES) * base) / FULL_WIDTH,
    stride,
  }));
  const [rows, columns] = stepsOf(stages);
  const patch = {
    height: Math.ceil(size.height / rows) * rows,
    width: Math.ceil(size.width / columns) * columns,
  };
  return { patch, stages };
}

/**
 * The steps into the stages. An axis is halved as long as FEWEST_PLACES are left and its spacing is less than twice the
 * other's; one alone only where it is long enough for three times as many.
 */
function chooseStrides({ height, width }: Size, spacingMm: SpacingMm): Stride[] {
  const strides: Stride[] = [[1, 1]];
  const size = [height, width];
  const spacing: number[] = [...spacingMm];
  for (;;) {
    const long = [0, 1].filter((axis) => size[axis]! >= 2 * FEWEST_PLACES);
    const finest = Math.min(...long.map((axis) => spacing[axis]!));
    const axes = long.filter((axis) => spacing[axis]! / finest < 2);
    if (axes.length === 0 || (axes.length === 1 && size[axes[0]!]! < 3 * FEWEST_PLACES)) return strides;
    for (const axis of axes) {
      size[axis] = Math.ceil(size[axis]! / 2);
      spacing[axis]! *= 2;
    }
    strides.push([axes.includes(0) ? 2 : 1, axes.includes(1) ? 2 : 1]);
  }
}

/** Values of all feature maps of one patch, by which nnU-Net reckons memory. */
export function featureValues({ patch, stages }: Topology, outputChannels: number): number {
  let pixels = patch.height * patch.width;
  let values = 0;
  stages.forEach(({ features, stride }, level) => {
    pixels /= stride[0] * stride[1];
    const isLast = level === stages.length - 1;
    // Two convolutions down; on the way up one transposed, two more and the logits.
    values += pixels * (isLast ? 2 * features : 5 * features + outputChannels);
  });
  return values;
}

/** Number of weights, norms left out. */
export function weightCount({ stages }: Topology): number {
  let [weights, above] = [0, 1];
  stages.forEach(({ features }, level) => {
    weights += 9 * features * (above + features);
    const below = stages[level + 1];
    if (below) weights += below.features * features * below.stride[0] * below.stride[1] + 27 * features ** 2;
    above = features;
  });
  return weights;
}
