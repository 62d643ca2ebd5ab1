/**
 * @file The course of a run: its steps in their order, which runs have them, and what each is given. The masks of test
 * are in none but the truth, which evaluation and report take.
 */
import type { Atlas } from '../atlas/atlas.ts';
import { casesOf, SPLIT_NAMES, type SplitName } from '../dataset/types.ts';
import { askedModel, askedOnce, hasLastWord, withoutCloseUps } from '../refine/settings.ts';
import type { Stage } from '../report/data.ts';
import type { PlanNote } from '../training/plan.ts';
import { imagesFingerprint, labelsFingerprint } from './fingerprints.ts';
import type { StageName } from './observer.ts';
import { type PreparedRun, planNotes, type Truth, whyNoFolds } from './prepare.ts';
import { openRefiner } from './refine-images.ts';
import { gatherReportData } from './report-data.ts';
import type { MaskFolder } from './run-directory.ts';
import { embeddingsFolder, type SamChoice } from './sam-model.ts';
import { atlasOf, describeSettling, readSettling, settles } from './settling.ts';
import type { RunContext, StageOutcome } from './stage.ts';
import {
  adaptedRefining,
  adaptStage,
  describeAdaptation,
  foldSam,
  forgetAdaptation,
  readAdaptation,
  whyNotAdapted,
} from './stages/adapt.ts';
import { checkModelStage } from './stages/check-model.ts';
import {
  type CloseUpStageOptions,
  closeUpRefining,
  closeUpStage,
  describeCloseUps,
  readCloseUps,
} from './stages/close-up.ts';
import { evaluateStage } from './stages/evaluate.ts';
import { type FoldCounts, foldsStage } from './stages/folds.ts';
import { type PredictStageOptions, predictStage } from './stages/predict.ts';
import { type RefineStageOptions, refineStage, relevantSettings } from './stages/refine.ts';
import { reportStage } from './stages/report.ts';
import { finalSamples, labelledSamples, type TrainStageOptions, trainStage } from './stages/train.ts';
import { type TrustStageOptions, trustStage } from './stages/trust.ts';

/** What the steps of a run share. */
export interface Course {
  readonly context: RunContext;
  readonly prepared: PreparedRun;
  /** What was left out or needs care, sentences. */
  readonly warnings: readonly string[];
  /** Splits with images, without the labelled one: those that are masked. */
  readonly splits: readonly SplitName[];
  /** Keys of the stages that are done. */
  readonly keys: Map<StageName, string>;
}

/** One stage of a run. */
interface Step {
  readonly name: StageName;
  /** Whether the run has it. */
  readonly belongs: (course: Course) => boolean;
  /** Whether no work on single images, which shards do, waits for it. Unless set, it does. */
  readonly isAside?: (course: Course) => boolean;
  /** Does it, after those before it that belong to the run. */
  readonly work: (course: Course, truth: Truth) => Promise<StageOutcome>;
}

const always = (): boolean => true;
const isPrompted = ({ prepared }: Course): boolean => prepared.sam !== undefined;
const isCalibrated = ({ prepared }: Course): boolean => prepared.plans.folds !== undefined;
const hasPool = ({ splits }: Course): boolean => splits.includes('unlabelled');
const isAdapted = ({ prepared: { config, checked } }: Course): boolean =>
  whyNotAdapted(config, checked.dataset) === undefined;

const learnsCloseUps = ({ prepared }: Course): boolean => prepared.plans.closeUp !== undefined;

const isSettled = ({ prepared }: Course): boolean => prepared.plans.atlas !== undefined;

const refinesFinal = (course: Course): boolean =>
  hasPool(course) && hasLastWord(course.prepared.config.refine) && measured(course).length > 0;

/** The stages of a run in their order. */
export const STEPS: readonly Step[] = [
  { name: 'checkModel', belongs: isPrompted, work: checkModel },
  { name: 'initial', belongs: always, work: trainInitial },
  { name: 'predict', belongs: always, work: (course) => predict(course, 'initial') },
  {
    name: 'folds',
    belongs: isCalibrated,
    isAside: (course) => !isAdapted(course) && !learnsCloseUps(course) && !isSettled(course),
    work: trainFolds,
  },
  { name: 'adapt', belongs: isAdapted, work: adapt },
  { name: 'closeUp', belongs: learnsCloseUps, work: trainCloseUp },
  { name: 'refine', belongs: always, work: refine },
  { name: 'trust', belongs: always, isAside: always, work: trust },
  { name: 'final', belongs: hasPool, work: trainFinal },
  { name: 'predictFinal', belongs: hasPool, work: (course) => predict(course, 'final') },
  { name: 'refineFinal', belongs: refinesFinal, work: refineFinal },
  { name: 'evaluate', belongs: always, isAside: always, work: evaluate },
  { name: 'report', belongs: always, isAside: always, work: report },
];

/** The course of a run of which nothing is done. */
export function setOut(context: RunContext, prepared: PreparedRun, warnings: readonly string[]): Course {
  const { dataset } = prepared.checked;
  const splits = SPLIT_NAMES.filter((split) => split !== 'labelled' && casesOf(dataset, split).length > 0);
  return { context, prepared, warnings, splits, keys: new Map() };
}

/** The key of an earlier step that belongs to the run. */
const keyOf = ({ keys }: Course, name: StageName): string => keys.get(name)!;

const measured = ({ splits }: Course): SplitName[] => splits.filter((split) => split !== 'unlabelled');

/** What the networks depend on through the images that people have annotated. */
function annotated({ prepared: { checked } }: Course): unknown {
  const splits: readonly SplitName[] = ['labelled', 'val'];
  return [imagesFingerprint(checked, splits), labelsFingerprint(checked, splits)];
}

function training({
  prepared: { config, checked, compute },
}: Course): Pick<TrainStageOptions, 'seed' | 'compute' | 'validation'> {
  return { seed: config.seed, compute, validation: labelledSamples(casesOf(checked.dataset, 'val')) };
}

function checkModel({ context, prepared }: Course): Promise<StageOutcome> {
  return checkModelStage(context, prepared.sam!, askedModel(prepared.config.refine));
}

function trainInitial(course: Course): Promise<StageOutcome> {
  const { context, prepared } = course;
  return trainStage(context, {
    ...training(course),
    name: 'initial',
    planned: prepared.plans.initial,
    inputs: annotated(course),
    samples: async () => labelledSamples(casesOf(prepared.checked.dataset, 'labelled')),
  });
}

async function predict(course: Course, network: PredictStageOptions['network']): Promise<StageOutcome> {
  const { context, prepared, splits } = course;
  const { config, checked, compute } = prepared;
  return predictStage(context, {
    network,
    dataset: checked.dataset,
    splits,
    trainingKey: keyOf(course, network),
    images: imagesFingerprint(checked, splits),
    compute,
    selection: config.refine,
    settled: await settledBy(course, network),
  });
}

/** Held-out images tell only later whether masks of the initial network are better settled; of the final, before. */
async function settledBy(
  course: Course,
  network: PredictStageOptions['network'],
): Promise<PredictStageOptions['settled']> {
  if (network === 'initial') {
    return isSettled(course) ? { atlas: labelledAtlas(course), splits: course.splits } : undefined;
  }
  const atlas = refinesFinal(course) ? await keptAtlas(course, network) : undefined;
  return atlas && { atlas, splits: measured(course) };
}

function labelledAtlas({ prepared }: Course): Atlas {
  const { dataset } = prepared.checked;
  return atlasOf(dataset, casesOf(dataset, 'labelled'));
}

/** The atlas that settles the masks of a network which are refined; none where held-out masks were no better by it. */
async function keptAtlas(
  course: Course,
  network: PredictStageOptions['network'],
): Promise<Atlas | undefined> {
  const { config, plans } = course.prepared;
  if (!isSettled(course) || !settles(config.refine, plans[network].plan)) return undefined;
  const isKept = plans.atlas === 'suits' || (await readSettling(course.context.run)).kept;
  return isKept ? labelledAtlas(course) : undefined;
}

function trainFolds({ context, prepared }: Course): Promise<StageOutcome> {
  const { config, checked, plans, compute } = prepared;
  const { seed, refine: selection } = config;
  return foldsStage(context, { checked, planned: plans.folds!, selection, seed, compute });
}

/** The folds whose masks tell how good the refiner is, or why there are none. */
function foldsOf(course: Course): TrustStageOptions['folds'] {
  const { config, checked, plans } = course.prepared;
  if (plans.folds === undefined) return { none: whyNoFolds(config, checked.dataset) ?? '' };
  const { count, networks } = plans.folds;
  return { count, networks, seed: config.seed, key: keyOf(course, 'folds') };
}

/** The folds by which it is known what the refiner gains, where there are any. */
function heldOut(course: Course): (FoldCounts & { readonly key: string }) | undefined {
  const folds = foldsOf(course);
  return 'none' in folds ? undefined : folds;
}

/** The refiner whose masks are redrawn close up, where there is one before; that of a fold has not seen its images. */
async function drawsFirst(course: Course): Promise<CloseUpStageOptions['first']> {
  const { context, keys } = course;
  const options = await afterAdapting(course);
  const { sam } = options;
  if (sam === undefined) return undefined;
  const refine = askedOnce(withoutCloseUps(options.config.refine));
  const ofFold = (fold: number): Promise<SamChoice> | SamChoice =>
    isAdapted(course) ? foldSam(context.run, sam, fold) : sam;
  return {
    key: [keys.get('checkModel'), keys.get('adapt'), relevantSettings(refine)],
    open: async (fold) => openRefiner(context, { ...options, config: { refine }, sam: await ofFold(fold) }),
  };
}

async function trainCloseUp(course: Course): Promise<StageOutcome> {
  const { context, prepared } = course;
  const { config, checked, plans, compute } = prepared;
  return closeUpStage(context, {
    checked,
    planned: plans.closeUp!,
    folds: heldOut(course),
    first: await drawsFirst(course),
    seed: config.seed,
    compute,
  });
}

/** What all refinement is done with before its model has learnt from the labelled images. */
function asShipped({ context, prepared, splits }: Course) {
  const { config, sam, checked, compute } = prepared;
  return { config, sam, checked, splits, compute, embeddings: embeddingsFolder(context.run) };
}

/** The same after what learns has learnt, or with nothing, where that made held-out masks no better. */
async function asLearnt(course: Course) {
  const { run } = course.context;
  const prompted = await afterAdapting(course);
  return {
    ...prompted,
    ...(learnsCloseUps(course) && (await closeUpRefining(run, prompted.config))),
  };
}

/** The same after the promptable model alone has learnt. */
async function afterAdapting(course: Course) {
  const { context, prepared } = course;
  const { config, sam } = prepared;
  return {
    ...asShipped(course),
    ...(isAdapted(course) && (await adaptedRefining(context.run, config, sam!))),
  };
}

function adapt(course: Course): Promise<StageOutcome> {
  const { context, prepared } = course;
  const { sam } = prepared;
  if (sam === undefined) throw new Error('Nothing to adapt');
  return adaptStage(context, {
    ...asShipped(course),
    sam,
    modelKey: keyOf(course, 'checkModel'),
    seed: prepared.config.seed,
    steps: prepared.plans.adapting!.steps,
    folds: heldOut(course),
  });
}

async function refining(
  course: Course,
  network: PredictStageOptions['network'],
): Promise<Omit<RefineStageOptions, 'name' | 'splits' | 'predictKey'>> {
  const { keys } = course;
  const modelKeys = [keys.get('checkModel'), keys.get('adapt'), keys.get('closeUp')].filter(
    (key) => key !== undefined,
  );
  return { ...(await asLearnt(course)), modelKeys, atlas: await keptAtlas(course, network) };
}

async function refine(course: Course): Promise<StageOutcome> {
  const { context, splits } = course;
  if (!isAdapted(course) && context.shard === undefined) await forgetAdaptation(context.run);
  const predictKey = keyOf(course, 'predict');
  return refineStage(context, { ...(await refining(course, 'initial')), name: 'refine', splits, predictKey });
}

async function trust(course: Course): Promise<StageOutcome> {
  const refineKey = keyOf(course, 'refine');
  return trustStage(course.context, {
    ...(await asLearnt(course)),
    refineKey,
    folds: foldsOf(course),
  });
}

function trainFinal(course: Course): Promise<StageOutcome> {
  const { context, prepared } = course;
  const { samples } = prepared.config.final;
  return trainStage(context, {
    ...training(course),
    name: 'final',
    planned: prepared.plans.final,
    ...(prepared.plans.finalStart === 'initial' && {
      start: { directory: context.run.path('initial'), key: keyOf(course, 'initial') },
    }),
    inputs: { refine: keyOf(course, 'refine'), samples, labelled: annotated(course) },
    samples: () => finalSamples(context, prepared.checked.dataset, samples),
  });
}

async function refineFinal(course: Course): Promise<StageOutcome> {
  const predictKey = keyOf(course, 'predictFinal');
  const splits = measured(course);
  return refineStage(course.context, {
    ...(await refining(course, 'final')),
    name: 'refineFinal',
    splits,
    predictKey,
  });
}

/** The masks that the run has when it is measured, by what they are of. */
function masksOf(course: Course): Partial<Record<Stage, MaskFolder>> {
  return {
    initial: 'predicted',
    refined: 'refined',
    ...(hasPool(course) && { final: 'final' }),
    ...(refinesFinal(course) && { finalRefined: 'final-refined' }),
  };
}

function evaluate(course: Course, truth: Truth): Promise<StageOutcome> {
  const { context, prepared, keys } = course;
  const { config, plans } = prepared;
  const sources = (['predict', 'trust', 'predictFinal', 'refineFinal'] as const).map((name) =>
    keys.get(name),
  );
  return evaluateStage(context, {
    dataset: truth.dataset,
    masks: masksOf(course),
    settings: config.evaluation,
    networkSize: plans.initial.plan.inputSize,
    inputs: {
      keys: sources.filter((key) => key !== undefined),
      truth: labelsFingerprint(truth, ['val', 'test']),
    },
  });
}

function report(course: Course, truth: Truth): Promise<StageOutcome> {
  const { context, prepared, warnings } = course;
  const { config, plans, versions } = prepared;
  return reportStage(context, {
    inputs: { evaluate: keyOf(course, 'evaluate'), config, versions, warnings },
    data: async () =>
      gatherReportData({
        run: context.run,
        config,
        dataset: truth.dataset,
        masks: masksOf(course),
        planNotes: [...planNotes(plans, config), ...(await learningNotes(course))],
        warnings,
        versions,
      }),
  });
}

/** What came of letting atlas and refiner learn from the labelled images. */
async function learningNotes(course: Course): Promise<PlanNote[]> {
  const { run } = course.context;
  return [
    ...(course.prepared.plans.atlas === 'tried'
      ? [{ topic: 'Atlas', text: describeSettling(await readSettling(run)) }]
      : []),
    ...(isAdapted(course) ? [{ topic: 'Foal', text: describeAdaptation(await readAdaptation(run)) }] : []),
    ...(learnsCloseUps(course)
      ? [{ topic: 'Refiner', text: describeCloseUps(await readCloseUps(run)) }]
      : []),
  ];
}
