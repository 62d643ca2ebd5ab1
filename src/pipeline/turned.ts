/**
 * @file Masks between the frame in which networks see an image and that of its file. Where a case is mirrored the two
 * differ; annotation files and the report are in the frame of the file, everything in between in that of the case.
 */
import type { Structure } from '../annotations/types.ts';
import type { BoxXyxy, PointXy } from '../base/geometry.ts';
import type { Case } from '../dataset/types.ts';
import { turnStructures } from '../dataset/view.ts';
import { mirrorBox, mirrorPoint } from '../masks/mirror.ts';
import { isTree } from './config.ts';

/** Structures with the prompts in their provenance, from one frame to the other. */
export function turned(structures: readonly Structure[], item: Case): readonly Structure[] {
  if (!item.view?.mirrored) return structures;
  return turnStructures(structures, item).map((structure) => {
    const { provenance } = structure;
    if (!isTree(provenance?.prompt)) return structure;
    return {
      ...structure,
      provenance: { ...provenance, prompt: turnedPrompt(provenance.prompt, item.size.width) },
    };
  });
}

/** A prompt as a promptable refiner writes it into its provenance. */
export interface RecordedPrompt {
  readonly box?: BoxXyxy;
  readonly positive?: PointXy;
  readonly negatives?: readonly PointXy[];
}

function turnedPrompt(prompt: RecordedPrompt, width: number): RecordedPrompt {
  const { box, positive, negatives } = prompt;
  return {
    ...prompt,
    ...(box && { box: mirrorBox(box, width) }),
    ...(positive && { positive: mirrorPoint(positive, width) }),
    ...(negatives && { negatives: negatives.map((point) => mirrorPoint(point, width)) }),
  };
}

/** The case in the frame of its file. */
export function asFiled(item: Case): Case {
  if (!item.view?.mirrored) return item;
  const { mirrored: _, ...view } = item.view;
  const { structures } = item;
  return { ...item, view, ...(structures && { structures: turnStructures(structures, item) }) };
}
