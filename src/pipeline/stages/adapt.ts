/**
 * @file Adapting the promptable model of a run to its labelled images, by the masks that the fold networks drew of images
 * they had not seen. What is measured is what the run does next: refining such masks with the settings of the run.
 */
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { type Adaptation, type AdaptCase, adaptModel, foldModel, type Learner } from '../../adapt/adapt.ts';
import { DECODER_FILE, decoderLearner } from '../../adapt/decoder.ts';
import { foalLearner } from '../../adapt/foal.ts';
import type { Structure } from '../../annotations/types.ts';
import { ConfigError } from '../../base/errors.ts';
import { writeFileAtomic } from '../../base/files.ts';
import type { CheckedDataset } from '../../dataset/check.ts';
import { type Case, casesOf, type Dataset } from '../../dataset/types.ts';
import { readCase } from '../../dataset/view.ts';
import { decodeRle, rleArea } from '../../masks/rle.ts';
import { createRefiner } from '../../refine/index.ts';
import type { Refiner } from '../../refine/refiner.ts';
import { stepsOfAdapting } from '../../refine/settings.ts';
import { percent } from '../../report/format.ts';
import { deviceKey } from '../../runtime/device.ts';
import { loadSamCheckpoint, type SamCheckpoint } from '../../sam/checkpoint.ts';
import type { SamPredictor } from '../../sam/predictor.ts';
import type { PromptableModel } from '../../sam/promptable.ts';
import type { RunConfig } from '../config.ts';
import { heldOutDice } from '../held-out-dice.ts';
import { readMaskSet, structuresByName } from '../mask-sets.ts';
import { type PreparedRun, whyNoFolds } from '../prepare.ts';
import { readResult } from '../read-result.ts';
import type { RefinerOptions } from '../refine-images.ts';
import type { RunDirectory } from '../run-directory.ts';
import { chooseSam, obtainSam, openCheckpoint, type SamChoice, type SamModel } from '../sam-model.ts';
import { triesAtlas } from '../settling.ts';
import { type RunContext, runStage, type StageOutcome } from '../stage.ts';
import { type FoldCounts, foldsOf } from './folds.ts';
import { relevantSettings } from './refine.ts';

export interface AdaptStageOptions extends RefinerOptions {
  readonly checked: CheckedDataset;
  readonly sam: SamChoice;
  /** Of the stage that checked the model. */
  readonly modelKey: string;
  readonly folds: FoldCounts & { readonly seed: number; readonly key: string };
  /** Most steps of each training. */
  readonly steps: number;
}

const resultOf = (run: RunDirectory): string => run.path('adapt', 'result.json');

/** Writes adapt/: what came of it, and the model if it is better. */
export async function adaptStage(context: RunContext, options: AdaptStageOptions): Promise<StageOutcome> {
  const { checked, modelKey, folds, steps, compute, config } = options;
  const { dataset } = checked;
  const { run, observer, signal, saveSeconds } = context;
  const inputs = {
    model: modelKey,
    folds,
    steps,
    refine: relevantSettings(config.refine),
    ...deviceKey(compute.device),
  };
  return runStage(context, {
    name: 'adapt',
    title: `Adapting ${refinerTitle(config)} to the labelled images`,
    inputs,
    owns: ['adapt'],
    outputs: [resultOf(run)],
    work: async () => {
      const drawn = structuresByName(await readMaskSet(run, 'folds', 'labelled', dataset));
      const asCase = (item: Case): AdaptCase =>
        adaptCase(item, checked.imageHashes.get(item.id)!, drawn.get(item.name) ?? []);
      const adaptation = await withLearner(context, { ...options, inputs }, (learner) =>
        adaptModel({
          learner,
          cases: casesOf(dataset, 'labelled').map(asCase),
          folds: foldsOf(dataset, folds, folds.seed).map(({ held, others }) => ({
            learns: others.map(asCase),
            measure: (model) => heldOutDice(asked(model, config.refine), held, drawn, checked, signal),
          })),
          steps,
          directory: run.path('adapt'),
          onProgress: observer.progress,
          ...(signal && { signal }),
          ...(saveSeconds !== undefined && { saveSeconds }),
          ...compute,
        }),
      );
      await writeFileAtomic(resultOf(run), `${JSON.stringify(adaptation, null, 2)}\n`);
      observer.note(describeAdaptation(adaptation));
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
  const { sam, config, checked, folds, inputs, compute } = options;
  const base = await loadSamCheckpoint(await obtainSam(sam, context));
  const shared = { base, seed: folds.seed, data: inputs };
  if (config.refine.refiner === 'foal') return use(foalLearner({ ...shared, compute }));
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
  refine.refiner === 'foal' ? 'Foal' : 'the decoder of Segment Anything';

/** Why a run adapts no model, if so: the end of a sentence. */
export function whyNotAdapted(config: RunConfig, dataset: Dataset): string | undefined {
  const { refiner } = config.refine;
  if (refiner !== 'foal' && refiner !== 'sam') return `the refiner is ${refiner}`;
  if (stepsOfAdapting(config.refine) > 0) return whyNoFolds(config, dataset);
  return refiner === 'foal' ? 'refine.adaptSteps is 0' : 'refine.adaptSteps is not set';
}

/** @throws ConfigError where there is nothing that learns before masks are refined, or nothing to learn from. */
export function requireLearning(prepared: PreparedRun): void {
  const { config, checked } = prepared;
  const why = config.refine.refiner === 'close-up' ? undefined : whyNotAdapted(config, checked.dataset);
  if (why === undefined || triesAtlas(prepared)) return;
  throw new ConfigError({
    seen: `The refiner learns nothing, because ${why}`,
    need: 'The refiner close-up; or foal or sam, steps to learn in (refine.adaptSteps), and enough labelled images to hold some out; or an atlas and such images',
    fix: 'Change the settings, or go on without: packmule run',
  });
}

/** @throws RunError where adapt/result.json is missing or damaged. */
export function readAdaptation(run: RunDirectory): Promise<Adaptation> {
  return readResult(resultOf(run), 'What came of adapting the model');
}

/** One line. */
export function describeAdaptation({ before, after, steps, kept }: Adaptation): string {
  const figures = `Dice of refined held-out masks ${percent(before)} before, ${percent(after)} after ${steps} steps`;
  return kept ? `The refiner was adapted: ${figures}.` : `The refiner stays as it was: ${figures}.`;
}

/** Before a run that does not adapt goes on in the folder of one that did: its refiner is the model as it is. */
export async function forgetAdaptation(run: RunDirectory): Promise<void> {
  await rm(resultOf(run), { force: true });
}

/** The adapted model, where it was kept, in place of the one that it was made from. */
export async function adaptedSam<Sam extends SamModel>(run: RunDirectory, sam: Sam): Promise<Sam> {
  const { kept, file } = await readAdaptation(run);
  return kept ? adaptedTo(sam, file, run.path('adapt', file)) : sam;
}

/** A model with the weights that one of its trainings, which end in such a file, has left at a path. */
function adaptedTo<Sam extends SamModel>(sam: Sam, file: string, path: string): Sam {
  return file === DECODER_FILE ? { ...sam, decoder: path } : { ...sam, chosen: { path } };
}

/** The promptable model that refined the masks of a run: adapted, if the run adapted it; undefined where none did. */
export async function refiningSam(
  run: RunDirectory,
  config: Pick<RunConfig, 'refine' | 'sam'>,
): Promise<SamModel | undefined> {
  const sam = await chooseSam(config);
  return sam !== undefined && existsSync(resultOf(run)) ? adaptedSam(run, sam) : sam;
}

/** The copy that has not seen the held-out images of a fold, where the adapted model was kept. */
export async function foldSam(run: RunDirectory, sam: SamChoice, fold: number): Promise<SamChoice> {
  if (!existsSync(resultOf(run))) return sam;
  const { kept, file, steps } = await readAdaptation(run);
  return kept ? adaptedTo(sam, file, foldModel(run.path('adapt'), fold, steps)) : sam;
}

function adaptCase(item: Case, imageKey: string, drawn: readonly Structure[]): AdaptCase {
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
  return createRefiner({ ...refine, ensemble: { ...refine.ensemble, jitters: 0 } }, { model });
}
