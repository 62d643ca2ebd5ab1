/** @file Component selection: from the probability map of one class to its initial mask. */
import type { Size } from '../base/geometry.ts';
import { componentMask, componentMeans, labelComponents } from '../masks/components.ts';
import { emptyMask, type Mask } from '../masks/mask.ts';

/** Which 8-connected components of a thresholded class are kept. */
export const COMPONENT_SELECTIONS = ['highest_probability', 'largest', 'all'] as const;
export type ComponentSelection = (typeof COMPONENT_SELECTIONS)[number];

/** Probabilities of one class, row-major, length height x width, in [0, 1]. */
export interface ProbabilityMap extends Size {
  readonly data: Float32Array;
}

export interface SelectedMask {
  readonly mask: Mask;
  /** Mean probability over the mask; 0 where it is empty. */
  readonly score: number;
  /** Probability mass of the kept components as a share of that of all components, [0, 1]; 0 where there is none. */
  readonly share: number;
}

/** Pixels above the threshold, then the components that `selection` keeps. */
export function selectFromProbabilities(
  probabilities: ProbabilityMap,
  selection: ComponentSelection,
  threshold = 0.5,
): SelectedMask {
  const mask = emptyMask(probabilities);
  for (let i = 0; i < mask.data.length; i++) mask.data[i] = probabilities.data[i]! > threshold ? 1 : 0;
  return selectComponents(mask, probabilities.data, selection);
}

/**
 * The components of a mask that `selection` keeps: the one of the highest mean probability, the largest one, or
 * all. On a tie the larger one, then the one that comes first in row-major order.
 */
export function selectComponents(
  mask: Mask,
  probabilities: ArrayLike<number>,
  selection: ComponentSelection,
): SelectedMask {
  const components = labelComponents(mask, 8);
  const { count, areas } = components;
  if (count === 0) return { mask, score: 0, share: 0 };
  const means = componentMeans(components, probabilities);
  let [mass, area] = [0, 0];
  for (let label = 1; label <= count; label++) {
    mass += means[label]! * areas[label]!;
    area += areas[label]!;
  }
  if (selection === 'all') return { mask, score: mass / area, share: 1 };
  let best = 1;
  for (let label = 2; label <= count; label++) {
    const byArea = areas[label]! - areas[best]!;
    const byMean = means[label]! - means[best]!;
    const better = selection === 'largest' ? byArea : byMean || byArea;
    if (better > 0) best = label;
  }
  return {
    mask: count === 1 ? mask : componentMask(components, best),
    score: means[best]!,
    share: count === 1 ? 1 : (means[best]! * areas[best]!) / mass,
  };
}
