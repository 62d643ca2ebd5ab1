/** @file From the probability maps of a network to masks: all that it predicts, and those that are refined. */
import type { Atlas } from '../atlas/atlas.ts';
import { settle } from '../atlas/settle.ts';
import type { ClassMask } from '../masks/mask.ts';
import type { NetworkEvidence } from '../refine/evidence.ts';
import { selectComponents, selectFromProbabilities } from '../refine/select.ts';
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
    let [sum, area] = [0, 0];
    for (let i = 0; i < mask.data.length; i++) {
      if (mask.data[i] === 0) continue;
      sum += probabilities[i]!;
      area++;
    }
    return { classIndex, mask, score: area === 0 ? 0 : sum / area };
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
  { selection, threshold }: SelectionSettings,
): SelectedClassMask[] {
  const { height, width } = maps;
  const selected =
    head === 'exclusive'
      ? masks.map(({ classIndex, mask }) => ({
          classIndex,
          ...selectComponents(mask, plane(maps, classIndex), selection),
        }))
      : Array.from({ length: maps.classes }, (_, classIndex) => ({
          classIndex,
          ...selectFromProbabilities({ height, width, data: plane(maps, classIndex) }, selection, threshold),
        }));
  return selected.map(({ classIndex, mask, score, share }) => ({
    classIndex,
    mask,
    score,
    provenance: { componentShare: share, margin: meanMargin(maps, { classIndex, mask }) },
  }));
}

/**
 * The same after an atlas has settled which class pixels belong to; for maps of classes that exclude each other. What is
 * recorded of a mask is what the network itself says.
 */
export function settledMasks(
  maps: ProbabilityMaps,
  atlas: Atlas,
  selection: SelectionSettings,
): SelectedClassMask[] {
  const settled = settle(maps, atlas);
  const masks = selectedMasks(settled, probabilitiesToMasks(settled, 'exclusive'), 'exclusive', selection);
  return predictedMasks(maps, masks).map((mask, i) => ({
    ...mask,
    provenance: { ...masks[i]!.provenance, margin: meanMargin(maps, mask) },
  }));
}

/** Mean over the mask of the probability of its class less that of the likeliest other class; 0 for an empty mask. */
function meanMargin({ classes, data }: ProbabilityMaps, { classIndex, mask }: ClassMask): number {
  const pixels = mask.data.length;
  let [sum, area] = [0, 0];
  for (let i = 0; i < pixels; i++) {
    if (mask.data[i] === 0) continue;
    let rival = 0;
    for (let c = 0; c < classes; c++) {
      if (c !== classIndex) rival = Math.max(rival, data[c * pixels + i]!);
    }
    sum += data[classIndex * pixels + i]! - rival;
    area++;
  }
  return area === 0 ? 0 : sum / area;
}

function plane({ height, width, data }: ProbabilityMaps, classIndex: number): Float32Array {
  return data.subarray(classIndex * height * width, (classIndex + 1) * height * width);
}
