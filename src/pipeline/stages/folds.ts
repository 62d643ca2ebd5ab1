/**
 * @file Masks of the labelled images by networks that have not seen them: for each fold a network learns from the
 * other folds and masks this one. On these masks trust is calibrated, and settings of refinement are compared.
 */

import { rm } from 'node:fs/promises';
import type { Structure } from '../../annotations/types.ts';
import { writeFileAtomic } from '../../base/files.ts';
import { meanOf } from '../../base/mean.ts';
import type { CheckedDataset } from '../../dataset/check.ts';
import { type Case, casesOf, type Dataset } from '../../dataset/types.ts';
import { readCase } from '../../dataset/view.ts';
import { rleArea, rleFromString } from '../../masks/rle.ts';
import type { RefineSettings } from '../../refine/settings.ts';
import { deviceKey } from '../../runtime/device.ts';
import type { ComputeOptions } from '../../runtime/session.ts';
import type { TrainingPlan } from '../../training/plan.ts';
import { openPredictor, probabilitiesToMasks } from '../../training/predictor.ts';
import { trainNetwork } from '../../training/train.ts';
import { stratifiedFolds } from '../../trust/folds.ts';
import { trueDice } from '../../trust/judge.ts';
import type { RunConfig } from '../config.ts';
import { eachImage } from '../each-image.ts';
import { imagesFingerprint, labelsFingerprint } from '../fingerprints.ts';
import { type StoredStructure, storeMasks, writeMaskSet } from '../mask-sets.ts';
import { type SelectionSettings, selectedMasks, settledMasks } from '../network-masks.ts';
import { partOf } from '../observer.ts';
import { createResults, type Results } from '../results.ts';
import { atlasOf, describeSettling, type Settling, settles, settlingFile } from '../settling.ts';
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
  readonly selection: SelectionSettings & Pick<RefineSettings, 'atlas'>;
  readonly seed: number;
  readonly compute: ComputeOptions;
}

/** Share of the stage's time that training takes; the rest is prediction. */
const TRAINING_SHARE = 0.9;

/** The masks of an image as a network names them and, where an atlas of its fold settles them, after that. */
interface Found {
  readonly selected: StoredStructure[];
  readonly settled?: StoredStructure[];
}

/**
 * Writes folds/labelled.json, with masks of the images that were held out, and the network of each fold beside it. Masks
 * are settled where that makes them better; folds/settling.json says so.
 */
export async function foldsStage(context: RunContext, options: FoldsStageOptions): Promise<StageOutcome> {
  const { checked, planned, selection, seed, compute } = options;
  const { dataset } = checked;
  const { run, observer, signal, saveSeconds } = context;
  const { plan, settings, count, networks } = planned;
  const journalPath = run.path('folds', 'masks', 'journal.jsonl');
  const isSettled = settles(selection, plan);
  const outputs = [run.masks('folds', 'labelled'), ...(isSettled ? [settlingFile(run)] : [])];
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
      ...(isSettled && { settled: true }),
      labelled: [imagesFingerprint(checked, ['labelled']), labelsFingerprint(checked, ['labelled'])],
    },
    owns: ['folds'],
    outputs,
    seals: outputs,
    work: async () => {
      let found: Results<Found> = createResults();
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
        const atlas = isSettled ? atlasOf(dataset, others) : undefined;
        try {
          const { head } = predictor.plan;
          found = await eachImage(predicting, held, journalPath, async (item) => {
            const maps = await predictor.predict(await readCase(item));
            const masks = probabilitiesToMasks(maps, head);
            return {
              selected: storeMasks(selectedMasks(maps, masks, head, selection)),
              ...(atlas && { settled: storeMasks(settledMasks(maps, atlas, selection)) }),
            };
          });
        } finally {
          await predictor.close();
        }
      }
      const kept = isSettled && (await keepSettled(context, dataset, found));
      const kind = kept ? 'settled' : 'selected';
      await writeMaskSet(
        run.masks('folds', 'labelled'),
        dataset,
        'labelled',
        (id) => found.get(id)?.[kind] ?? [],
      );
      await rm(run.path('folds', 'masks'), { recursive: true, force: true });
    },
  });
}

/** Measures what the atlas makes of the held-out masks, writes it down, and says whether it is worth it. */
async function keepSettled(
  { run, observer }: RunContext,
  dataset: Dataset,
  found: Results<Found>,
): Promise<boolean> {
  const held = casesOf(dataset, 'labelled').filter(({ id }) => found.has(id));
  const dice = (kind: keyof Found): number => {
    const masks = held.map(({ id, size, structures = [] }) =>
      diceOfAll(
        structures,
        found
          .get(id)!
          [kind]!.map(({ classIndex, counts }) => ({ classIndex, rle: rleFromString(counts, size, id) })),
      ),
    );
    return meanOf(masks.flat()) ?? 0;
  };
  const heldOut = { before: dice('selected'), after: dice('settled') };
  const settling: Settling = { heldOut, kept: heldOut.after > heldOut.before };
  await writeFileAtomic(settlingFile(run), `${JSON.stringify(settling, null, 2)}\n`);
  observer.note(describeSettling(settling));
  return settling.kept;
}

/** Dice of each class that the truth or the masks of an image show: 0 where one of them does not. */
function diceOfAll(
  truth: readonly Structure[],
  masks: readonly Pick<Structure, 'classIndex' | 'rle'>[],
): number[] {
  const drawn = new Set(masks.map(({ classIndex }) => classIndex));
  const missed = truth.filter(({ classIndex }) => !drawn.has(classIndex));
  return [...masks.map((mask) => trueDice(mask, truth)), ...missed.map(() => 0)];
}

export interface Fold {
  /** The images that the network of this fold has not seen. */
  readonly held: readonly Case[];
  /** Those that it learns from: all other labelled images. */
  readonly others: readonly Case[];
}

/** What is enough to calibrate trust on: images, and structures in them, some of which no network will find. */
const ENOUGH = { images: 10, structures: 40 };

/** Unless `networks` is set, as many parts of the labelled images are held out as hold enough together. */
export function foldCounts(
  { folds, networks }: Pick<RunConfig['trust'], 'folds' | 'networks'>,
  labelled: readonly Case[],
): FoldCounts {
  const count = Math.max(1, Math.min(folds, labelled.length));
  const structures = labelled.reduce((sum, item) => sum + (item.structures?.length ?? 0), 0);
  const takes = (enough: number, there: number): number => Math.ceil((enough * count) / Math.max(1, there));
  const wanted = Math.max(takes(ENOUGH.images, labelled.length), takes(ENOUGH.structures, structures));
  return { count, networks: Math.min(networks ?? wanted, count) };
}

/** Whether there is something in an image to learn from. */
export const showsStructure = ({ structures = [] }: Case): boolean =>
  structures.some(({ rle }) => rleArea(rle) > 0);

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
