/** @file The data of a run's report, gathered from the run directory. */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { AnnotatedImage, Structure } from '../annotations/types.ts';
import { PACKMULE_VERSION } from '../base/version.ts';
import { type Case, casesOf, type Dataset, SPLIT_NAMES, type SplitName } from '../dataset/types.ts';
import { readCase } from '../dataset/view.ts';
import type {
  Fact,
  FactTable,
  Gallery,
  PromptMarks,
  RefinedScores,
  ReportData,
  Stage,
  TrainingCurve,
} from '../report/data.ts';
import { STAGE_TITLES } from '../report/format.ts';
import { createGalleryCase, leastTrustedImages, worstImages } from '../report/gallery.ts';
import type { PlanNote } from '../training/plan.ts';
import type { EpochLog } from '../training/types.ts';
import { isTree, type RunConfig } from './config.ts';
import { readStoredSet, structuresByName } from './mask-sets.ts';
import type { MaskFolder, RunDirectory } from './run-directory.ts';
import { listSettings } from './settings-list.ts';
import { type RunEvaluation, readEvaluation } from './stages/evaluate.ts';
import { readTrust } from './stages/trust.ts';
import { trustReport } from './trust-report.ts';
import { asFiled, type RecordedPrompt } from './turned.ts';

export interface ReportDataOptions {
  readonly run: RunDirectory;
  readonly config: RunConfig;
  readonly dataset: Dataset;
  /** Mask folders that this run has, by the stage they are of. */
  readonly masks: Readonly<Partial<Record<Stage, MaskFolder>>>;
  /** Why the networks are as they are. */
  readonly planNotes: readonly PlanNote[];
  /** What was left out and why, sentences. */
  readonly warnings: readonly string[];
  /** Versions and fingerprints. */
  readonly versions: readonly Fact[];
}

export async function gatherReportData(options: ReportDataOptions): Promise<ReportData> {
  const { run, config, dataset, masks } = options;
  const evaluation = await readEvaluation(run);
  const curves = await readCurves(run, masks.final === undefined ? ['initial'] : ['initial', 'final']);
  const images = await refinedPool(options);
  const pool = images.flatMap(({ structures }) => structures);
  const refinedScores = scoresOfRefined(pool);
  return {
    title: config.name,
    subtitle: `${dataset.cases.length} images of ${dataset.classes.length} classes from ${basename(dataset.root)}`,
    date: `${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC`,
    packmuleVersion: PACKMULE_VERSION,
    facts: [
      ...SPLIT_NAMES.map((split) => ({
        name: `${split} images`,
        value: String(casesOf(dataset, split).length),
      })),
      { name: 'classes', value: String(dataset.classes.length) },
      { name: 'refiner', value: config.refine.refiner },
    ],
    results: evaluation.results,
    curves,
    ...(refinedScores.scores.length > 0 && { refinedScores }),
    trust: trustReport(await readTrust(run), evaluation.trust, images, dataset.classes),
    gallery: await gatherGallery(options, evaluation, images),
    tables: [
      ...networkResolutionTable(evaluation),
      { title: 'Plan', rows: options.planNotes.map(({ topic, text }) => ({ name: topic, value: text })) },
      { title: 'Settings', rows: listSettings(config) },
      { title: 'Versions and data', rows: options.versions },
    ],
    warnings: [...options.warnings, ...keptMasks(pool), ...unseenClasses(dataset, pool)],
  };
}

async function readCurves(
  run: RunDirectory,
  networks: readonly ('initial' | 'final')[],
): Promise<TrainingCurve[]> {
  return Promise.all(
    networks.map(async (stage) => {
      const text = await readFile(run.path(stage, 'log.jsonl'), 'utf8');
      const logs = text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as EpochLog]));
      return {
        stage,
        points: logs.map(({ epoch, seconds, loss, validationDice }) => ({
          epoch,
          minutes: seconds / 60,
          loss,
          ...(validationDice !== undefined && { valDice: validationDice }),
        })),
      };
    }),
  );
}

/** The unlabelled images with their refined structures. */
async function refinedPool({ run, dataset, masks }: ReportDataOptions): Promise<readonly AnnotatedImage[]> {
  if (masks.refined === undefined || casesOf(dataset, 'unlabelled').length === 0) return [];
  return (await readStoredSet(run, masks.refined, 'unlabelled', dataset.classes)).images;
}

/** What promptable models estimate themselves, where one refined; how much masks changed elsewhere. Without kept masks. */
function scoresOfRefined(pool: readonly Structure[]): RefinedScores {
  const redrawn = pool.filter(({ provenance }) => provenance?.keptInitial === undefined);
  const scoresOf = (key: string): number[] =>
    redrawn.flatMap(({ provenance }) => {
      const score = provenance?.[key];
      return typeof score === 'number' ? [Math.min(1, Math.max(0, score))] : [];
    });
  const predicted = scoresOf('predictedIou');
  return predicted.length > 0
    ? { label: 'Predicted IoU', scores: predicted }
    : { label: 'Agreement with the initial mask (Dice)', scores: scoresOf('agreement') };
}

function keptMasks(pool: readonly Structure[]): string[] {
  const reasons = new Map<string, number>();
  for (const { provenance } of pool) {
    const reason = provenance?.keptInitial;
    if (typeof reason === 'string') reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  return [...reasons].map(
    ([reason, count]) =>
      `${count} of ${pool.length} masks of unlabelled images were kept as predicted (${reason}).`,
  );
}

function unseenClasses(dataset: Dataset, pool: readonly Structure[]): string[] {
  if (pool.length === 0) return [];
  const seen = new Set(pool.map(({ classIndex }) => classIndex));
  const unseen = dataset.classes.filter((_, classIndex) => !seen.has(classIndex));
  if (unseen.length === 0) return [];
  return [
    `No unlabelled image was found to show ${unseen.join(', ')}; such classes gain nothing from the pool.`,
  ];
}

function networkResolutionTable({ atNetworkResolution }: RunEvaluation): FactTable[] {
  if (atNetworkResolution === undefined) return [];
  const { size, results } = atNetworkResolution;
  const value = (score: number | null): string => (score === null ? '–' : (100 * score).toFixed(1));
  return [
    {
      title: `Dice at the network's resolution, ${size.height} x ${size.width} px (height x width)`,
      rows: results.map(({ split, stage, evaluation: { overall } }) => ({
        name: `${split}, ${stage}`,
        value: `${value(overall.dice.present.mean)} (absent classes skipped), ${value(overall.dice.counted.mean)} (counted)`,
      })),
    },
  ];
}

/** The worst images of the headline split; without a ground truth, the least trusted ones of the pool. */
async function gatherGallery(
  options: ReportDataOptions,
  evaluation: RunEvaluation,
  pool: readonly AnnotatedImage[],
): Promise<Gallery> {
  const { config, dataset } = options;
  const count = config.report.cases;
  // val comes before test, and the masks that were made last come last.
  const headline = evaluation.results.at(-1);
  const split = (headline?.split ?? 'unlabelled') as SplitName;
  const names = headline ? worstImages(headline.evaluation, count) : leastTrustedImages(pool, count);
  const byName = new Map(casesOf(dataset, split).map((item) => [item.name, item]));
  const found = await structuresByStage(options, split);
  const cases = await Promise.all(names.map((name) => galleryCase(options, byName.get(name)!, found)));
  const note = headline
    ? `The ${names.length} of ${byName.size} ${split} images with the lowest Dice (${STAGE_TITLES[headline.stage].toLowerCase()}), worst first`
    : `The ${names.length} of ${byName.size} unlabelled images whose refined masks are least trusted, the least first`;
  return { note, cases };
}

type StructuresByStage = Readonly<Partial<Record<Stage, ReadonlyMap<string, readonly Structure[]>>>>;

async function structuresByStage(
  { run, dataset, masks }: ReportDataOptions,
  split: SplitName,
): Promise<StructuresByStage> {
  const entries = Object.entries(masks) as [Stage, MaskFolder][];
  if (casesOf(dataset, split).length === 0) return {};
  return Object.fromEntries(
    await Promise.all(
      entries.map(async ([stage, folder]) => {
        const set = await readStoredSet(run, folder, split, dataset.classes);
        return [stage, structuresByName(set)] as const;
      }),
    ),
  );
}

async function galleryCase(
  { config, dataset }: ReportDataOptions,
  item: Case,
  found: StructuresByStage,
): Promise<Gallery['cases'][number]> {
  const fileName = item.name;
  const { structures: truth, ...filed } = asFiled(item);
  const of = (stage: Stage): readonly Structure[] | undefined => found[stage]?.get(fileName);
  const [initial, refined] = [of('initial'), of('refined')];
  const [final, finalRefined] = [of('final'), of('finalRefined')];
  return createGalleryCase(
    {
      image: await readCase(filed),
      fileName,
      split: item.split,
      classes: dataset.classes,
      ...(truth && { truth }),
      ...(initial && { initial }),
      ...(refined && { refined, prompts: refined.flatMap(promptMarks) }),
      ...(final && { final }),
      ...(finalRefined && { finalRefined }),
    },
    { longestSide: config.report.pictureSide },
  );
}

/** The prompt that a promptable refiner wrote into its provenance. */
function promptMarks({ classIndex, provenance }: Structure): PromptMarks[] {
  const prompt = provenance?.prompt;
  if (!isTree(prompt)) return [];
  const { box, positive, negatives }: RecordedPrompt = prompt;
  return [
    {
      classIndex,
      ...(box && { box }),
      positive: positive ? [positive] : [],
      negative: negatives ?? [],
    },
  ];
}
