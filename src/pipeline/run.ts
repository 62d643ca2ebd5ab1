/** @file A whole run: checked data in; two networks, masks for every unlabelled image, figures and a report out. */
import { availableParallelism, platform } from 'node:os';
import { dirname, join } from 'node:path';
import { writeFileAtomic } from '../base/files.ts';
import { dependencyVersion, PACKMULE_VERSION } from '../base/version.ts';
import { type CheckedDataset, checkDataset } from '../dataset/check.ts';
import { openDataset } from '../dataset/dataset.ts';
import { computeStatistics } from '../dataset/statistics.ts';
import { casesOf, SPLIT_NAMES, type SplitName } from '../dataset/types.ts';
import { vectorLength } from '../optim/parameter-vector.ts';
import type { Stage } from '../report/data.ts';
import { networkSpecs } from '../training/network.ts';
import { planTraining, type TrainingPlan } from '../training/plan.ts';
import { trainingSchema } from '../training/settings.ts';
import type { RunConfig } from './config.ts';
import { imagesFingerprint, labelsFingerprint } from './fingerprints.ts';
import { acquireLock } from './lock.ts';
import { type RunObserver, silentObserver } from './observer.ts';
import { gatherReportData } from './report-data.ts';
import {
  logEvent,
  type MaskFolder,
  type RunDirectory,
  requireFreeSpace,
  runDirectory,
} from './run-directory.ts';
import type { RunContext, StageOutcome } from './stage.ts';
import { checkModelStage } from './stages/check-model.ts';
import { evaluateStage, type RunEvaluation, readEvaluation } from './stages/evaluate.ts';
import { predictStage } from './stages/predict.ts';
import { refineStage } from './stages/refine.ts';
import { reportStage } from './stages/report.ts';
import { finalSamples, labelledSamples, trainStage } from './stages/train.ts';

/** The stages after which a run can stop. */
export type LastStage = 'initial' | 'predict' | 'refine' | 'final' | 'evaluate' | 'report';

export interface RunOptions {
  /** The run directory. */
  readonly folder: string;
  /** The last stage to be done; earlier ones are done where they are not done yet. Default: all. */
  readonly until?: LastStage;
  /** Leave out images with problems instead of stopping. */
  readonly skipBad?: boolean;
  readonly observer?: RunObserver;
  /** When aborted, the current step is finished and saved, and the signal's reason thrown. */
  readonly signal?: AbortSignal;
}

export interface RunOutcome {
  readonly run: RunDirectory;
  readonly stages: readonly StageOutcome[];
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
  const run = runDirectory(options.folder);
  const context: RunContext = { run, observer: options.observer ?? silentObserver, signal: options.signal };
  const release = await acquireLock(run.lock);
  try {
    return await allStages(context, config, options);
  } finally {
    await release();
  }
}

async function allStages(context: RunContext, config: RunConfig, options: RunOptions): Promise<RunOutcome> {
  const { run, observer, signal } = context;
  const { until = 'report' } = options;
  const threads = config.threads ?? availableParallelism();
  const checked = await check(context, config, options.skipBad ?? false);
  const { dataset } = checked;
  const warnings = checked.problems.map(({ message }) => `Left out: ${message}.`);
  const plans = await planNetworks(config, checked, signal);
  await requireFreeSpace(run, expectedBytes(config, plans, checked));
  await writeRunConfig(run, { config, threads, checked, plans });
  await logEvent(run, {
    event: 'run started',
    packmule: PACKMULE_VERSION,
    fingerprint: checked.fingerprint,
    until,
  });

  const stages: StageOutcome[] = [];
  const masks: Partial<Record<Stage, MaskFolder>> = {};
  const add = (outcome: StageOutcome): string => {
    stages.push(outcome);
    return outcome.key;
  };
  const outcome = (evaluation?: RunEvaluation): RunOutcome => ({
    run,
    stages,
    warnings,
    ...(evaluation && { evaluation }),
  });
  for (const note of plans.initial.notes) observer.note(note);

  const modelKey =
    config.refine.refiner === 'sam' ? add(await checkModelStage(context, config.sam)) : undefined;
  const validation = labelledSamples(casesOf(dataset, 'val'));
  const shared = { seed: config.seed, threads, validation };
  const trained: readonly SplitName[] = ['labelled', 'val'];
  const trainingData = [imagesFingerprint(checked, trained), labelsFingerprint(checked, trained)];
  const initial = add(
    await trainStage(context, {
      ...shared,
      name: 'initial',
      planned: plans.initial,
      inputs: trainingData,
      samples: async () => labelledSamples(casesOf(dataset, 'labelled')),
    }),
  );
  if (until === 'initial') return outcome();

  const splits = SPLIT_NAMES.filter((split) => split !== 'labelled' && casesOf(dataset, split).length > 0);
  const prediction = {
    dataset,
    splits,
    threads,
    images: imagesFingerprint(checked, splits),
    selection: config.refine,
  };
  const predict = add(
    await predictStage(context, { ...prediction, network: 'initial', trainingKey: initial }),
  );
  masks.initial = 'predicted';
  if (until === 'predict') return outcome();

  const embeddings = join(dirname(run.root), '.embeddings');
  const refine = add(
    await refineStage(context, {
      config,
      checked,
      splits,
      predictKey: predict,
      modelKey,
      threads,
      embeddings,
    }),
  );
  masks.refined = 'refined';
  if (until === 'refine') return outcome();

  const keys = [predict, refine];
  if (casesOf(dataset, 'unlabelled').length === 0) {
    warnings.push('There are no unlabelled images, so no final network was trained.');
    observer.note(warnings.at(-1)!);
  } else {
    const { samples } = config.final;
    const final = add(
      await trainStage(context, {
        ...shared,
        name: 'final',
        planned: plans.final,
        inputs: { refine, samples, data: trainingData },
        samples: () => finalSamples(context, dataset, samples),
      }),
    );
    if (until === 'final') return outcome();
    keys.push(add(await predictStage(context, { ...prediction, network: 'final', trainingKey: final })));
    masks.final = 'final';
  }
  if (until === 'final') return outcome();

  const evaluated = add(
    await evaluateStage(context, {
      dataset,
      masks,
      settings: config.evaluation,
      networkSize: plans.initial.plan.inputSize,
      inputs: { keys, truth: labelsFingerprint(checked, ['val', 'test']) },
    }),
  );
  const evaluation = await readEvaluation(run);
  if (until === 'evaluate') return outcome(evaluation);

  const versions = versionFacts(checked, threads);
  add(
    await reportStage(context, {
      inputs: { evaluated, config, versions, warnings },
      data: () =>
        gatherReportData({
          run,
          config,
          dataset,
          masks,
          planNotes: plans.initial.notes,
          warnings,
          versions,
        }),
    }),
  );
  return outcome(evaluation);
}

/** Reads every file of the data set before any work starts. */
async function check(context: RunContext, config: RunConfig, skipBad: boolean): Promise<CheckedDataset> {
  const { observer, signal } = context;
  const start = performance.now();
  observer.stageStarted('check', 'Checking the data');
  const checked = await checkDataset(await openDataset(config.data), {
    skipBad,
    onProgress: (done, total) => observer.progress(done / total, `${done} of ${total} images`),
    ...(signal && { signal }),
  });
  for (const { message } of checked.problems) observer.note(`Left out: ${message}.`);
  observer.stageFinished('check', Math.round((performance.now() - start) / 100) / 10);
  return checked;
}

interface NetworkPlans {
  readonly initial: TrainingPlan;
  readonly final: TrainingPlan;
}

async function planNetworks(
  config: RunConfig,
  { dataset }: CheckedDataset,
  signal: AbortSignal | undefined,
): Promise<NetworkPlans> {
  const statistics = await computeStatistics(dataset, signal ? { signal } : {});
  const { samples: _, ...overrides } = config.final;
  const plan = (settings: object): TrainingPlan => {
    const training = trainingSchema.parse({ preset: config.preset, ...settings });
    return planTraining(statistics, dataset.classes, training, dataset.mirroredPairs);
  };
  return { initial: plan(config.training), final: plan({ ...config.training, ...overrides }) };
}

/** What a run writes at most: checkpoints and models of both networks, masks, embeddings. */
function expectedBytes(config: RunConfig, plans: NetworkPlans, { dataset }: CheckedDataset): number {
  // Four vectors in a checkpoint, which is there twice while it is replaced; weights and model after it.
  const vectors = 10;
  const networks = [plans.initial, plans.final]
    .map(({ plan }) => vectorLength(networkSpecs(plan)) * 4 * vectors)
    .reduce((a, b) => a + b);
  const masks = dataset.cases.length * dataset.classes.length * 4 * 2000;
  const embeddings = config.refine.refiner === 'sam' ? dataset.cases.length * 2.1e6 : 0;
  return 20e6 + networks + masks + embeddings;
}

interface RunRecord {
  readonly config: RunConfig;
  readonly threads: number;
  readonly checked: CheckedDataset;
  readonly plans: NetworkPlans;
}

async function writeRunConfig(
  run: RunDirectory,
  { config, threads, checked, plans }: RunRecord,
): Promise<void> {
  const record = {
    versions: Object.fromEntries(versionFacts(checked, threads).map(({ name, value }) => [name, value])),
    config,
    plans,
    leftOut: checked.problems,
  };
  await writeFileAtomic(run.config, `${JSON.stringify(record, null, 2)}\n`);
}

function versionFacts(checked: CheckedDataset, threads: number): { name: string; value: string }[] {
  return [
    { name: 'Packmule', value: PACKMULE_VERSION },
    { name: 'Node.js', value: process.version },
    { name: 'ONNX Runtime', value: dependencyVersion('onnxruntime-node') },
    { name: 'platform', value: `${platform()} ${process.arch}, ${threads} threads` },
    { name: 'data fingerprint (SHA-256)', value: checked.fingerprint },
  ];
}
