/** @file A whole run: checked data in; two networks, masks for every unlabelled image, figures and a report out. */
import { PACKMULE_VERSION } from '../base/version.ts';
import { casesOf, SPLIT_NAMES, type SplitName } from '../dataset/types.ts';
import type { Adaptation } from '../foal/adapt.ts';
import type { Machine } from '../machine/devices.ts';
import type { Stage } from '../report/data.ts';
import type { FittedTrust } from '../trust/model.ts';
import type { RunConfig } from './config.ts';
import { imagesFingerprint, labelsFingerprint } from './fingerprints.ts';
import { acquireLock } from './lock.ts';
import { type RunObserver, type StageName, silentObserver } from './observer.ts';
import { type PreparedRun, planNotes, prepareRun, whyNoFolds } from './prepare.ts';
import { gatherReportData } from './report-data.ts';
import {
  logEvent,
  type MaskFolder,
  type RunDirectory,
  requireRunOrNothing,
  runDirectory,
} from './run-directory.ts';
import { chooseSam, embeddingsFolder, nameSam, type SamChoice } from './sam-model.ts';
import type { RunContext, StageOutcome } from './stage.ts';
import {
  adaptedSam,
  adaptStage,
  describeAdaptation,
  forgetAdaptation,
  readAdaptation,
  requireAdaptable,
} from './stages/adapt.ts';
import { checkModelStage } from './stages/check-model.ts';
import { evaluateStage, type RunEvaluation, readEvaluation } from './stages/evaluate.ts';
import { foldsStage } from './stages/folds.ts';
import { predictStage } from './stages/predict.ts';
import { refineStage } from './stages/refine.ts';
import { reportStage } from './stages/report.ts';
import { finalSamples, labelledSamples, trainStage } from './stages/train.ts';
import { readTrust, type TrustStageOptions, trustStage } from './stages/trust.ts';

/** The stages of a run in their order. */
const ORDER = [
  'checkModel',
  'initial',
  'predict',
  'folds',
  'adapt',
  'refine',
  'trust',
  'final',
  'predictFinal',
  'refineFinal',
  'evaluate',
  'report',
] as const;

/** The stages after which a run can stop. */
export type LastStage = Exclude<
  (typeof ORDER)[number],
  'checkModel' | 'folds' | 'refine' | 'predictFinal' | 'refineFinal'
>;

export interface RunOptions {
  /** The run directory. */
  readonly folder: string;
  /** The last stage to be done; earlier ones are done where they are not done yet. Default: all. */
  readonly until?: LastStage;
  /** Leave out images with problems instead of stopping. */
  readonly skipBad?: boolean;
  /** Whose devices are looked at; this machine by default. */
  readonly machine?: Machine;
  readonly observer?: RunObserver;
  /** When aborted, the current step is finished and saved, and the signal's reason thrown. */
  readonly signal?: AbortSignal;
}

export interface RunOutcome {
  readonly run: RunDirectory;
  readonly stages: readonly StageOutcome[];
  /** Where Foal was adapted, or found to be as good as it is. */
  readonly adaptation?: Adaptation;
  /** Where the run went as far as trust. */
  readonly trust?: FittedTrust;
  /** Where the run went as far as evaluation. */
  readonly evaluation?: RunEvaluation;
  /** What was left out or needs care, sentences. */
  readonly warnings: readonly string[];
}

/**
 * Does a run, or the rest of one: finished stages whose inputs and settings are the same are skipped.
 * @throws PackmuleError for bad data, settings, checkpoints, a run directory in use, a full disk.
 */
export async function runPipeline(config: RunConfig, options: RunOptions): Promise<RunOutcome> {
  const { until = 'report', skipBad = false, observer = silentObserver, machine, signal } = options;
  const run = runDirectory(options.folder);
  const context: RunContext = { run, observer, signal };
  await requireRunOrNothing(run);
  const sam = await chooseSam(config);
  const release = await acquireLock(run.lock);
  try {
    const prepared = await prepareRun(context, nameSam(config, sam), { skipBad, machine });
    await logEvent(run, { event: 'run started', packmule: PACKMULE_VERSION, until });
    const warnings = warningsOf(prepared);
    const stages: StageOutcome[] = [];
    for await (const outcome of doStages(context, prepared, sam, { warnings, until })) {
      stages.push(outcome);
      if (position(outcome.name) >= position(until)) break;
    }
    const did = (stage: StageName): boolean => stages.some(({ name }) => name === stage);
    return {
      run,
      stages,
      warnings,
      ...(did('adapt') && { adaptation: await readAdaptation(run) }),
      ...(did('trust') && { trust: await readTrust(run) }),
      ...(did('evaluate') && { evaluation: await readEvaluation(run) }),
    };
  } finally {
    await release();
  }
}

const position = (name: StageName): number => (ORDER as readonly StageName[]).indexOf(name);

function warningsOf({ checked }: PreparedRun): string[] {
  const leftOut = checked.problems.map(({ publicMessage }) => `Left out: ${publicMessage}.`);
  const alone = casesOf(checked.dataset, 'unlabelled').length === 0;
  return alone ? [...leftOut, 'There are no unlabelled images, so no final network is trained.'] : leftOut;
}

/** One stage after the other; each is done when the next outcome is asked for. */
async function* doStages(
  context: RunContext,
  prepared: PreparedRun,
  sam: SamChoice | undefined,
  { warnings, until }: { readonly warnings: readonly string[]; readonly until: LastStage },
): AsyncGenerator<StageOutcome, void> {
  const { run } = context;
  const { config, checked, plans, compute, versions } = prepared;
  const { dataset } = checked;

  const model = sam && (await checkModelStage(context, sam));
  if (model !== undefined) yield model;

  const trained: readonly SplitName[] = ['labelled', 'val'];
  const labelled = [imagesFingerprint(checked, trained), labelsFingerprint(checked, trained)];
  const training = { seed: config.seed, compute, validation: labelledSamples(casesOf(dataset, 'val')) };
  const initial = await trainStage(context, {
    ...training,
    name: 'initial',
    planned: plans.initial,
    inputs: labelled,
    samples: async () => labelledSamples(casesOf(dataset, 'labelled')),
  });
  yield initial;

  const splits = SPLIT_NAMES.filter((split) => split !== 'labelled' && casesOf(dataset, split).length > 0);
  const images = imagesFingerprint(checked, splits);
  const prediction = { dataset, splits, images, compute, selection: config.refine };
  const predict = await predictStage(context, {
    ...prediction,
    network: 'initial',
    trainingKey: initial.key,
  });
  yield predict;

  let folds: TrustStageOptions['folds'] = { none: whyNoFolds(config, dataset) ?? '' };
  if (plans.folds !== undefined) {
    const { seed, refine: selection } = config;
    const held = await foldsStage(context, { checked, planned: plans.folds, selection, seed, compute });
    yield held;
    const { count, networks } = plans.folds;
    folds = { count, networks, seed, key: held.key };
  }

  const embeddings = embeddingsFolder(run);
  const asShipped = { config, sam, checked, splits, compute, embeddings };
  let refining = asShipped;
  const notes = [...planNotes(plans)];
  const keysOfModel = [model?.key];
  if (until === 'adapt') requireAdaptable(config.refine, folds);
  const { refiner, adaptSteps: steps } = config.refine;
  if (sam && model && refiner === 'foal' && steps > 0 && 'key' in folds) {
    const adapt = await adaptStage(context, { ...asShipped, sam, modelKey: model.key, folds, steps });
    yield adapt;
    refining = { ...asShipped, sam: await adaptedSam(run, sam) };
    keysOfModel.push(adapt.key);
    notes.push({ topic: 'Foal', text: describeAdaptation(await readAdaptation(run)) });
  } else {
    await forgetAdaptation(run);
  }
  const modelKeys = keysOfModel.filter((key) => key !== undefined);
  const refine = await refineStage(context, {
    ...refining,
    name: 'refine',
    predictKey: predict.key,
    modelKeys,
  });
  yield refine;
  const trust = await trustStage(context, { ...asShipped, refineKey: refine.key, folds });
  yield trust;

  const keys = [predict.key, trust.key];
  const masks: Partial<Record<Stage, MaskFolder>> = { initial: 'predicted', refined: 'refined' };
  if (splits.includes('unlabelled')) {
    const { samples } = config.final;
    const final = await trainStage(context, {
      ...training,
      name: 'final',
      planned: plans.final,
      inputs: { refine: refine.key, samples, labelled },
      samples: () => finalSamples(context, dataset, samples),
    });
    yield final;
    const predictFinal = await predictStage(context, {
      ...prediction,
      network: 'final',
      trainingKey: final.key,
    });
    yield predictFinal;
    keys.push(predictFinal.key);
    masks.final = 'final';
    const held = splits.filter((split) => split !== 'unlabelled');
    if (refiner === 'foal' && held.length > 0) {
      const refineFinal = await refineStage(context, {
        ...refining,
        name: 'refineFinal',
        splits: held,
        predictKey: predictFinal.key,
        modelKeys,
      });
      yield refineFinal;
      keys.push(refineFinal.key);
      masks.finalRefined = 'final-refined';
    }
  }

  const evaluate = await evaluateStage(context, {
    dataset,
    masks,
    settings: config.evaluation,
    networkSize: plans.initial.plan.inputSize,
    inputs: { keys, truth: labelsFingerprint(checked, ['val', 'test']) },
  });
  yield evaluate;

  yield await reportStage(context, {
    inputs: { evaluate: evaluate.key, config, versions, warnings },
    data: () =>
      gatherReportData({
        run,
        config,
        dataset,
        masks,
        planNotes: notes,
        warnings,
        versions,
      }),
  });
}
