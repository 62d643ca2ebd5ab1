/** @file Masks that a trained network finds, with and without component selection. */
import type { Atlas } from '../../atlas/atlas.ts';
import { casesOf, type Dataset, type SplitName } from '../../dataset/types.ts';
import { readCase } from '../../dataset/view.ts';
import { deviceKey } from '../../runtime/device.ts';
import type { ComputeOptions } from '../../runtime/session.ts';
import { openPredictor, probabilitiesToMasks } from '../../training/predictor.ts';
import { runImageStage } from '../image-stage.ts';
import { type StoredStructure, storeMasks, writeMaskSet } from '../mask-sets.ts';
import { predictedMasks, type SelectionSettings, selectedMasks, settledMasks } from '../network-masks.ts';
import type { MaskFolder } from '../run-directory.ts';
import type { RunContext, StageOutcome } from '../stage.ts';

export interface PredictStageOptions {
  /** Which network. */
  readonly network: 'initial' | 'final';
  readonly dataset: Dataset;
  /** Splits with images, without the labelled one. */
  readonly splits: readonly SplitName[];
  /** Of the stage that trained the network. */
  readonly trainingKey: string;
  /** Fingerprint of the images. */
  readonly images: string;
  readonly compute: ComputeOptions;
  /** How its masks become those that are refined. */
  readonly selection: SelectionSettings;
  /** What settles which class pixels belong to, where something does, and in which splits. */
  readonly settled: { readonly atlas: Atlas; readonly splits: readonly SplitName[] } | undefined;
}

interface Found {
  /** What the network says. */
  readonly predicted: StoredStructure[];
  /** After component selection. */
  readonly selected: StoredStructure[];
  /** The same after the atlas has settled the classes of pixels. */
  readonly settled?: StoredStructure[];
}

/** What a network predicts, what is selected of it, and what once it is settled. */
const FOLDERS = {
  initial: ['predicted', 'selected', 'settled'],
  final: ['final', 'final-selected', 'final-settled'],
} as const satisfies Record<string, readonly MaskFolder[]>;

/** What is in each of its folders. */
const KINDS = ['predicted', 'selected', 'settled'] as const;

/** Writes the folders of the network, see FOLDERS. */
export async function predictStage(context: RunContext, options: PredictStageOptions): Promise<StageOutcome> {
  const { network, dataset, splits, compute, selection, settled } = options;
  const { run } = context;
  const isInitial = network === 'initial';
  const folders = FOLDERS[network];
  const written = folders.flatMap((folder, k) =>
    (k < 2 ? splits : (settled?.splits ?? [])).map((split) => ({ folder, kind: KINDS[k]!, split })),
  );
  const outputs = written.map(({ folder, split }) => run.masks(folder, split));
  return runImageStage<Found>(context, {
    name: isInitial ? 'predict' : 'predictFinal',
    title: `Predicting masks with the ${network} network`,
    inputs: {
      training: options.trainingKey,
      images: options.images,
      ...deviceKey(compute.device),
      selection: selection.selection,
      threshold: selection.threshold,
      ...(settled && { settled }),
    },
    // The folder of the final network belongs to its training.
    owns: isInitial
      ? folders
      : [
          ...['annotations.json', 'val.json', 'test.json'].map((file) => `final/${file}`),
          ...folders.slice(1),
        ],
    outputs,
    seals: outputs,
    cases: splits.flatMap((split) => casesOf(dataset, split)),
    journal: run.path(folders[1], 'journal.jsonl'),
    open: async () => {
      const predictor = await openPredictor(run.path(network, 'model.onnx'), compute);
      const { head } = predictor.plan;
      return {
        work: async (item) => {
          const maps = await predictor.predict(await readCase(item));
          const masks = probabilitiesToMasks(maps, head);
          return {
            predicted: storeMasks(predictedMasks(maps, masks)),
            selected: storeMasks(selectedMasks(maps, masks, head, selection)),
            ...(settled?.splits.includes(item.split) && {
              settled: storeMasks(settledMasks(maps, settled.atlas, selection)),
            }),
          };
        },
        close: () => predictor.close(),
      };
    },
    write: async (found) => {
      for (const { folder, kind, split } of written)
        await writeMaskSet(run.masks(folder, split), dataset, split, (id) => found.get(id)![kind]!);
    },
  });
}
