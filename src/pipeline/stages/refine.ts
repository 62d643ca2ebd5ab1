/** @file Refining the selected masks of every unlabelled image, and of val and test so that the gain is measured. */
import { rm } from 'node:fs/promises';
import type { Atlas } from '../../atlas/atlas.ts';
import { writeFileAtomic } from '../../base/files.ts';
import type { CheckedDataset } from '../../dataset/check.ts';
import { usualShapes } from '../../dataset/shapes.ts';
import { casesOf, type ReviewedClass, type SplitName } from '../../dataset/types.ts';
import { rleToString } from '../../masks/rle.ts';
import { EVIDENCE_REVISION } from '../../refine/evidence.ts';
import { deviceKey } from '../../runtime/device.ts';
import type { RunConfig } from '../config.ts';
import { reviewsFingerprint } from '../fingerprints.ts';
import { runImageStage } from '../image-stage.ts';
import { readMaskSet, type StoredStructure, structuresByName, writeMaskSet } from '../mask-sets.ts';
import { openRefiner, type RefinerOptions, refineCase } from '../refine-images.ts';
import { atlasFile } from '../settling.ts';
import type { RunContext, StageOutcome } from '../stage.ts';

/** Whose masks are refined: those of the initial network, to learn from, or of the final one, as its last word. */
const REFINED = {
  refine: { selected: 'selected', settled: 'settled', to: 'refined', title: 'Refining masks' },
  refineFinal: {
    selected: 'final-selected',
    settled: 'final-settled',
    to: 'final-refined',
    title: 'Refining the masks of the final network',
  },
} as const;

export interface RefineStageOptions extends RefinerOptions {
  readonly name: keyof typeof REFINED;
  readonly checked: CheckedDataset;
  readonly splits: readonly SplitName[];
  /** What settled the masks that are refined; where nothing did, they are as the network names their pixels. */
  readonly atlas: Atlas | undefined;
  /** Of the stage that made the selected masks. */
  readonly predictKey: string;
  /** Of the stages that checked, adapted or trained the refiner's model, where there is one. */
  readonly modelKeys: readonly string[];
}

/** Writes refined/, or final-refined/. */
export async function refineStage(context: RunContext, options: RefineStageOptions): Promise<StageOutcome> {
  const { name, config, checked, splits, atlas } = options;
  const { dataset, imageHashes } = checked;
  const { run, signal } = context;
  const { [atlas === undefined ? 'selected' : 'settled']: source, to, title } = REFINED[name];
  const isFirst = name === 'refine';
  const masks = splits.map((split) => run.masks(to, split));
  const atlases = isFirst && atlas !== undefined ? [atlasFile(run)] : [];
  const reviewed = splits.includes('unlabelled') ? reviewsFingerprint(checked) : undefined;
  return runImageStage<StoredStructure[]>(context, {
    name,
    title: `${title} (${config.refine.refiner})`,
    inputs: {
      predicted: options.predictKey,
      ...(atlas && { atlas }),
      refine: relevantSettings(config.refine),
      evidence: EVIDENCE_REVISION,
      ...(options.modelKeys.length > 0 && {
        model: options.modelKeys,
        ...deviceKey(options.compute.device),
      }),
      ...(reviewed !== undefined && { reviewed }),
    },
    owns: [to],
    outputs: [...masks, ...atlases],
    // Trust is written into those of the initial network by a later stage, which seals them.
    seals: isFirst ? atlases : masks,
    cases: splits.flatMap((split) => casesOf(dataset, split)),
    journal: run.path(to, 'journal.jsonl'),
    open: async () => {
      const selected = new Map(
        (await Promise.all(splits.map((split) => readMaskSet(run, source, split, dataset)))).flatMap(
          (set) => [...structuresByName(set)],
        ),
      );
      // The labelled images are behind predictKey: the network learnt from them.
      const usual = usualShapes(casesOf(dataset, 'labelled'), dataset.classes.length);
      const refiner = await openRefiner(context, options);
      return {
        work: (item) =>
          refineCase(refiner, item, selected.get(item.name), usual, {
            classes: dataset.classes,
            imageKey: imageHashes.get(item.id)!,
            ...(signal && { signal }),
          }),
        close: () => refiner.close(),
      };
    },
    write: async (refined) => {
      // These masks carry no trust: what gives it to them is to be done again.
      if (isFirst) await rm(run.trust, { force: true });
      for (const split of splits) {
        const known = new Map(casesOf(dataset, split).map((item) => [item.id, item.reviewed ?? []]));
        await writeMaskSet(run.masks(to, split), dataset, split, (id) =>
          withReviewed(refined.get(id)!, known.get(id)!),
        );
      }
      for (const path of atlases) await writeFileAtomic(path, `${JSON.stringify(atlas)}\n`);
    },
  });
}

/**
 * The masks with what people said in the place of what was found. Such a mask has no evidence, so that it gets no
 * trust: nothing is estimated where somebody looked.
 */
function withReviewed(
  found: readonly StoredStructure[],
  reviewed: readonly ReviewedClass[],
): StoredStructure[] {
  const known = new Set(reviewed.map(({ classIndex }) => classIndex));
  const said = reviewed.flatMap(({ classIndex, rle, by, time }) =>
    rle === undefined
      ? []
      : [{ classIndex, counts: rleToString(rle), provenance: { reviewed: { by, time } } }],
  );
  return [...found.filter(({ classIndex }) => !known.has(classIndex)), ...said].sort(
    (a, b) => a.classIndex - b.classIndex,
  );
}

/** The settings that the refiner looks at: changing any other changes no mask. */
export function relevantSettings(refine: RunConfig['refine']): unknown {
  const { refiner, randomWalker, ensemble } = refine;
  // What the network of close-ups learnt is behind the key of its training.
  if (refiner === 'none' || refiner === 'close-up') return { refiner };
  if (refiner === 'random-walker')
    return { refiner, randomWalker, ...(ensemble.jitters !== 0 && { ensemble }) };
  const { morphology, seed, negatives, passes, candidates } = refine;
  return { refiner, morphology, seed, negatives, passes, candidates, ensemble };
}
