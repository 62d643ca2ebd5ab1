/** @file What happens before the first stage: every file is read, both networks are planned, the disk is asked. */
import { readFile } from 'node:fs/promises';
import { availableParallelism, platform } from 'node:os';
import { requireFreeSpace, writeFileAtomic } from '../base/files.ts';
import { dependencyVersion, PACKMULE_VERSION } from '../base/version.ts';
import { type CheckedDataset, checkDataset } from '../dataset/check.ts';
import { computeStatistics } from '../dataset/statistics.ts';
import { casesOf, type Dataset } from '../dataset/types.ts';
import { chooseCompute } from '../machine/choose.ts';
import type { Machine } from '../machine/devices.ts';
import { vectorLength } from '../optim/parameter-vector.ts';
import type { ComputeOptions } from '../runtime/session.ts';
import { networkSpecs } from '../training/network.ts';
import { type PlanNote, planFolds, planTraining, type TrainingPlan } from '../training/plan.ts';
import { trainingSchema } from '../training/settings.ts';
import { FEWEST_IMAGES } from '../trust/model.ts';
import type { RunConfig } from './config.ts';
import { openRunDataset } from './run-dataset.ts';
import type { RunDirectory } from './run-directory.ts';
import type { RunContext } from './stage.ts';
import type { FoldCounts } from './stages/folds.ts';

/** Labelled images whose masks are enough to calibrate trust on. */
const HELD_OUT_IMAGES = 10;

export interface RunPlans {
  readonly initial: TrainingPlan;
  readonly final: TrainingPlan;
  /** The networks on which trust is calibrated, and how many; absent where it is not. */
  readonly folds?: TrainingPlan & FoldCounts;
}

/** A run whose data were checked and whose networks are planned. */
export interface PreparedRun {
  readonly config: RunConfig;
  readonly checked: CheckedDataset;
  readonly plans: RunPlans;
  readonly compute: ComputeOptions;
  /** Versions and data fingerprint, for config.json and the report. */
  readonly versions: readonly { readonly name: string; readonly value: string }[];
}

export interface PrepareOptions {
  readonly skipBad: boolean;
  /** Whose devices are looked at. */
  readonly machine: Machine | undefined;
}

/**
 * Chooses the device, checks data and disk, plans, and writes config.json.
 * @throws PackmuleError for data, settings or a disk with which the run could not end well.
 */
export async function prepareRun(
  context: RunContext,
  config: RunConfig,
  { skipBad, machine }: PrepareOptions,
): Promise<PreparedRun> {
  const { run, observer, signal } = context;
  const compute = await prepareCompute(context, config, machine);
  const checked = await check(context, config, skipBad);
  const plans = await planNetworks(config, checked, signal);
  for (const { topic, text } of planNotes(plans)) observer.note(`${topic}: ${text}`);
  await requireFreeSpace(
    run.root,
    expectedBytes(config, plans, checked),
    'This run',
    'Free some space, or choose a folder on another disk with --runs',
  );
  const versions = versionFacts(checked, compute);
  const record = {
    device: compute.device,
    threads: compute.threads,
    versions: Object.fromEntries(versions.map(({ name, value }) => [name, value])),
    config,
    plans,
    leftOut: checked.problems.map(({ kind, split, publicMessage }) => ({
      kind,
      split,
      message: publicMessage,
    })),
  };
  if (context.shard === undefined) await writeFileAtomic(run.config, `${JSON.stringify(record, null, 2)}\n`);
  return { config, checked, plans, compute, versions };
}

/** The device of the run and what to do where it fails a model. A run that goes on elsewhere says what follows. */
async function prepareCompute(
  { run, observer }: RunContext,
  config: RunConfig,
  machine: Machine | undefined,
): Promise<ComputeOptions> {
  const { device: before, threads } = await recordedCompute(run);
  const chosen = await chooseCompute(config.device, (text) => observer.note(text), {
    ...(before && { before }),
    ...(machine && { machine }),
  });
  const { device } = chosen;
  if (before !== undefined && before !== device) {
    observer.note(
      `This run was computed on ${before} so far. Results differ in their last bits, so what networks compute is done again on ${device}; --device ${before} goes on with what is there.`,
    );
  }
  const cores = availableParallelism();
  if (config.threads === undefined && threads !== undefined && threads < cores) {
    observer.note(
      `This run goes on with ${threads} threads, as it began; --set threads=${cores} uses all cores, and does again what networks compute.`,
    );
  }
  // Results differ in their last bits between numbers of threads too.
  return { threads: config.threads ?? threads ?? cores, ...chosen };
}

/**
 * What an earlier config.json says, if there is one; those from before there was a choice of devices name none: the
 * CPU.
 */
async function recordedCompute(run: RunDirectory): Promise<Pick<ComputeOptions, 'device' | 'threads'>> {
  try {
    const record = JSON.parse(await readFile(run.config, 'utf8')) as Pick<
      ComputeOptions,
      'device' | 'threads'
    >;
    const { device = 'cpu', threads } = record;
    return { device, ...(threads && { threads }) };
  } catch {
    return {};
  }
}

/** What was planned and why, for the user. */
export function planNotes({ initial, folds }: RunPlans): readonly PlanNote[] {
  return [...initial.notes, ...(folds?.notes ?? [])];
}

async function check(context: RunContext, config: RunConfig, skipBad: boolean): Promise<CheckedDataset> {
  const { observer, signal } = context;
  const start = performance.now();
  observer.stageStarted('check', 'Checking the data');
  const checked = await checkDataset(await openRunDataset(config), {
    skipBad,
    onProgress: (done, total) => observer.progress(done / total, `${done} of ${total} images`),
    ...(signal && { signal }),
  });
  observer.stageFinished('check', Math.round((performance.now() - start) / 100) / 10);
  for (const { message } of checked.problems) observer.note(`Left out: ${message}.`);
  for (const { message } of checked.doubts) observer.note(`${message}.`);
  return checked;
}

async function planNetworks(
  config: RunConfig,
  { dataset }: CheckedDataset,
  signal: AbortSignal | undefined,
): Promise<RunPlans> {
  const statistics = await computeStatistics(dataset, signal ? { signal } : {});
  const { samples: _, ...overrides } = config.final;
  const plan = (settings: object): TrainingPlan => {
    const training = trainingSchema.parse({ preset: config.preset, ...settings });
    return planTraining(statistics, dataset.classes, training, dataset.mirroredPairs);
  };
  const initial = plan(config.training);
  const counts = foldCounts(config.trust, casesOf(dataset, 'labelled').length);
  return {
    initial,
    final: plan({ ...config.training, ...overrides }),
    ...(whyNoFolds(config, dataset) === undefined && {
      folds: { ...planFolds(initial, counts.networks, config.trust.epochs), ...counts },
    }),
  };
}

/** Unless set, as many parts are held out as it takes to have masks of ten images. */
function foldCounts({ folds, networks }: RunConfig['trust'], labelled: number): FoldCounts {
  const count = Math.max(1, Math.min(folds, labelled));
  const enough = Math.ceil((HELD_OUT_IMAGES * count) / Math.max(1, labelled));
  return { count, networks: Math.min(networks ?? enough, count) };
}

/** Why trust is not calibrated, if so: the end of a sentence. */
export function whyNoFolds({ trust }: RunConfig, dataset: Dataset): string | undefined {
  if (trust.folds === 0) return 'trust.folds is 0';
  if (casesOf(dataset, 'unlabelled').length === 0) return 'there are no unlabelled images to be judged';
  const labelled = casesOf(dataset, 'labelled').length;
  if (labelled >= FEWEST_IMAGES) return undefined;
  return `there are ${labelled} labelled images, and calibration takes ${FEWEST_IMAGES}`;
}

/** What a run writes at most: checkpoints and models of both networks, masks, embeddings. */
function expectedBytes(config: RunConfig, plans: RunPlans, { dataset }: CheckedDataset): number {
  // Four vectors in a checkpoint, which is there twice while it is replaced; weights and model after it.
  const vectors = 10;
  const folds = new Array<TrainingPlan>(plans.folds?.networks ?? 0).fill(plans.initial);
  const networks = [plans.initial, plans.final, ...folds]
    .map(({ plan }) => vectorLength(networkSpecs(plan)) * 4 * vectors)
    .reduce((a, b) => a + b);
  const masks = dataset.cases.length * dataset.classes.length * 4 * 2000;
  const embeddings = config.refine.refiner === 'sam' ? dataset.cases.length * 2.1e6 : 0;
  return 20e6 + networks + masks + embeddings;
}

function versionFacts(
  checked: CheckedDataset,
  { threads, device = 'cpu' }: ComputeOptions,
): PreparedRun['versions'] {
  return [
    { name: 'Packmule', value: PACKMULE_VERSION },
    { name: 'Node.js', value: process.version },
    { name: 'ONNX Runtime', value: dependencyVersion('onnxruntime-node') },
    { name: 'platform', value: `${platform()} ${process.arch}, ${threads} threads` },
    { name: 'device', value: device },
    { name: 'data fingerprint (SHA-256)', value: checked.fingerprint },
  ];
}
