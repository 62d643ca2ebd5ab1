/**
 * @file What all cells of a benchmark share, prepared before the first of them: checked data whose splits are fixed,
 * the figures by which networks are planned, device and promptable models.
 *
 * Test labels are kept apart: the data set that works are given has masks of labelled images only, and what holds
 * those of val and test is handed to the evaluation, and to the figure that shows some of them.
 */
import { availableParallelism } from 'node:os';
import type { AnnotationSet } from '../annotations/types.ts';
import { ConfigError } from '../base/errors.ts';
import { hashJson } from '../base/hash.ts';
import type { CheckedDataset } from '../dataset/check.ts';
import { openDataset } from '../dataset/dataset.ts';
import { computeStatistics, type DatasetStatistics } from '../dataset/statistics.ts';
import { type Case, casesOf, type SplitName } from '../dataset/types.ts';
import { withoutMasks } from '../dataset/without-masks.ts';
import { chooseCompute } from '../machine/choose.ts';
import { checkImages } from '../pipeline/check-images.ts';
import type { RunConfig } from '../pipeline/config.ts';
import { imagesFingerprint, labelsFingerprint } from '../pipeline/fingerprints.ts';
import { readMaskSet, truthSet } from '../pipeline/mask-sets.ts';
import { type MaskFolder, type RunDirectory, runDirectory } from '../pipeline/run-directory.ts';
import { chooseSam, embeddingsFolder, type SamChoice } from '../pipeline/sam-model.ts';
import type { RunContext } from '../pipeline/stage.ts';
import { checkModelStage } from '../pipeline/stages/check-model.ts';
import { refineSettingsSchema } from '../refine/settings.ts';
import type { ComputeOptions } from '../runtime/session.ts';
import { fixSplits, readFixed, requireFixed } from './fixed.ts';
import { modelRole, setModelRole } from './refiners.ts';
import type { Images, ModelRole } from './work.ts';

/** What works are made from: plain data but for `compute`, as processes are sent it. No mask of val or test is in it. */
export interface Setup {
  readonly config: RunConfig;
  readonly checked: CheckedDataset;
  readonly compute: ComputeOptions;
  /** What can be learnt from, by the number of labelled images: those of the grid, and all of them. */
  readonly lessons: ReadonlyMap<number, Lesson>;
  /** The images of each split. */
  readonly images: Readonly<Record<SplitName, Images>>;
  readonly models: Readonly<Partial<Record<ModelRole, UsedModel>>>;
  /** Where embeddings of images are kept. */
  readonly embeddings: string;
}

/** The first so many labelled images. */
export interface Lesson {
  readonly cases: readonly Case[];
  readonly images: Images;
  readonly statistics: DatasetStatistics;
}

export interface UsedModel {
  readonly choice: SamChoice;
  /** Stands for the content of its file. */
  readonly key: string;
}

/** The splits that cells are measured on. */
export type HeldOut = Extract<SplitName, 'val' | 'test'>;

const HELD_OUT: readonly HeldOut[] = ['val', 'test'];

/** The labels of val and test. */
export interface Truth {
  /** Those that the data set has. */
  readonly splits: readonly HeldOut[];
  readonly classes: readonly string[];
  /** Hash of the labels of a split. */
  fingerprint(split: HeldOut): string;
  read(split: HeldOut): AnnotationSet;
  /** Masks that a method has drawn, in the frames of the labels. */
  masks(run: RunDirectory, folder: MaskFolder, split: HeldOut): Promise<AnnotationSet>;
}

export interface SetupOptions {
  /** Numbers of labelled images. */
  readonly labelled: readonly number[];
  /** The promptable models that the methods need. */
  readonly models: readonly ModelRole[];
  readonly skipBad: boolean;
  /** Works that are to be done at once, among which the first start divides the cores. Default 1. */
  readonly jobs?: number;
}

/**
 * Checks the data, fixes its splits and gets the models.
 * @throws PackmuleError for bad data or settings, splits, device or threads other than those of an earlier start,
 * models that cannot be had.
 */
export async function prepareSetup(
  context: RunContext,
  config: RunConfig,
  options: SetupOptions,
): Promise<{ readonly setup: Setup; readonly truth: Truth }> {
  const { labelled, models, skipBad, jobs = 1 } = options;
  const { run, observer, signal } = context;
  const fixed = await readFixed(run);
  const cores = availableParallelism();
  const before = fixed && { device: fixed.device, threads: fixed.threads ?? cores };
  if (before !== undefined) requireFixed(run, before, config);
  const chosen = await chooseCompute(config.device, (text) => observer.note(text), {
    ...(before && { before: before.device }),
    ...(signal && { signal }),
  });
  const share = Math.max(1, Math.floor(cores / jobs));
  const compute = { threads: before?.threads ?? config.threads ?? share, ...chosen };
  const checked = await checkImages(context, await openDataset(config.data), skipBad);
  if (!(await fixSplits(context, fixed, checked, compute))) return prepareSetup(context, config, options);
  const imagesOf = (split: SplitName): Images => ({
    count: casesOf(checked.dataset, split).length,
    fingerprint: imagesFingerprint(checked, [split]),
  });
  const setup: Setup = {
    config,
    checked: withoutMasks(checked, HELD_OUT),
    compute,
    lessons: await prepareLessons(checked, labelled, signal),
    images: {
      labelled: imagesOf('labelled'),
      val: imagesOf('val'),
      test: imagesOf('test'),
      unlabelled: imagesOf('unlabelled'),
    },
    models: await prepareModels(context, config, models),
    embeddings: embeddingsFolder(run),
  };
  return { setup, truth: truthOf(checked) };
}

async function prepareLessons(
  checked: CheckedDataset,
  counts: readonly number[],
  signal: AbortSignal | undefined,
): Promise<Setup['lessons']> {
  const all = casesOf(checked.dataset, 'labelled');
  const lessons = new Map<number, Lesson>();
  for (const count of new Set([...counts, all.length])) {
    if (count > all.length) throw tooFewLabelled(count, all.length);
    const cases = all.slice(0, count);
    const first = { ...checked, dataset: { ...checked.dataset, cases } };
    lessons.set(count, {
      cases,
      images: {
        count,
        fingerprint: hashJson([
          imagesFingerprint(first, ['labelled']),
          labelsFingerprint(first, ['labelled']),
        ]),
      },
      statistics: await computeStatistics(first.dataset, signal ? { signal } : {}),
    });
  }
  return lessons;
}

function tooFewLabelled(count: number, all: number): ConfigError {
  return new ConfigError({
    seen: `--labels has ${count}, and there are ${all} labelled images`,
    need: 'Numbers of labelled images to learn from, the first so many of the list',
    fix: `Take ${all} at most`,
  });
}

function truthOf(checked: CheckedDataset): Truth {
  const { dataset } = checked;
  const fingerprints = {
    val: labelsFingerprint(checked, ['val']),
    test: labelsFingerprint(checked, ['test']),
  };
  return {
    splits: HELD_OUT.filter((split) => casesOf(dataset, split).length > 0),
    classes: dataset.classes,
    fingerprint: (split) => fingerprints[split],
    read: (split) => truthSet(dataset, split),
    masks: (run, folder, split) => readMaskSet(run, folder, split, dataset),
  };
}

async function prepareModels(
  { run, observer, signal }: RunContext,
  config: RunConfig,
  roles: readonly ModelRole[],
): Promise<Setup['models']> {
  const models: Partial<Record<ModelRole, UsedModel>> = {};
  for (const role of roles) {
    const settings = role === setModelRole(config) ? modelSettings(role, config) : usual(role, config);
    // Works may be done on several machines, and are found by what they were made with: not by what a machine prefers.
    const precision = settings.sam.precision === 'auto' ? 'float32' : settings.sam.precision;
    const choice = { ...(await chooseSam(settings))!, precision };
    // Without the shard: each part checks the model, and its record is the same whoever writes it.
    const model: RunContext = { run: modelDirectory(run, role), observer, signal };
    models[role] = {
      choice,
      key: (await checkModelStage(model, choice, role === 'foal' ? role : 'sam')).key,
    };
  }
  return models;
}

/** The user's model; where he refines by no promptable one, that model as the rows of Segment Anything take it. */
function modelSettings(role: ModelRole, { refine, sam }: RunConfig): Parameters<typeof chooseSam>[0] {
  return { refine: modelRole(refine) === role ? refine : refineSettingsSchema.parse({ refiner: role }), sam };
}

/** What a role asks for where the user's settings are for another. */
function usual(role: ModelRole, { sam: { precision } }: RunConfig): Parameters<typeof chooseSam>[0] {
  const refine = refineSettingsSchema.parse(role === 'medsam' ? { preset: role } : { refiner: role });
  return { refine, sam: { precision } };
}

/** The record of a checked model lies in a folder of its own, as there may be several. */
function modelDirectory(run: RunDirectory, role: ModelRole): RunDirectory {
  return runDirectory(run.path('models', role));
}
