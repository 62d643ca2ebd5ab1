/**
 * @file Masks of the labelled images by networks that have not seen them: for each fold a network learns from the
 * other folds and masks this one. On these masks trust is calibrated, and settings of refinement are compared.
 */
import { rm } from 'node:fs/promises';
import type { CheckedDataset } from '../../dataset/check.ts';
import { type Case, casesOf, type Dataset } from '../../dataset/types.ts';
import { readCase } from '../../dataset/view.ts';
import { deviceKey } from '../../runtime/device.ts';
import type { ComputeOptions } from '../../runtime/session.ts';
import type { TrainingPlan } from '../../training/plan.ts';
import { openPredictor, probabilitiesToMasks } from '../../training/predictor.ts';
import { trainNetwork } from '../../training/train.ts';
import { stratifiedFolds } from '../../trust/folds.ts';
import { eachImage } from '../each-image.ts';
import { imagesFingerprint, labelsFingerprint } from '../fingerprints.ts';
import { type StoredStructure, storeMasks, writeMaskSet } from '../mask-sets.ts';
import { type SelectionSettings, selectedMasks } from '../network-masks.ts';
import { partOf } from '../observer.ts';
import { type RunContext, runStage, type StageOutcome } from '../stage.ts';
import { labelledSamples } from './train.ts';

export interface FoldCounts {
  /** Parts of the labelled images. */
  readonly count: number;
  /** How many of them, the first ones, are held out. */
  readonly networks: number;
}

export interface FoldsStageOptions {
  readonly checked: CheckedDataset;
  readonly planned: TrainingPlan & FoldCounts;
  readonly selection: SelectionSettings;
  readonly seed: number;
  readonly compute: ComputeOptions;
}

/** Share of the stage's time that training takes; the rest is prediction. */
const TRAINING_SHARE = 0.9;

/** Writes folds/labelled.json, with masks of the images that were held out, and the network of each fold beside it. */
export async function foldsStage(context: RunContext, options: FoldsStageOptions): Promise<StageOutcome> {
  const { checked, planned, selection, seed, compute } = options;
  const { dataset } = checked;
  const { run, observer, signal, saveSeconds } = context;
  const { plan, settings, count, networks } = planned;
  const journalPath = run.path('folds', 'journal.jsonl');
  return runStage(context, {
    name: 'folds',
    title: `Training ${networks === 1 ? 'a network' : `${networks} networks`} to mask held-out labelled images`,
    inputs: {
      plan,
      settings,
      count,
      networks,
      seed,
      threads: compute.threads,
      ...deviceKey(compute.device),
      selection: { selection: selection.selection, threshold: selection.threshold },
      labelled: [imagesFingerprint(checked, ['labelled']), labelsFingerprint(checked, ['labelled'])],
    },
    owns: ['folds'],
    outputs: [run.masks('folds', 'labelled')],
    seals: [run.masks('folds', 'labelled')],
    work: async () => {
      let found: ReadonlyMap<string, StoredStructure[]> = new Map();
      for (const [fold, { held, others }] of foldsOf(dataset, planned, seed).entries()) {
        const at = (share: number): number => (fold + share) / networks;
        const directory = run.path('folds', String(fold + 1));
        const training = partOf(observer, at(0), at(TRAINING_SHARE));
        await trainNetwork({
          plan,
          settings,
          samples: labelledSamples(others),
          validation: [],
          directory,
          seed,
          ...compute,
          ...(signal && { signal }),
          ...(saveSeconds !== undefined && { saveSeconds }),
          onEpoch: ({ epoch, epochs, loss }) => {
            context.tracker?.epoch(`fold-${fold + 1}`, directory);
            training.progress(
              epoch / epochs,
              `network ${fold + 1}, epoch ${epoch} of ${epochs}, loss ${loss.toFixed(3)}`,
            );
          },
        });
        const predicting = { ...context, observer: partOf(observer, at(TRAINING_SHARE), at(1)) };
        const predictor = await openPredictor(run.path('folds', String(fold + 1), 'model.onnx'), compute);
        try {
          const { head } = predictor.plan;
          found = await eachImage(predicting, held, journalPath, async (item) => {
            const maps = await predictor.predict(await readCase(item));
            return storeMasks(selectedMasks(maps, probabilitiesToMasks(maps, head), head, selection));
          });
        } finally {
          await predictor.close();
        }
      }
      await writeMaskSet(run.masks('folds', 'labelled'), dataset, 'labelled', (id) => found.get(id) ?? []);
      await rm(journalPath, { force: true });
    },
  });
}

export interface Fold {
  /** The images that the network of this fold has not seen. */
  readonly held: readonly Case[];
  /** Those that it learns from: all other labelled images. */
  readonly others: readonly Case[];
}

/** The folds that are held out, the same ones for the same data and seed. */
export function foldsOf(dataset: Dataset, { count, networks }: FoldCounts, seed: number): Fold[] {
  const labelled = casesOf(dataset, 'labelled');
  const classes = labelled.map(({ structures = [] }) => structures.map(({ classIndex }) => classIndex));
  const assigned = stratifiedFolds(classes, count, seed);
  return Array.from({ length: networks }, (_, fold) => ({
    held: labelled.filter((_case, i) => assigned[i] === fold),
    others: labelled.filter((_case, i) => assigned[i] !== fold),
  }));
}
