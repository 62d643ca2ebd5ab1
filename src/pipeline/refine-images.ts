/** @file Refining the images of a run one by one: the refiner that the settings name, and masks with their evidence. */
import type { Structure } from '../annotations/types.ts';
import type { ClassShapes } from '../dataset/shapes.ts';
import type { Case } from '../dataset/types.ts';
import { readImage } from '../imaging/read.ts';
import { decodeRle } from '../masks/rle.ts';
import type { NetworkEvidence } from '../refine/evidence.ts';
import { gatherEvidence } from '../refine/gather-evidence.ts';
import { createRefiner } from '../refine/index.ts';
import type { InitialMask, RefineContext, Refiner } from '../refine/refiner.ts';
import type { ComputeOptions } from '../runtime/session.ts';
import { loadSamCheckpoint } from '../sam/checkpoint.ts';
import { SamPredictor } from '../sam/predictor.ts';
import { openEmbeddingStore } from '../sam/store.ts';
import type { RunConfig } from './config.ts';
import { type StoredStructure, storeMasks } from './mask-sets.ts';

export interface RefinerOptions {
  readonly config: Pick<RunConfig, 'refine' | 'sam'>;
  readonly compute: ComputeOptions;
  /** Where embeddings of images are kept, for all runs. */
  readonly embeddings: string;
}

/** The refiner of a run; closing it closes its model too. */
export async function openRefiner({ config, compute, embeddings }: RefinerOptions): Promise<Refiner> {
  const { refine, sam } = config;
  if (refine.refiner !== 'sam') return createRefiner(refine);
  const model = new SamPredictor(await loadSamCheckpoint(sam.checkpoint!), {
    ...compute,
    store: openEmbeddingStore(embeddings),
    preprocessing: sam.preprocessing,
  });
  const refiner = createRefiner(refine, { model });
  return {
    ...refiner,
    close: async () => {
      await refiner.close();
      await model.close();
    },
  };
}

/** Refines the selected masks of one image; `usual` are the shapes that their evidence compares them with. */
export async function refineImage(
  refiner: Refiner,
  item: Case,
  selected: readonly Structure[],
  usual: ClassShapes,
  context: RefineContext,
): Promise<StoredStructure[]> {
  const initial = selected.map(initialMask);
  const refined = await refiner.refine(await readImage(item.imagePath), initial, context);
  const evidence = gatherEvidence(initial, refined, usual);
  return storeMasks(
    refined.map(({ evidence: _, provenance, ...mask }, k) => ({
      ...mask,
      provenance: { ...provenance, evidence: evidence[k]! },
    })),
  );
}

/** What the network said about a selected mask is its provenance. */
function initialMask({ classIndex, rle, score = 0, provenance }: Structure): InitialMask {
  const { componentShare, margin } = (provenance ?? {}) as Partial<NetworkEvidence>;
  return {
    classIndex,
    mask: decodeRle(rle),
    score,
    ...(componentShare !== undefined && margin !== undefined && { evidence: { componentShare, margin } }),
  };
}
