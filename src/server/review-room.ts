/**
 * @file The room of a review: the images and masks of one run and the decisions about them. Images are known by
 * their ids alone; no path comes from outside.
 */
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import type { Structure } from '../annotations/types.ts';
import { RunError } from '../base/errors.ts';
import { type Case, casesOf, type Dataset } from '../dataset/types.ts';
import { rleFromString, rleToString } from '../masks/rle.ts';
import { readMaskSet, structuresByName } from '../pipeline/mask-sets.ts';
import { readRecordedConfig } from '../pipeline/recorded-config.ts';
import { openRunDataset } from '../pipeline/run-dataset.ts';
import { type MaskFolder, type RunDirectory, runDirectory } from '../pipeline/run-directory.ts';
import { readTrust } from '../pipeline/stages/trust.ts';
import { type Decision, isFinal, statusOf } from '../review/decision.ts';
import { openDecisionJournal } from '../review/decision-journal.ts';
import { openDraftBook } from '../review/drafts.ts';
import {
  type Calibration,
  type Layer,
  type ReviewImage,
  type ReviewItem,
  STAGES,
  type Stage,
} from '../review/protocol.ts';
import type { FittedTrust } from '../trust/model.ts';
import { layerMask } from './layer-mask.ts';
import { NotFound, Unusable } from './refusals.ts';
import type { ReviewRoom } from './room.ts';

const SPLITS = ['unlabelled', 'val', 'test'] as const;

/** Whose masks each layer shows. */
const FOLDERS: Readonly<Record<Stage, MaskFolder>> = {
  refined: 'refined',
  initial: 'predicted',
  final: 'final',
};

/** The files of a run that a room is made of beside its settings; not all need be there. */
export function reviewedFiles(run: RunDirectory): string[] {
  const masks = Object.values(FOLDERS).flatMap((folder) => SPLITS.map((split) => run.masks(folder, split)));
  return [run.trust, ...masks];
}

/** @throws RunError where the folder holds no run with refined masks, PackmuleError where its data set is gone. */
export async function openReviewRoom(folder: string, reviewer: string): Promise<ReviewRoom> {
  const run = runDirectory(folder);
  const config = await readRecordedConfig(run);
  if (!existsSync(run.trust)) throw notRefined(run);
  const dataset = await openRunDataset(config);
  const { classes } = dataset;
  const cases = new Map(SPLITS.flatMap((split) => casesOf(dataset, split)).map((item) => [item.id, item]));
  const layers = await readLayers(run, dataset);
  const calibration = calibrationOf(await readTrust(run));
  const drafts = await openDraftBook(run.path('review', 'drafts.json'));
  const journal = await openDecisionJournal(run.decisions);

  const caseOf = (image: string): Case => {
    const found = cases.get(image);
    if (found === undefined) throw new NotFound(`There is no image ${JSON.stringify(image)} in this run`);
    return found;
  };
  const foundBy = (stage: Stage, item: Case, classIndex: number): Structure | undefined =>
    layers[stage]?.get(item.name)?.find((structure) => structure.classIndex === classIndex);
  const classNameOf = (classIndex: number): string => {
    const found = classes[classIndex];
    if (found === undefined) throw new NotFound(`There is no class number ${classIndex} in this run`);
    return found;
  };
  const decisionOf = (image: string, classIndex: number): Decision | undefined =>
    journal.find({ image, className: classes[classIndex]! });
  const itemOf = (item: Case, classIndex: number): ReviewItem => {
    const stages = STAGES.filter((stage) => foundBy(stage, item, classIndex) !== undefined);
    const trust = foundBy('refined', item, classIndex)?.trust;
    return reviewItem(
      { image: item.id, classIndex, stages, ...(trust !== undefined && { trust }) },
      decisionOf(item.id, classIndex),
    );
  };

  return {
    state: () => ({
      run: basename(run.root),
      classes,
      images: [...cases.values()].map(reviewImage),
      items: [...cases.values()].flatMap((item) =>
        classes
          .map((_, classIndex) => itemOf(item, classIndex))
          .filter(({ stages, revision }) => stages.length > 0 || revision > 0),
      ),
      calibration,
      reviewer,
      drafts: drafts.all().flatMap(({ image, className, counts }) => {
        const classIndex = classes.indexOf(className);
        return classIndex < 0 || !cases.has(image) ? [] : [{ image, classIndex, counts }];
      }),
    }),
    classes: () => classes,
    caseOf,
    masksOf: (image) => {
      const item = caseOf(image);
      const shown = Object.entries(layers).flatMap(([layer, byName]) => {
        const structures = byName.get(item.name);
        return structures === undefined ? [] : [[layer, structures.map(layerMask)] as const];
      });
      const truth = item.structures === undefined ? {} : { truth: item.structures.map(layerMask) };
      const decided = classes.flatMap((_, classIndex) => {
        const counts = decisionOf(image, classIndex)?.counts;
        return counts === undefined ? [] : [{ classIndex, counts }];
      });
      return { layers: { ...Object.fromEntries(shown), ...truth }, decided };
    },
    standing: (image, classIndex) => {
      const item = caseOf(image);
      const counts = decisionOf(image, classIndex)?.counts;
      if (counts !== undefined) return { classIndex, rle: rleFromString(counts, item.size) };
      return STAGES.map((stage) => foundBy(stage, item, classIndex)).find((found) => found !== undefined);
    },
    decide: async ({ image, classIndex, verdict, counts, basedOn }) => {
      const item = caseOf(image);
      const className = classNameOf(classIndex);
      if (item.split !== 'unlabelled') throw measured(item);
      const refined = foundBy('refined', item, classIndex);
      const mask = maskOfVerdict(verdict, counts, refined, item, className);
      const draft = { image, className, verdict, ...(mask !== undefined && { counts: mask }), by: reviewer };
      const outcome = await journal.decide(draft, basedOn);
      const saved = 'saved' in outcome;
      if (saved && isFinal(statusOf(outcome.saved))) await drafts.forget(draft);
      return { saved, item: itemOf(item, classIndex) };
    },
    keepDraft: async ({ image, classIndex, counts }) => {
      const item = caseOf(image);
      const className = classNameOf(classIndex);
      if (item.split !== 'unlabelled') throw measured(item);
      if (counts === undefined) return drafts.forget({ image, className });
      const mask = rleFromString(counts, item.size, `The drawing of ${className} in ${item.id}`);
      return drafts.keep({ image, className, counts: rleToString(mask) });
    },
    close: async () => {
      await drafts.close();
      await journal.close();
    },
  };
}

type LayerMaps = Partial<Record<Layer, ReadonlyMap<string, readonly Structure[]>>>;

/** The masks of all stages that are there, by layer and image name. */
async function readLayers(run: RunDirectory, dataset: Dataset): Promise<LayerMaps> {
  const layers: LayerMaps = {};
  for (const [layer, folder] of Object.entries(FOLDERS) as [Stage, MaskFolder][]) {
    const there = SPLITS.filter((split) => existsSync(run.masks(folder, split)));
    const sets = await Promise.all(there.map((split) => readMaskSet(run, folder, split, dataset)));
    if (sets.length > 0) layers[layer] = new Map(sets.flatMap((set) => [...structuresByName(set)]));
  }
  return layers;
}

function reviewImage({ id, name, size: { height, width }, split }: Case): ReviewImage {
  return {
    id,
    name,
    width,
    height,
    split: split as ReviewImage['split'],
  };
}

function calibrationOf({ model, pairs: masks, images, heldOut }: FittedTrust): Calibration {
  if (!model.calibrated) return { none: model.reason };
  const error = heldOut?.calibrationError;
  return { masks, images, ...(typeof error === 'number' && { error }) };
}

function reviewItem(
  found: Pick<ReviewItem, 'image' | 'classIndex' | 'stages' | 'trust'>,
  decision: Decision | undefined,
): ReviewItem {
  return {
    ...found,
    status: statusOf(decision),
    revision: decision?.number ?? 0,
    ...(decision !== undefined && { by: decision.by, time: decision.time }),
  };
}

/** What is true by a verdict; undefined where it names no mask. */
function maskOfVerdict(
  verdict: Decision['verdict'],
  counts: string | undefined,
  refined: Structure | undefined,
  item: Case,
  className: string,
): string | undefined {
  if (verdict === 'corrected') {
    if (counts === undefined) {
      throw new Unusable({
        seen: `The correction of ${className} in ${item.id} comes without a mask`,
        need: 'The mask that is right',
        fix: 'Draw it, or reject the class where nothing of it is to be seen',
      });
    }
    // Read and written again, so that a damaged code never gets into the journal.
    return rleToString(rleFromString(counts, item.size, `The mask of ${className} in ${item.id}`));
  }
  if (verdict !== 'accepted') return undefined;
  if (refined === undefined) {
    throw new Unusable({
      seen: `There is no mask of ${className} in ${item.id} to be accepted`,
      need: 'A refined mask',
      fix: 'Draw one and save it as a correction',
    });
  }
  return rleToString(refined.rle);
}

function measured({ id, split }: Case): Unusable {
  return new Unusable({
    seen: `${id} belongs to the split ${split}`,
    need: 'An unlabelled image: the others have a ground truth, which a review leaves alone',
    fix: 'Decide about the unlabelled images',
  });
}

function notRefined({ root }: RunDirectory): RunError {
  return new RunError({
    seen: `The run ${root} has no refined masks yet`,
    need: 'A run that went as far as trust',
    fix: 'Go on with it: `packmule refine` or `packmule run`',
  });
}
