/** @file Refining the images of a run one by one: the refiner that the settings name, and masks with their evidence. */
import type { Structure } from '../annotations/types.ts';
import { openCloseUp } from '../closeup/predictor.ts';
import type { ClassShapes } from '../dataset/shapes.ts';
import type { Case } from '../dataset/types.ts';
import { readCase } from '../dataset/view.ts';
import type { Image } from '../imaging/image.ts';
import { decodeRle } from '../masks/rle.ts';
import type { NetworkEvidence } from '../refine/evidence.ts';
import { gatherEvidence } from '../refine/gather-evidence.ts';
import { createRefiner } from '../refine/index.ts';
import type { InitialMask, RefineContext, Refiner } from '../refine/refiner.ts';
import type { RunConfig } from './config.ts';
import { type StoredStructure, storeMasks } from './mask-sets.ts';
import { openSam, type SamChoice, type SamOptions } from './sam-model.ts';
import type { RunContext } from './stage.ts';

export interface RefinerOptions extends SamOptions {
  readonly config: Pick<RunConfig, 'refine'>;
  /** The promptable model, where the refiner needs one. */
  readonly sam: SamChoice | undefined;
  /** The trained network of close-ups, where the refiner has one. */
  readonly closeUp?: string | undefined;
}

/** The refiner of a run; closing it closes its model too. */
export async function openRefiner(
  context: RunContext,
  { config: { refine }, sam, closeUp, compute, embeddings }: RefinerOptions,
): Promise<Refiner> {
  const model = sam && (await openSam(sam, context, { compute, embeddings }));
  const network = closeUp === undefined ? undefined : await openCloseUp(closeUp, compute);
  const refiner = createRefiner(refine, { ...(model && { model }), ...(network && { closeUp: network }) });
  return {
    ...refiner,
    close: async () => {
      await refiner.close();
      await model?.close();
      await network?.close();
    },
  };
}

/** Refines the masks of one image; `usual` are the shapes that their evidence compares them with. */
export async function refineImage(
  refiner: Refiner,
  image: Image,
  initial: readonly InitialMask[],
  usual: ClassShapes,
  context: RefineContext,
): Promise<StoredStructure[]> {
  const refined = await refiner.refine(image, initial, context);
  const evidence = gatherEvidence(initial, refined, usual);
  return storeMasks(
    refined.map(({ evidence: _, provenance, ...mask }, k) => ({
      ...mask,
      provenance: { ...provenance, evidence: evidence[k]! },
    })),
  );
}

/** The same for a case and its stored masks. */
export async function refineCase(
  refiner: Refiner,
  item: Case,
  selected: readonly Structure[] | undefined,
  usual: ClassShapes,
  context: RefineContext,
): Promise<StoredStructure[]> {
  return refineImage(refiner, await readCase(item), initialMasks(selected), usual, context);
}

/** Stored masks of an image, to be refined; what the network said about each is its provenance. */
export function initialMasks(selected: readonly Structure[] = []): InitialMask[] {
  return selected.map(({ classIndex, rle, score = 0, provenance }) => {
    const { componentShare, margin } = (provenance ?? {}) as Partial<NetworkEvidence>;
    return {
      classIndex,
      mask: decodeRle(rle),
      score,
      ...(componentShare !== undefined && margin !== undefined && { evidence: { componentShare, margin } }),
    };
  });
}
