/** @file Refining the selected masks of every unlabelled image, and of val and test so that the gain is measured. */
import { rm } from 'node:fs/promises';
import type { CheckedDataset } from '../../dataset/check.ts';
import { casesOf, type SplitName } from '../../dataset/types.ts';
import { readImage } from '../../imaging/read.ts';
import { decodeRle } from '../../masks/rle.ts';
import { createRefiner } from '../../refine/index.ts';
import type { Refiner } from '../../refine/refiner.ts';
import { loadSamCheckpoint } from '../../sam/checkpoint.ts';
import { SamPredictor } from '../../sam/predictor.ts';
import { openEmbeddingStore } from '../../sam/store.ts';
import type { RunConfig } from '../config.ts';
import { eachImage } from '../each-image.ts';
import { imageName, readMaskSet, storeMasks, structuresByName, writeMaskSet } from '../mask-sets.ts';
import { type RunContext, runStage, type StageOutcome } from '../stage.ts';

export interface RefineStageOptions {
  readonly config: Pick<RunConfig, 'refine' | 'sam'>;
  readonly checked: CheckedDataset;
  readonly splits: readonly SplitName[];
  /** Of the stage that made the selected masks. */
  readonly predictKey: string;
  /** Of the stage that checked the promptable model, where there is one. */
  readonly modelKey: string | undefined;
  readonly threads: number;
  /** Where embeddings of images are kept, for all runs. */
  readonly embeddings: string;
}

/** Writes refined/. */
export async function refineStage(context: RunContext, options: RefineStageOptions): Promise<StageOutcome> {
  const { config, checked, splits } = options;
  const { dataset, imageHashes } = checked;
  const { run, signal } = context;
  const journalPath = run.path('refined', 'journal.jsonl');
  return runStage(context, {
    name: 'refine',
    title: `Refining masks (${config.refine.refiner})`,
    inputs: {
      predicted: options.predictKey,
      refine: relevantSettings(config.refine),
      ...(options.modelKey !== undefined && { model: options.modelKey }),
    },
    owns: ['refined'],
    outputs: splits.map((split) => run.masks('refined', split)),
    work: async () => {
      const selected = new Map(
        (
          await Promise.all(splits.map((split) => readMaskSet(run, 'selected', split, dataset.classes)))
        ).flatMap((set) => [...structuresByName(set)]),
      );
      const { refiner, close } = await openRefiner(options);
      try {
        const cases = splits.flatMap((split) => casesOf(dataset, split));
        const refined = await eachImage(context, cases, journalPath, async (item) => {
          const initial = (selected.get(imageName(item)) ?? []).map(({ classIndex, rle, score = 0 }) => ({
            classIndex,
            mask: decodeRle(rle),
            score,
          }));
          const image = await readImage(item.imagePath);
          const masks = await refiner.refine(image, initial, {
            classes: dataset.classes,
            imageKey: imageHashes.get(item.id)!,
            ...(signal && { signal }),
          });
          return storeMasks(masks);
        });
        for (const split of splits) {
          await writeMaskSet(run.masks('refined', split), dataset, split, (id) => refined.get(id)!);
        }
      } finally {
        await close();
      }
      await rm(journalPath, { force: true });
    },
  });
}

/** Without the settings of refiners that are not used: changing those changes nothing. */
function relevantSettings(refine: RunConfig['refine']): unknown {
  const { refiner, randomWalker, selection: _, threshold: __, preset: ___, ...prompts } = refine;
  if (refiner === 'none') return { refiner };
  return refiner === 'random-walker' ? { refiner, randomWalker } : { refiner, ...prompts };
}

async function openRefiner({ config, threads, embeddings }: RefineStageOptions): Promise<{
  refiner: Refiner;
  close: () => Promise<void>;
}> {
  const { refine, sam } = config;
  if (refine.refiner !== 'sam') {
    const refiner = createRefiner(refine);
    return { refiner, close: () => refiner.close() };
  }
  const model = new SamPredictor(await loadSamCheckpoint(sam.checkpoint!), {
    threads,
    store: openEmbeddingStore(embeddings),
    preprocessing: sam.preprocessing,
  });
  const refiner = createRefiner(refine, { model });
  return {
    refiner,
    close: async () => {
      await refiner.close();
      await model.close();
    },
  };
}
