/**
 * @file Giving each refined mask its trust: the held-out masks of the labelled images are refined as all others,
 * their evidence is paired with their true Dice, and a model fitted on the pairs judges the masks in refined/.
 */
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { writeCoco } from '../../annotations/coco.ts';
import type { Structure } from '../../annotations/types.ts';
import { writeFileAtomic } from '../../base/files.ts';
import type { CheckedDataset } from '../../dataset/check.ts';
import { type ClassShapes, usualShapes } from '../../dataset/shapes.ts';
import { type Case, casesOf, type SplitName } from '../../dataset/types.ts';
import { rleFromString } from '../../masks/rle.ts';
import type { Evidence } from '../../refine/evidence.ts';
import { trueDice } from '../../trust/judge.ts';
import { type FittedTrust, fitTrust, type TrustModel, type TrustPair, trustOf } from '../../trust/model.ts';
import { eachImage } from '../each-image.ts';
import { readMaskSet, readStoredSet, type StoredStructure, structuresByName } from '../mask-sets.ts';
import { partOf } from '../observer.ts';
import { readResult } from '../read-result.ts';
import { openRefiner, type RefinerOptions, refineCase } from '../refine-images.ts';
import type { RunDirectory } from '../run-directory.ts';
import { type RunContext, runStage, type StageOutcome } from '../stage.ts';
import { foldSam } from './adapt.ts';
import { closeUpModel } from './close-up.ts';
import { type Fold, type FoldCounts, foldsOf } from './folds.ts';

export interface TrustStageOptions extends RefinerOptions {
  readonly checked: CheckedDataset;
  readonly splits: readonly SplitName[];
  /** Of the stage that refined the masks; stands for the refiner and its settings too. */
  readonly refineKey: string;
  /** The folds on which trust is calibrated, or why there are none. */
  readonly folds: CalibrationFolds | { readonly none: string };
}

interface CalibrationFolds extends FoldCounts {
  readonly seed: number;
  /** Of the stage that masked the held-out images. */
  readonly key: string;
}

/** Writes trust/, and trust into the files of refined/. */
export async function trustStage(context: RunContext, options: TrustStageOptions): Promise<StageOutcome> {
  const { checked, splits, refineKey, folds } = options;
  const { run, observer } = context;
  const { classes } = checked.dataset;
  return runStage(context, {
    name: 'trust',
    title: 'Judging the refined masks',
    inputs: { refine: refineKey, folds },
    owns: ['trust'],
    outputs: [run.trust, usualOf(run)],
    seals: [run.trust, usualOf(run), ...splits.map((split) => run.masks('refined', split))],
    work: async () => {
      const pairs = 'none' in folds ? [] : await heldOutPairs(context, options, folds);
      const fitted = 'none' in folds ? unfitted(folds.none) : fitTrust(pairs);
      const lines = pairs.map((pair) => `${JSON.stringify(pair)}\n`);
      await writeFileAtomic(run.path('trust', 'pairs.jsonl'), lines.join(''));
      for (const split of splits) {
        const set = await readStoredSet(run, 'refined', split, classes);
        await writeCoco(run.masks('refined', split), classes, set.images, ({ structures }) =>
          structures.map((structure) => withTrust(structure, fitted.model)),
        );
      }
      const usual = usualShapes(casesOf(checked.dataset, 'labelled'), classes.length);
      await writeFileAtomic(usualOf(run), `${JSON.stringify(usual)}\n`);
      // Written last: its presence says that all masks have their trust.
      await writeFileAtomic(run.trust, `${JSON.stringify(fitted, null, 2)}\n`);
      await rm(journalOf(run), { force: true });
      observer.note(describeTrust(fitted));
    },
  });
}

/** @throws RunError where trust/model.json is missing or damaged. */
export function readTrust(run: RunDirectory): Promise<FittedTrust> {
  return readResult(run.trust, 'The calibration of a finished run');
}

/** What is usual in the labelled images of a run, for the evidence of masks of further images. */
const usualOf = (run: RunDirectory): string => run.path('trust', 'usual.json');

/**
 * What judges the masks of further images; undefined where the run has not come to it, or was made by a version that did
 * not keep what is usual. @throws RunError where a file of it is damaged.
 */
export async function readJudge(run: RunDirectory): Promise<Judge | undefined> {
  if (!existsSync(run.trust) || !existsSync(usualOf(run))) return undefined;
  const { model } = await readTrust(run);
  const usual = await readResult<ClassShapes>(usualOf(run), 'What is usual in the labelled images');
  // JSON has null for a class that no image shows.
  return { model, usual: { ...usual, classes: usual.classes.map((shape) => shape ?? undefined) } };
}

export interface Judge {
  readonly model: TrustModel;
  readonly usual: ClassShapes;
}

/** How the trust of a run is to be believed, one line. */
function describeTrust({ model, heldOut, pairs, images }: FittedTrust): string {
  if (!model.calibrated) return `Trust is not calibrated, because ${model.reason}.`;
  const { spearman, calibrationError } = heldOut!;
  return `Trust on held-out labelled images (${pairs} masks of ${images} images): Spearman ${spearman?.toFixed(2) ?? '-'}, calibration error ${calibrationError?.toFixed(3) ?? '-'}.`;
}

function unfitted(reason: string): FittedTrust {
  return { model: { calibrated: false, reason }, pairs: 0, images: 0 };
}

const journalOf = (run: RunDirectory): string => run.path('trust', 'journal.jsonl');

/** The masks of the labelled images, refined and compared with the truth. */
async function heldOutPairs(
  context: RunContext,
  options: TrustStageOptions,
  calibration: CalibrationFolds,
): Promise<TrustPair[]> {
  const { checked } = options;
  const { dataset, imageHashes } = checked;
  const { run, observer, signal } = context;
  const selected = structuresByName(await readMaskSet(run, 'folds', 'labelled', dataset));
  const folds = foldsOf(dataset, calibration, calibration.seed);
  const usual = new Map(folds.flatMap((fold) => usualApart(fold, dataset.classes.length)));
  const pairs: TrustPair[] = [];
  for (const [fold, { held }] of folds.entries()) {
    // A model that was adapted to these images would be too good on them.
    const sam = options.sam && (await foldSam(run, options.sam, fold));
    const closeUp = options.closeUp && closeUpModel(run, fold);
    const refiner = await openRefiner(context, { ...options, sam, closeUp });
    try {
      const part = partOf(observer, fold / folds.length, (fold + 1) / folds.length);
      const refined = await eachImage({ ...context, observer: part }, held, journalOf(run), (item) =>
        refineCase(refiner, item, selected.get(item.name), usual.get(item.id)!, {
          classes: dataset.classes,
          imageKey: imageHashes.get(item.id)!,
          ...(signal && { signal }),
        }),
      );
      pairs.push(...held.flatMap((item) => refined.get(item.id)!.map((mask) => pairOf(item, fold, mask))));
    } finally {
      await refiner.close();
    }
  }
  return pairs;
}

/** What is usual to the eyes of a fold's network, for each image it has not seen. */
function usualApart({ held, others }: Fold, classCount: number): [id: string, ClassShapes][] {
  const shapes = usualShapes(others, classCount);
  return held.map(({ id }) => [id, shapes]);
}

function pairOf(item: Case, fold: number, mask: StoredStructure): TrustPair {
  const rle = rleFromString(mask.counts, item.size, `A refined mask of ${item.id}`);
  return {
    image: item.name,
    fold,
    classIndex: mask.classIndex,
    evidence: mask.provenance?.evidence as Evidence,
    dice: trueDice({ classIndex: mask.classIndex, rle }, item.structures ?? []),
  };
}

/**
 * The structure with its trust, which replaces one that an earlier calibration gave. A mask that somebody drew into
 * the file has no evidence and gets none.
 */
export function withTrust<S extends Pick<Structure, 'provenance' | 'trust'>>(
  structure: S,
  model: TrustModel,
): S {
  const evidence = structure.provenance?.evidence as Evidence | undefined;
  if (evidence === undefined) return structure;
  const provenance = { ...structure.provenance, calibrated: model.calibrated };
  return { ...structure, provenance, trust: trustOf(model, evidence) };
}
