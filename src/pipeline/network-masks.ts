/** @file From the probability maps of a network to masks: all that it predicts, and those that are refined. */
import type { Atlas } from '../atlas/atlas.ts';
import { settle } from '../atlas/settle.ts';
import { type ClassMask, setPixels } from '../masks/mask.ts';
import type { NetworkEvidence } from '../refine/evidence.ts';
import { type SelectedMask, selectComponents, selectFromProbabilities } from '../refine/select.ts';
import type { RefineSettings } from '../refine/settings.ts';
import { probabilitiesToMasks } from '../training/predictor.ts';
import type { Head, ProbabilityMaps } from '../training/types.ts';

export type SelectionSettings = Pick<RefineSettings, 'selection' | 'threshold'>;

interface ScoredMask extends ClassMask {
  /** Mean probability over the mask. */
  readonly score: number;
}

/** A mask with what the maps say about it, as its provenance. */
export interface SelectedClassMask extends ScoredMask {
  readonly provenance: NetworkEvidence & Readonly<Record<string, unknown>>;
}

/** The masks that a network predicts, with their mean probabilities. */
export function predictedMasks(maps: ProbabilityMaps, masks: readonly ClassMask[]): ScoredMask[] {
  return masks.map(({ classIndex, mask }) => {
    const probabilities = plane(maps, classIndex);
    const pixels = setPixels(mask);
    let sum = 0;
    for (let i = 0; i < pixels.length; i++) sum += probabilities[pixels[i]!]!;
    return { classIndex, mask, score: pixels.length === 0 ? 0 : sum / pixels.length };
  });
}

/**
 * Component selection of every class. Masks of an exclusive network are those of the most probable class, so that
 * the threshold is for overlapping ones.
 */
export function selectedMasks(
  maps: ProbabilityMaps,
  masks: readonly ClassMask[],
  head: Head,
  settings: SelectionSettings,
): SelectedClassMask[] {
  return selection(maps, masks, head, settings).map((mask) => withEvidence(maps, mask));
}

/**
 * The same after an atlas has settled which class pixels belong to; for maps of classes that exclude each other. What is
 * recorded of a mask is what the network itself says.
 */
export function settledMasks(
  maps: ProbabilityMaps,
  atlas: Atlas,
  settings: SelectionSettings,
): SelectedClassMask[] {
  const settled = settle(maps, atlas);
  const masks = selection(settled, probabilitiesToMasks(settled, 'exclusive'), 'exclusive', settings);
  return predictedMasks(maps, masks).map(({ score }, i) => withEvidence(maps, { ...masks[i]!, score }));
}

type Selection = ClassMask & SelectedMask;

function selection(
  maps: ProbabilityMaps,
  masks: readonly ClassMask[],
  head: Head,
  { selection, threshold }: SelectionSettings,
): Selection[] {
  const { height, width } = maps;
  if (head === 'exclusive') {
    return masks.map(({ classIndex, mask }) => ({
      classIndex,
      ...selectComponents(mask, plane(maps, classIndex), selection),
    }));
  }
  return Array.from({ length: maps.classes }, (_, classIndex) => ({
    classIndex,
    ...selectFromProbabilities({ height, width, data: plane(maps, classIndex) }, selection, threshold),
  }));
}

function withEvidence(
  maps: ProbabilityMaps,
  { classIndex, mask, score, share }: Selection,
): SelectedClassMask {
  const provenance = { componentShare: share, margin: meanMargin(maps, { classIndex, mask }) };
  return { classIndex, mask, score, provenance };
}

/** Mean over the mask of the probability of its class less that of the likeliest other class; 0 for an empty mask. */
function meanMargin(maps: ProbabilityMaps, { classIndex, mask }: ClassMask): number {
  const pixels = setPixels(mask);
  const rivals = new Float32Array(pixels.length);
  for (let c = 0; c < maps.classes; c++) {
    if (c === classIndex) continue;
    const others = plane(maps, c);
    for (let i = 0; i < pixels.length; i++) rivals[i] = Math.max(rivals[i]!, others[pixels[i]!]!);
  }
  const own = plane(maps, classIndex);
  let sum = 0;
  for (let i = 0; i < pixels.length; i++) sum += own[pixels[i]!]! - rivals[i]!;
  return pixels.length === 0 ? 0 : sum / pixels.length;
}

function plane({ height, width, data }: ProbabilityMaps, classIndex: number): Float32Array {
  return data.subarray(classIndex * height * width, (classIndex + 1) * height * width);
}
