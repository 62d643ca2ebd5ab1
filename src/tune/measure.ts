/** @file Measuring settings on a labelled image: masks that a fold network drew of it unseen, refined, beside its truth. */
import type { Case } from '../dataset/types.ts';
import { readCase } from '../dataset/view.ts';
import type { Image } from '../imaging/image.ts';
import { dice, rleOverlap } from '../masks/overlap.ts';
import { encodeRle, rleArea } from '../masks/rle.ts';
import { readMaskSet, structuresByName } from '../pipeline/mask-sets.ts';
import type { PreparedFolds } from '../pipeline/prepare.ts';
import { initialMasks } from '../pipeline/refine-images.ts';
import { openSam, type SamChoice, type SamOptions } from '../pipeline/sam-model.ts';
import type { RunContext } from '../pipeline/stage.ts';
import { foldSam } from '../pipeline/stages/adapt.ts';
import { foldsOf } from '../pipeline/stages/folds.ts';
import { createRefiner } from '../refine/index.ts';
import type { InitialMask, RefinedMask } from '../refine/refiner.ts';
import type { RefineSettings } from '../refine/settings.ts';
import type { EncodedImage, PromptableModel } from '../sam/promptable.ts';

/** An image that a fold network has not seen, and which network that is. */
export interface HeldImage {
  readonly item: Case;
  readonly fold: number;
}

export function heldImages({ checked, planned }: PreparedFolds, seed: number): HeldImage[] {
  const folds = foldsOf(checked.dataset, planned, seed);
  return folds.flatMap(({ held }, fold) => held.map((item) => ({ item, fold })));
}

export interface Measure {
  /** Dice of each structure that the image shows, in class order; 0 for one that was not found. */
  (settings: RefineSettings, image: HeldImage): Promise<readonly number[]>;
  close(): Promise<void>;
}

export interface MeasureOptions extends SamOptions {
  readonly prepared: PreparedFolds;
  /** The promptable model, where the refiner needs one. */
  readonly sam: SamChoice | undefined;
  /** Whether it was adapted to the labelled images: each fold then has a copy of its own. */
  readonly adapted: boolean;
}

/** Needs the masks of folds/. An image is read and encoded once as long as no other is asked for. */
export async function openMeasure(context: RunContext, options: MeasureOptions): Promise<Measure> {
  const { prepared, sam, adapted } = options;
  const { run, signal } = context;
  const { dataset, imageHashes } = prepared.checked;
  const drawn = structuresByName(await readMaskSet(run, 'folds', 'labelled', dataset));
  const models = new Map<string, Awaited<ReturnType<typeof openSam>>>();

  /** The model of a fold has not learnt from its images. */
  const modelOf = async (fold: number): Promise<PromptableModel | undefined> => {
    if (sam === undefined) return undefined;
    const choice = adapted ? await foldSam(run, sam, fold) : sam;
    const key = JSON.stringify(choice);
    const model = models.get(key) ?? (await openSam(choice, context, options));
    models.set(key, model);
    return encodingOnce(model);
  };
  const open = async ({ item, fold }: HeldImage): Promise<OpenImage> => ({
    item,
    image: await readCase(item),
    initial: initialMasks(drawn.get(item.name)),
    model: await modelOf(fold),
  });

  let last: OpenImage | undefined;
  const measure = async (settings: RefineSettings, image: HeldImage): Promise<readonly number[]> => {
    if (last?.item !== image.item) last = await open(image);
    const refiner = createRefiner(settings, last.model && { model: last.model });
    const refined = await refiner.refine(last.image, last.initial, {
      classes: dataset.classes,
      imageKey: imageHashes.get(image.item.id)!,
      ...(signal && { signal }),
    });
    return diceOfStructures(image.item, refined);
  };
  return Object.assign(measure, {
    close: async () => {
      for (const model of models.values()) await model.close();
    },
  });
}

interface OpenImage {
  readonly item: Case;
  readonly image: Image;
  readonly initial: readonly InitialMask[];
  readonly model: PromptableModel | undefined;
}

/** The model for one image, whatever is asked about it. */
function encodingOnce(model: PromptableModel): PromptableModel {
  let encoded: Promise<EncodedImage> | undefined;
  return {
    name: model.name,
    encode: (image, imageKey) => {
      encoded ??= model.encode(image, imageKey);
      return encoded;
    },
    decode: (...asked) => model.decode(...asked),
  };
}

function diceOfStructures({ structures = [] }: Case, refined: readonly RefinedMask[]): number[] {
  return structures
    .filter(({ rle }) => rleArea(rle) > 0)
    .map(({ classIndex, rle }) => {
      const found = refined.find((mask) => mask.classIndex === classIndex);
      return dice(rleOverlap(rle, found && encodeRle(found.mask))) ?? 0;
    });
}
