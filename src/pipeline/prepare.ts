/** @file What happens before the first stage: every file is read, both networks are planned, the disk is asked. */
import { availableParallelism, platform } from 'node:os';
import { describeFoal, type FoalPlan, foalPlan, stepsToLearn } from '../adapt/plan.ts';
import { ConfigError } from '../base/errors.ts';
import { requireFreeSpace, writeFileAtomic } from '../base/files.ts';
import { dependencyVersion, PACKMULE_VERSION } from '../base/version.ts';
import { CLOSE_UP_SHARE, type CloseUpPlan, describeCloseUp, planCloseUp } from '../closeup/plan.ts';
import type { CheckedDataset } from '../dataset/check.ts';
import { computeStatistics } from '../dataset/statistics.ts';
import { type Case, casesOf, type Dataset, type SplitName } from '../dataset/types.ts';
import { withoutMasks } from '../dataset/without-masks.ts';
import { type Compute, chooseCompute } from '../machine/choose.ts';
import type { Machine } from '../machine/devices.ts';
import { adaptsModel, askedModel, looksClose } from '../refine/settings.ts';
import { canGoOnFrom } from '../training/network.ts';
import { type PlanNote, planFolds, planTraining, type TrainingPlan } from '../training/plan.ts';
import { trainingSchema } from '../training/settings.ts';
import { FEWEST_IMAGES } from '../trust/model.ts';
import { checkImages } from './check-images.ts';
import type { RunConfig } from './config.ts';
import {
  CLOSE_UP_WEIGHTS,
  embeddingBytes,
  FOAL_WEIGHTS,
  maskBytes,
  trainingBytes,
  weightsOf,
} from './disk.ts';
import { recordedCompute } from './recorded-config.ts';
import { openRunDataset } from './run-dataset.ts';
import { nameSam, type SamChoice, type SamModel, settleSam } from './sam-model.ts';
import { type AtlasGrounds, atlasGrounds } from './settling.ts';
import type { RunContext } from './stage.ts';
import { type FoldCounts, foldCounts, showsStructure } from './stages/folds.ts';

export interface RunPlans {
  readonly initial: TrainingPlan;
  readonly final: TrainingPlan;
  /** What the final network begins with: random weights also where it is unlike the initial one. No pool, no such network. */
  readonly finalStart?: 'initial' | 'random' | 'unlike';
  /** The networks on which trust is calibrated, and how many; absent where it is not. */
  readonly folds?: TrainingPlan & FoldCounts;
  /** The network of close-ups, where the refiner has one. */
  readonly closeUp?: CloseUpPlan;
  /** On what grounds masks are settled, where they are. */
  readonly atlas?: AtlasGrounds;
  /** How long the promptable model learns, where it does; the minutes are Foal's. */
  readonly adapting?: FoalPlan;
}

/** A run whose data were checked and whose networks are planned. */
export interface PreparedRun {
  readonly config: RunConfig;
  /** The promptable model as it is before it is adapted; absent where the refiner needs none. */
  readonly sam: SamChoice | undefined;
  /** Without the masks of test. */
  readonly checked: CheckedDataset;
  readonly plans: RunPlans;
  readonly compute: Compute;
  /** Versions and data fingerprint, for config.json and the report. */
  readonly versions: readonly { readonly name: string; readonly value: string }[];
}

/** A data set with the masks of test, which the run is measured by: for evaluation and report alone. */
export type Truth = CheckedDataset;

export interface PrepareOptions {
  /** The promptable model of the settings. */
  readonly model: SamModel | undefined;
  readonly skipBad: boolean;
  /** Whose devices are looked at. */
  readonly machine: Machine | undefined;
}

/**
 * Chooses the device and how the promptable model computes there, checks data and disk, plans, and writes config.json.
 * @throws PackmuleError for data, settings or a disk with which the run could not end well.
 */
export async function prepareRun(
  context: RunContext,
  settings: RunConfig,
  { model, skipBad, machine }: PrepareOptions,
): Promise<{ readonly prepared: PreparedRun; readonly truth: Truth }> {
  const { run, observer, signal } = context;
  const config = nameSam(settings, model);
  const compute = await prepareCompute(context, config, machine);
  const { device } = compute;
  const sam = model && (await settleSam(model, config, { run, device, note: observer.note, machine }));
  const truth = await checkImages(context, await openRunDataset(config), skipBad);
  const checked = withoutMasks(truth, ['test']);
  const plans = await planNetworks(config, checked, signal);
  for (const { topic, text } of planNotes(plans, config)) observer.note(`${topic}: ${text}`);
  await requireFreeSpace(
    run.root,
    expectedBytes(config, plans, checked),
    'This run',
    'Free some space, or choose a folder on another disk with --runs',
  );
  const versions = versionFacts(checked, compute, sam);
  const record = {
    device,
    threads: compute.threads,
    ...(config.refine.refiner === 'sam' && { precision: sam?.precision }),
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
  return { prepared: { config, sam, checked, plans, compute, versions }, truth };
}

/** What the fold networks of a run need. */
export interface PreparedFolds {
  readonly checked: CheckedDataset;
  /** Of the initial network, on two cores. */
  readonly minutes: number;
  readonly planned: TrainingPlan & FoldCounts;
  readonly compute: Compute;
}

/** The splits from which labelled images come: a review makes labelled images of unlabelled ones. */
const LEARNT_FROM: readonly SplitName[] = ['labelled', 'unlabelled'];

/**
 * The part of prepareRun that fold networks need; they come out as those of the run. Neither images nor labels of
 * val and test are opened.
 * @throws PackmuleError for data, settings or a disk with which it could not end well.
 */
export async function prepareFolds(
  context: RunContext,
  config: RunConfig,
  skipBad: boolean,
): Promise<PreparedFolds> {
  const { run, signal } = context;
  const compute = await prepareCompute(context, config, undefined);
  const checked = await checkImages(context, await openRunDataset(config, LEARNT_FROM), skipBad);
  const labelled = casesOf(checked.dataset, 'labelled');
  const why = tooLittleForFolds(config, labelled);
  if (why !== undefined) {
    throw new ConfigError({
      seen: `No labelled image can be held out, because ${why}`,
      need: `Networks that have not seen the images they mask: at least ${FEWEST_IMAGES} labelled images with structures, in 2 folds or more`,
      fix: 'Annotate more images, or set trust.folds to 3',
    });
  }
  const initial = (await planner(config, checked, signal))(config.training);
  const counts = foldCounts(config.trust, labelled);
  const planned = { ...planFolds(initial, counts.networks, config.trust.epochs), ...counts };
  await requireFreeSpace(
    run.root,
    20e6 +
      counts.networks * trainingBytes(weightsOf(planned)) +
      maskBytes(labelled.length, checked.dataset.classes.length),
    'This work',
    'Free some space, or choose a folder on another disk with --runs',
  );
  return { checked, minutes: initial.minutes, planned, compute };
}

/** The device of the run and what to do where it fails a model. A run that goes on elsewhere says what follows. */
async function prepareCompute(
  { run, observer, signal }: RunContext,
  config: RunConfig,
  machine: Machine | undefined,
): Promise<Compute> {
  const { device: before, threads } = await recordedCompute(run);
  const chosen = await chooseCompute(config.device, (text) => observer.note(text), {
    ...(before && { before }),
    ...(machine && { machine }),
    ...(signal && { signal }),
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

/** What was planned and why, for the user. */
export function planNotes(
  { initial, finalStart, folds, atlas, closeUp, adapting }: RunPlans,
  { refine }: Pick<RunConfig, 'refine'>,
): readonly PlanNote[] {
  const copies = folds?.networks ?? 0;
  return [
    ...initial.notes,
    ...(finalStart === undefined ? [] : [{ topic: 'Final network', text: FINAL_STARTS[finalStart] }]),
    ...(atlas === 'suits' ? [{ topic: 'Atlas', text: UNTRIED }] : []),
    ...(adapting && askedModel(refine) === 'foal' ? [describeFoal(adapting, copies)] : []),
    ...(closeUp === undefined ? [] : [describeCloseUp(closeUp, copies)]),
    ...(folds?.notes ?? []),
  ];
}

const UNTRIED =
  'made of the labelled images, settles which class pixels belong to; it suits them, and no image is held out to see what it gains.';

const FINAL_STARTS: Readonly<Record<NonNullable<RunPlans['finalStart']>, string>> = {
  initial: 'goes on from the weights of the initial one.',
  random: 'begins with random weights (final.start).',
  unlike: 'begins with random weights, as its architecture or head is not that of the initial one.',
};

async function planNetworks(
  config: RunConfig,
  checked: CheckedDataset,
  signal: AbortSignal | undefined,
): Promise<RunPlans> {
  const { dataset } = checked;
  const { samples: _, start, ...overrides } = config.final;
  const plan = await planner(config, checked, signal);
  const initial = plan(config.training);
  const counts = foldCounts(config.trust, casesOf(dataset, 'labelled'));
  const { closeUpMinutes } = config.refine;
  const final = plan({ ...config.training, ...overrides });
  const holdsOut = whyNoFolds(config, dataset) === undefined;
  const atlas = atlasGrounds(config.refine, initial.plan, dataset, holdsOut);
  return {
    initial,
    ...(looksClose(config.refine) && {
      closeUp: planCloseUp(closeUpMinutes ?? initial.minutes * CLOSE_UP_SHARE),
    }),
    ...(adaptsModel(config.refine) && {
      adapting: foalPlan(stepsToLearn(config.refine, initial.minutes)),
    }),
    final,
    ...(casesOf(dataset, 'unlabelled').length > 0 && {
      finalStart: start === 'initial' && !canGoOnFrom(initial.plan, final.plan) ? ('unlike' as const) : start,
    }),
    ...(atlas && { atlas }),
    ...(holdsOut && {
      folds: { ...planFolds(initial, counts.networks, config.trust.epochs), ...counts },
    }),
  };
}

/** From training settings to the plan of a network, by the figures of the labelled images. */
async function planner(
  { preset }: RunConfig,
  { dataset }: CheckedDataset,
  signal: AbortSignal | undefined,
): Promise<(settings: object) => TrainingPlan> {
  const statistics = await computeStatistics(dataset, signal ? { signal } : {});
  return (settings) => {
    const training = trainingSchema.parse({ preset, ...settings });
    return planTraining(statistics, dataset.classes, training, dataset.mirroredPairs);
  };
}

/** Why trust is not calibrated, if so: the end of a sentence. */
export function whyNoFolds(config: RunConfig, dataset: Dataset): string | undefined {
  if (casesOf(dataset, 'unlabelled').length === 0) return 'there are no unlabelled images to be judged';
  return tooLittleForFolds(config, casesOf(dataset, 'labelled'));
}

function tooLittleForFolds({ trust }: RunConfig, labelled: readonly Case[]): string | undefined {
  if (trust.folds === 0) return 'trust.folds is 0';
  const shown = labelled.filter(showsStructure).length;
  if (shown >= FEWEST_IMAGES) return undefined;
  return `there are ${shown} labelled images with structures, and calibration takes ${FEWEST_IMAGES}`;
}

/** What a run writes at most: checkpoints and models of both networks, masks, embeddings. */
function expectedBytes(config: RunConfig, plans: RunPlans, { dataset }: CheckedDataset): number {
  const folds = new Array<TrainingPlan>(plans.folds?.networks ?? 0).fill(plans.initial);
  const networks = [plans.initial, plans.final, ...folds]
    .map((planned) => trainingBytes(weightsOf(planned)))
    .reduce((a, b) => a + b);
  const learners =
    (plans.closeUp ? (1 + folds.length) * trainingBytes(CLOSE_UP_WEIGHTS) : 0) +
    (plans.adapting ? (1 + folds.length) * trainingBytes(FOAL_WEIGHTS) : 0);
  const masks = 2 * maskBytes(dataset.cases.length, dataset.classes.length);
  const embeddings = config.refine.refiner === 'sam' ? embeddingBytes(dataset.cases.length) : 0;
  return 20e6 + networks + learners + masks + embeddings;
}

function versionFacts(
  checked: CheckedDataset,
  { threads, device }: Compute,
  sam: SamChoice | undefined,
): PreparedRun['versions'] {
  return [
    { name: 'Packmule', value: PACKMULE_VERSION },
    { name: 'Node.js', value: process.version },
    { name: 'ONNX Runtime', value: dependencyVersion('onnxruntime-node') },
    { name: 'platform', value: `${platform()} ${process.arch}, ${threads} threads` },
    { name: 'device', value: device },
    ...(sam ? [{ name: 'products of the promptable model', value: sam.precision }] : []),
    { name: 'data fingerprint (SHA-256)', value: checked.fingerprint },
  ];
}
