/**
 * @file Adapting the promptable model of a run to its labelled images, by the masks that the fold networks drew of images
 * they had not seen. What is measured is what the run does next: refining such masks with the settings of the run.
 */

import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { type Adaptation, type AdaptCase, adaptModel, foldModel, type Learner } from '../../adapt/adapt.ts';
import type { ImageDice } from '../../adapt/choice.ts';
import { DECODER_FILE, decoderLearner } from '../../adapt/decoder.ts';
import { foalLearner } from '../../adapt/foal.ts';
import type { Structure } from '../../annotations/types.ts';
import { ConfigError, TrainingError } from '../../base/errors.ts';
import { writeFileAtomic } from '../../base/files.ts';
import { meanOf } from '../../base/mean.ts';
import type { CheckedDataset } from '../../dataset/check.ts';
import { type Case, casesOf, type Dataset } from '../../dataset/types.ts';
import { readCase } from '../../dataset/view.ts';
import { FOAL_FILE } from '../../foal/task.ts';
import { decodeRle, rleArea } from '../../masks/rle.ts';
import { createRefiner } from '../../refine/index.ts';
import { createNoRefiner } from '../../refine/none.ts';
import type { Refiner } from '../../refine/refiner.ts';
import { adaptsModel, askedModel, looksClose, withoutCloseUps, withoutModel } from '../../refine/settings.ts';
import { percent } from '../../report/format.ts';
import { deviceKey } from '../../runtime/device.ts';
import { loadSamCheckpoint, type SamCheckpoint } from '../../sam/checkpoint.ts';
import type { SamPredictor } from '../../sam/predictor.ts';
import type { PromptableModel } from '../../sam/promptable.ts';
import type { RunConfig } from '../config.ts';
import { imagesFingerprint, labelsFingerprint } from '../fingerprints.ts';
import { heldOutDice } from '../held-out-dice.ts';
import { readMaskSet, structuresByName } from '../mask-sets.ts';
import { type PreparedRun, whyNoFolds } from '../prepare.ts';
import { readResult } from '../read-result.ts';
import type { RefinerOptions } from '../refine-images.ts';
import type { RunDirectory } from '../run-directory.ts';
import { chooseSam, obtainSam, openCheckpoint, type SamChoice, type SamModel } from '../sam-model.ts';
import { type RunContext, runStage, type StageOutcome } from '../stage.ts';
import { type FoldCounts, foldsOf, showsStructure } from './folds.ts';
import { relevantSettings } from './refine.ts';

export interface AdaptStageOptions extends RefinerOptions {
  readonly checked: CheckedDataset;
  readonly sam: SamChoice;
  /** Of the stage that checked the model. */
  readonly modelKey: string;
  readonly seed: number;
  /** The folds whose masks tell what is gained, and the key of the stage that drew these; none where none are held out. */
  readonly folds: (FoldCounts & { readonly key: string }) | undefined;
  /** Most steps of each training. */
  readonly steps: number;
}

/** What came of adapting the model of a run. */
export interface AdaptResult extends Adaptation {
  /** Mean Dice of the masks of held-out images as networks drew them; not known where no mask is held out. */
  readonly drawn?: number;
  /** Why the model could not learn, where it could not. */
  readonly unfit?: string;
}

const resultOf = (run: RunDirectory): string => run.path('adapt', 'result.json');

/** Writes adapt/: what came of it, and the model if it is better. */
export async function adaptStage(context: RunContext, options: AdaptStageOptions): Promise<StageOutcome> {
  const { checked, modelKey, seed, folds, steps, compute, config } = options;
  const { dataset } = checked;
  const { run, observer, signal, saveSeconds } = context;
  const asksFoal = askedModel(config.refine) === 'foal';
  const inputs = {
    model: modelKey,
    seed,
    folds: folds && { count: folds.count, networks: folds.networks, key: folds.key },
    steps,
    // What comes after the model has no say in it.
    refine: relevantSettings(withoutCloseUps(config.refine)),
    labelled: [imagesFingerprint(checked, ['labelled']), labelsFingerprint(checked, ['labelled'])],
    threads: compute.threads,
    ...deviceKey(compute.device),
  };
  return runStage(context, {
    name: 'adapt',
    title: `Adapting ${refinerTitle(config)} to the labelled images`,
    inputs,
    owns: ['adapt'],
    outputs: [resultOf(run)],
    work: async () => {
      const drawn =
        folds === undefined
          ? new Map<string, readonly Structure[]>()
          : structuresByName(await readMaskSet(run, 'folds', 'labelled', dataset));
      const parts = folds === undefined ? [] : foldsOf(dataset, folds, seed);
      const dice = (refiner: Refiner, held: readonly Case[]): Promise<ImageDice> =>
        heldOutDice(refiner, held, drawn, checked, signal);
      const allHeld = parts.flatMap(({ held }) => held);
      const asDrawn = meanOf(Object.values(await dice(createNoRefiner(), allHeld)));
      const asCase = (item: Case): AdaptCase =>
        adaptCase(item, checked.imageHashes.get(item.id)!, drawn.get(item.name));
      const lessons = (cases: readonly Case[]): AdaptCase[] => cases.filter(showsStructure).map(asCase);
      const adapting = withLearner(context, { ...options, inputs }, (learner) =>
        adaptModel({
          learner,
          cases: lessons(casesOf(dataset, 'labelled')),
          folds: parts.map(({ held, others }) => ({
            learns: lessons(others),
            measure: (model) => dice(asked(model, config.refine), held),
          })),
          steps,
          directory: run.path('adapt'),
          onProgress: observer.progress,
          ...(signal && { signal }),
          ...(saveSeconds !== undefined && { saveSeconds }),
          ...compute,
        }),
      );
      const adaptation = await adapting.catch((error: unknown) => {
        // A run is not to end because its structures are none that Foal could learn from.
        if (!(asksFoal && error instanceof TrainingError)) throw error;
        return { steps: 0, kept: false, file: FOAL_FILE, folds: [], unfit: error.seen };
      });
      const result: AdaptResult = { ...(asDrawn !== undefined && { drawn: asDrawn }), ...adaptation };
      await writeFileAtomic(resultOf(run), `${JSON.stringify(result, null, 2)}\n`);
      observer.note(describeAdaptation(result));
      if (!adaptation.kept) await rm(run.path('adapt', adaptation.file), { force: true });
    },
  });
}

/** Foal learns as a whole, of the others the decoder. */
async function withLearner<T>(
  context: RunContext,
  options: AdaptStageOptions & { readonly inputs: unknown },
  use: (learner: Learner) => Promise<T>,
): Promise<T> {
  const { sam, config, checked, seed, inputs, compute } = options;
  const base = await loadSamCheckpoint(await obtainSam(sam, context));
  const shared = { base, seed, data: inputs };
  if (askedModel(config.refine) === 'foal') return use(foalLearner({ ...shared, compute }));
  const open = (checkpoint: SamCheckpoint): SamPredictor => openCheckpoint(checkpoint, sam, options);
  const encoder = open(base);
  try {
    const { refine } = config;
    const { preprocessing } = sam;
    const classes = checked.dataset.classes.length;
    return await use(decoderLearner({ ...shared, open, preprocessing, refine, classes }, encoder));
  } finally {
    await encoder.close();
  }
}

/** What is adapted, as people call it. */
const refinerTitle = ({ refine }: Pick<RunConfig, 'refine'>): string =>
  askedModel(refine) === 'foal' ? 'Foal' : 'the decoder of Segment Anything';

/** Why a run adapts no model, if so: the end of a sentence. */
export function whyNotAdapted(config: RunConfig, dataset: Dataset): string | undefined {
  const asked = askedModel(config.refine);
  if (asked === undefined) return `the refiner is ${config.refine.refiner}`;
  // The decoder of a large model learns from held-out masks alone; Foal also from rough ones that are drawn at random.
  if (adaptsModel(config.refine)) return asked === 'sam' ? whyNoFolds(config, dataset) : undefined;
  return asked === 'foal' ? 'refine.adaptSteps is 0' : 'refine.adaptSteps is not set';
}

/** @throws ConfigError where there is nothing that learns before masks are refined, or nothing to learn from. */
export function requireLearning(prepared: PreparedRun): void {
  const { config, checked, plans } = prepared;
  const why = looksClose(config.refine) ? undefined : whyNotAdapted(config, checked.dataset);
  if (why === undefined || plans.atlas === 'tried') return;
  throw new ConfigError({
    seen: `The refiner learns nothing, because ${why}`,
    need: 'A refiner that learns: foal+close-up, close-up or foal; or sam, steps to learn in (refine.adaptSteps), and enough labelled images to hold some out; or an atlas and such images',
    fix: 'Change the settings, or go on without: packmule run',
  });
}

/** @throws RunError where adapt/result.json is missing or damaged. */
export function readAdaptation(run: RunDirectory): Promise<AdaptResult> {
  return readResult(resultOf(run), 'What came of adapting the model');
}

/** One line. */
export function describeAdaptation(result: AdaptResult): string {
  const { heldOut, drawn, steps, kept, unfit } = result;
  if (unfit !== undefined) return `The model is left out, because it cannot learn: ${unfit}.`;
  if (heldOut === undefined)
    return `The refiner was adapted in ${steps} steps; no mask of a labelled image was held out to see what that gains.`;
  const { before, after } = heldOut;
  const figures = `Dice of held-out masks ${percent(drawn!)} as drawn, ${percent(before)} redrawn by the model as it was, ${percent(after)} after ${steps} steps`;
  if (!mends(result))
    return `The model is left out, because it makes masks no better: ${figures}. More labelled images or a higher refine.adaptSteps may change that.`;
  return kept ? `The refiner was adapted: ${figures}.` : `The refiner stays as it was: ${figures}.`;
}

/** Whether what the run refines with makes held-out masks better, or has learnt and nothing is known against it. */
function mends({ heldOut, drawn = 0, kept }: AdaptResult): boolean {
  return heldOut === undefined ? kept : (kept ? heldOut.after : heldOut.before) > drawn;
}

/** Before a run that does not adapt goes on in the folder of one that did: its refiner is the model as it is. */
export async function forgetAdaptation(run: RunDirectory): Promise<void> {
  await rm(resultOf(run), { force: true });
}

/** What the masks of a run that adapts its model are refined with: without it, where it makes them no better. */
export async function adaptedRefining<Sam extends SamModel>(
  run: RunDirectory,
  config: Pick<RunConfig, 'refine'>,
  sam: Sam,
): Promise<{ readonly config: Pick<RunConfig, 'refine'>; readonly sam: Sam | undefined }> {
  const result = await readAdaptation(run);
  if (mends(result)) return { config, sam: adapted(run, sam, result) };
  return { config: { refine: withoutModel(config.refine) }, sam: undefined };
}

/** The adapted model, where it was kept, in place of the one that it was made from. */
function adapted<Sam extends SamModel>(run: RunDirectory, sam: Sam, { kept, file }: AdaptResult): Sam {
  return kept ? adaptedTo(sam, file, run.path('adapt', file)) : sam;
}

/** A model with the weights that one of its trainings, which end in such a file, has left at a path. */
function adaptedTo<Sam extends SamModel>(sam: Sam, file: string, path: string): Sam {
  return file === DECODER_FILE ? { ...sam, decoder: path } : { ...sam, chosen: { path } };
}

/** The promptable model of a run, to be asked by people: adapted, if the run adapted it; undefined where it has none. */
export async function askedSam(
  run: RunDirectory,
  config: Pick<RunConfig, 'refine' | 'sam'>,
): Promise<SamModel | undefined> {
  const sam = await chooseSam(config);
  return sam && wasAdapted(run) ? adapted(run, sam, await readAdaptation(run)) : sam;
}

export const wasAdapted = (run: RunDirectory): boolean => existsSync(resultOf(run));

/** The copy that has not seen the held-out images of a fold, where the adapted model was kept. */
export async function foldSam(run: RunDirectory, sam: SamChoice, fold: number): Promise<SamChoice> {
  if (!wasAdapted(run)) return sam;
  const { kept, file, steps } = await readAdaptation(run);
  return kept ? adaptedTo(sam, file, foldModel(run.path('adapt'), fold, steps)) : sam;
}

/** A labelled image to learn from; `drawn` are masks that a network drew of it without having seen it. */
export function adaptCase(item: Case, imageKey: string, drawn: readonly Structure[] = []): AdaptCase {
  const { id, structures = [] } = item;
  const shown = structures.filter(({ rle }) => rleArea(rle) > 0);
  return {
    id,
    imageKey,
    read: async () => ({
      image: await readCase(item),
      objects: shown.map(({ rle }) => decodeRle(rle)),
      roughs: shown.map(({ classIndex }) => {
        const rough = drawn.find((structure) => structure.classIndex === classIndex);
        return rough && decodeRle(rough.rle);
      }),
    }),
  };
}

/** The refiner that asks a model as the run does, but once for each mask. */
function asked(model: PromptableModel, refine: RunConfig['refine']): Refiner {
  const refiner = askedModel(refine)!;
  return createRefiner({ ...refine, refiner, ensemble: { ...refine.ensemble, jitters: 0 } }, { model });
}
