/**
 * @file Masks of any images by a finished run: what its network finds and, where that is asked for, what its refiner
 * makes of it at the images' own resolution.
 */
import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { coco } from '../annotations/coco.ts';
import type { Structure } from '../annotations/types.ts';
import type { Atlas } from '../atlas/atlas.ts';
import { secondsSince } from '../base/clock.ts';
import { DatasetError, RunError } from '../base/errors.ts';
import { hashBytes, hashFile, hashJson } from '../base/hash.ts';
import { commandLine } from '../base/text.ts';
import { caseMaker } from '../dataset/cases.ts';
import { checkDataset } from '../dataset/check.ts';
import { listImages } from '../dataset/layout.ts';
import { noPictures } from '../dataset/misfits.ts';
import { sourceImages } from '../dataset/source-images.ts';
import type { Case } from '../dataset/types.ts';
import { hashOfView, readCase } from '../dataset/view.ts';
import type { Image } from '../imaging/image.ts';
import { renderOverlay } from '../imaging/overlay.ts';
import { readImageFile } from '../imaging/read.ts';
import { writeRgbPng } from '../imaging/write.ts';
import { maskArea } from '../masks/mask.ts';
import { decodeRle, rleFromString } from '../masks/rle.ts';
import type { InitialMask, RefineContext, Refiner } from '../refine/refiner.ts';
import { looksClose } from '../refine/settings.ts';
import type { ComputeOptions } from '../runtime/session.ts';
import { openPredictor, type Predictor, probabilitiesToMasks } from '../training/predictor.ts';
import type { Head, ProbabilityMaps } from '../training/types.ts';
import { type RunConfig, runSchema } from './config.ts';
import { doImages, doPart, forgetJournals, type ImageJob } from './image-job.ts';
import { type StoredStructure, storeMasks } from './mask-sets.ts';
import { predictedMasks, selectedMasks, settledMasks } from './network-masks.ts';
import { recordView } from './recorded-view.ts';
import { openRefiner, type RefinerOptions, refineImage } from './refine-images.ts';
import type { RunDirectory } from './run-directory.ts';
import { chooseSam, embeddingsFolder, type SettleOptions, settleSam } from './sam-model.ts';
import { atlasFile, readAtlas } from './settling.ts';
import { describeShard, type Part, type Shard } from './shard.ts';
import { type RunContext, readRecord } from './stage.ts';
import { adaptedRefining, wasAdapted } from './stages/adapt.ts';
import { closeUpRefining } from './stages/close-up.ts';
import { type Judge, readJudge, withTrust } from './stages/trust.ts';
import { asFiled, turned } from './turned.ts';

export interface PredictImagesOptions {
  /** Image files, and folders of them. */
  readonly paths: readonly string[];
  /** Receives annotations.json, view.json (how the images were seen) and a picture of each image. */
  readonly out: string;
  /** Whether the run's refiner mends the masks. */
  readonly refine: boolean;
  /** Leave out images that cannot be used, instead of stopping; as checkDataset does. Default false. */
  readonly skipBad?: boolean;
  readonly compute: ComputeOptions;
  /** Where embeddings of images are kept; where the run keeps its own unless set. */
  readonly embeddings?: string;
}

export interface PredictedImages {
  readonly annotations: string;
  /** The network that was used. */
  readonly network: 'final' | 'initial';
  readonly images: number;
  readonly masks: number;
}

/**
 * Masks images that a run does not know by its last network, and refines the masks as the run did, each with its trust.
 * What is done stays in a journal, so that the same call goes on after an interruption.
 * @throws RunError for a folder without a trained network, DatasetError where there are no images or two have one
 * name, ImageError for an unreadable one; with skipBad as checkDataset.
 */
export async function predictImages(
  context: RunContext,
  options: PredictImagesOptions,
): Promise<PredictedImages> {
  return withJob(context, options, 'all', async ({ network, classes, data, job }) => {
    const found = await doImages(context, job);
    const images = job.cases.map((item) => ({
      fileName: item.name,
      ...item.size,
      structures: turned(structuresOf(found.get(item.id)!, item, job.journal), item),
    }));
    const annotations = join(options.out, 'annotations.json');
    await coco.write(annotations, { classes, images });
    await recordView(options.out, data);
    await forgetJournals(job);
    const masks = images.reduce((sum, { structures }) => sum + structures.length, 0);
    return { annotations, network, images: images.length, masks };
  });
}

/** Does a part of the images; predictImages puts the parts together. @throws as predictImages. */
export async function predictPart(
  context: RunContext,
  options: PredictImagesOptions,
  shard: Shard,
): Promise<Part> {
  return withJob(context, options, describeShard(shard), ({ job }) => doPart(context, job, shard));
}

interface Prediction {
  readonly network: PredictedImages['network'];
  readonly classes: readonly string[];
  readonly data: RunConfig['data'];
  readonly job: ImageJob<StoredStructure[]>;
}

async function withJob<T>(
  context: RunContext,
  {
    paths,
    out,
    refine,
    skipBad = false,
    compute,
    embeddings = embeddingsFolder(context.run),
  }: PredictImagesOptions,
  which: string,
  work: (prediction: Prediction) => Promise<T>,
): Promise<T> {
  const { run, observer } = context;
  const network = await findNetwork(run);
  const { config, refining, atlas, judge } = await settingsOf(run, refine, {
    device: compute.device ?? 'cpu',
    note: observer.note,
  });
  const cases = await usableCases(context, await listCases(context, paths, config.data), skipBad);
  requireDifferentNames(cases, paths);
  requireSides(cases);
  const model = run.path(network, 'model.onnx');
  const key = hashJson({
    model: await hashFile(model),
    refine: refining && {
      ...refining.config.refine,
      sam: refining.sam,
      ...(refining.closeUp && { closeUp: await hashFile(refining.closeUp) }),
    },
    ...(atlas && { atlas }),
    ...(judge && { judge }),
    images: cases.map(({ id, fileHash, view }) => [id, fileHash, view ?? null]),
  }).slice(0, 12);
  const start = performance.now();
  observer.stageStarted('predictImages', `Predicting masks of ${cases.length} images (${which})`);
  const predictor = await openPredictor(model, compute);
  const job: ImageJob<StoredStructure[]> = {
    cases,
    journal: join(out, `journal-${key}.jsonl`),
    parts: join(out, `journals-${key}`),
    open: async () => {
      const refiner = refining && (await openRefiner(context, { ...refining, compute, embeddings }));
      return {
        work: (item) => {
          const initial = (maps: ProbabilityMaps) => initialOf(maps, predictor.plan.head, atlas, config);
          const mend = refiner && { refiner, initial, judge };
          return predictImage(predictor, mend, item, join(out, `${item.id}.overlay.png`));
        },
        close: async () => refiner?.close(),
      };
    },
  };
  try {
    const result = await work({ network, classes: predictor.plan.classes, data: config.data, job });
    observer.stageFinished('predictImages', secondsSince(start));
    return result;
  } finally {
    await predictor.close();
  }
}

interface Mend {
  readonly refiner: Refiner;
  /** What the refiner starts from. */
  readonly initial: (maps: ProbabilityMaps) => InitialMask[];
  readonly judge: Judge | undefined;
}

async function predictImage(
  predictor: Predictor,
  mend: Mend | undefined,
  item: Case,
  overlayPath: string,
): Promise<StoredStructure[]> {
  const image = await readCase(item);
  const maps = await predictor.predict(image);
  const { head, classes } = predictor.plan;
  const stored = mend
    ? await mended(mend, image, maps, { classes, imageKey: hashOfView(item.fileHash!, item) })
    : storeMasks(predictedMasks(maps, probabilitiesToMasks(maps, head)));
  const filed = asFiled(item);
  const shown = filed === item ? image : await readCase(filed);
  const drawn = turned(structuresOf(stored, item, overlayPath), item).map(({ classIndex, rle }) => ({
    classIndex,
    mask: decodeRle(rle),
  }));
  await writeRgbPng(overlayPath, renderOverlay(shown, { masks: drawn }));
  return stored;
}

/** Refined masks with their evidence and, where the run can judge them, their trust. */
async function mended(
  { refiner, initial, judge }: Mend,
  image: Image,
  maps: ProbabilityMaps,
  context: RefineContext,
): Promise<StoredStructure[]> {
  if (judge === undefined) return storeMasks(await refiner.refine(image, initial(maps), context));
  const refined = await refineImage(refiner, image, initial(maps), judge.usual, context);
  return refined.map((mask) => withTrust(mask, judge.model));
}

/** What the refiner starts from, as in the run. */
function initialOf(
  maps: ProbabilityMaps,
  head: Head,
  atlas: Atlas | undefined,
  { refine }: Pick<RunConfig, 'refine'>,
): InitialMask[] {
  const masks =
    atlas !== undefined && head === 'exclusive'
      ? settledMasks(maps, atlas, refine)
      : selectedMasks(maps, probabilitiesToMasks(maps, head), head, refine);
  // As in a run, which keeps no empty masks.
  return masks.flatMap(({ provenance, ...mask }) =>
    maskArea(mask.mask) === 0 ? [] : [{ ...mask, evidence: provenance }],
  );
}

/** Stored masks in the frame of the case; `where` they are stored, for errors. */
function structuresOf(stored: readonly StoredStructure[], { id, size }: Case, where: string): Structure[] {
  return stored.map(({ counts, ...structure }) => ({
    ...structure,
    rle: rleFromString(counts, size, `${id} in ${where}`),
  }));
}

/** The last network that the run has trained with its settings. */
async function findNetwork(run: RunDirectory): Promise<'final' | 'initial'> {
  for (const network of ['final', 'initial'] as const) {
    const record = await readRecord(run, network);
    if (record?.state === 'finished' && existsSync(run.path(network, 'model.onnx'))) return network;
  }
  throw new RunError({
    seen: `${run.root} has no trained network`,
    need: 'The folder of a run, such as runs/teeth, with final/model.onnx or initial/model.onnx',
    fix: 'Name another folder, or do the run first: packmule run',
  });
}

/** The settings that the run was done with and, where masks are to be refined, what its own were refined with. */
async function settingsOf(
  run: RunDirectory,
  refine: boolean,
  options: Pick<SettleOptions, 'device' | 'note'>,
): Promise<{
  config: Pick<RunConfig, 'data' | 'refine' | 'sam'>;
  refining: Pick<RefinerOptions, 'config' | 'sam' | 'closeUp'> | undefined;
  /** Settles masks before they are refined. */
  atlas: Atlas | undefined;
  /** Judges refined masks. */
  judge: Judge | undefined;
}> {
  const recorded = runSchema.pick({ data: true, refine: true, sam: true });
  const config = await readFile(run.config, 'utf8')
    .then((text) => recorded.loose().parse((JSON.parse(text) as { config: unknown }).config))
    .catch((cause: unknown) => {
      throw new RunError(
        {
          seen: `${run.config} is missing or damaged`,
          need: 'The settings that the run was done with',
          fix: 'Start the run again: it writes them, and repeats nothing that is done',
        },
        { cause },
      );
    });
  if (!refine) return { config, refining: undefined, atlas: undefined, judge: undefined };
  await requireLearntSince(run);
  return {
    config,
    refining: await learntRefining(run, config, options),
    atlas: existsSync(atlasFile(run)) ? await readAtlas(run) : undefined,
    judge: await knownJudge(run, options.note),
  };
}

/** @throws RunError where what the refiner has learnt is of a network that the run has replaced since. */
async function requireLearntSince(run: RunDirectory): Promise<void> {
  const states = await Promise.all(
    (['refine', 'adapt', 'closeUp'] as const).map(async (name) => (await readRecord(run, name))?.state),
  );
  if (states[0] === 'finished' || !states.includes('outdated')) return;
  throw new RunError({
    seen: `${run.root} was begun anew, and its refiner has learnt from what was there before`,
    need: 'A refiner that has learnt since',
    fix: `Do the rest of the run: \`${commandLine(['run', run.root])}\`; or leave out --refine`,
  });
}

/** What a run refines with, after what learns has learnt. */
async function learntRefining(
  run: RunDirectory,
  config: Pick<RunConfig, 'refine' | 'sam'>,
  options: Pick<SettleOptions, 'device' | 'note'>,
): Promise<Pick<RefinerOptions, 'config' | 'sam' | 'closeUp'>> {
  const model = await chooseSam(config);
  const sam = model && (await settleSam(model, config, { run, ...options }));
  const prompted = sam && wasAdapted(run) ? await adaptedRefining(run, config, sam) : { config, sam };
  return {
    ...prompted,
    ...(looksClose(config.refine) && (await closeUpRefining(run, prompted.config))),
  };
}

async function knownJudge(run: RunDirectory, note: (text: string) => void): Promise<Judge | undefined> {
  const judge = await readJudge(run);
  if (judge === undefined)
    note(
      'Masks get no trust: the run has not come to judge its own, or did so in an older version. Start it again.',
    );
  return judge;
}

/** The images of files and folders, viewed as those of the run were. */
async function listCases(
  { observer }: RunContext,
  paths: readonly string[],
  settings: RunConfig['data'],
): Promise<Case[]> {
  const toCase = await caseMaker(settings, settings.root);
  const cases: Case[] = [];
  for (const path of paths) {
    const isFolder = (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
    const [folder, files] = isFolder ? [path, await listImages(path)] : [dirname(path), [basename(path)]];
    const { images, withoutPicture } = await sourceImages(folder, files, settings.ids);
    for (const image of images) cases.push(await toCase({ image, split: 'unlabelled' }));
    if (withoutPicture > 0) observer.note(noPictures(withoutPicture));
  }
  return cases;
}

/** With the hashes of their files; those that are bad are left out where that is asked for. */
async function usableCases(
  { observer, signal }: RunContext,
  cases: readonly Case[],
  skipBad: boolean,
): Promise<readonly Case[]> {
  if (skipBad) {
    const { dataset, problems } = await checkDataset(
      { root: '', classes: [], cases },
      { skipBad, ...(signal && { signal }) },
    );
    for (const { message } of problems) observer.note(`Left out: ${message}.`);
    return dataset.cases;
  }
  const hashes = new Map<string, string>();
  for (const { imagePath } of cases)
    if (!hashes.has(imagePath)) hashes.set(imagePath, hashBytes(await readImageFile(imagePath)));
  return cases.map((item) => ({ ...item, fileHash: hashes.get(item.imagePath)! }));
}

function requireDifferentNames(cases: readonly Case[], paths: readonly string[]): void {
  const first = new Map(cases.map((item) => [item.id, item] as const).reverse());
  const twice = cases.find((item) => first.get(item.id) !== item);
  if (cases.length > 0 && twice === undefined) return;
  throw new DatasetError({
    seen:
      twice === undefined
        ? `There is no image in ${paths.join(', ')}`
        : `Two images are called ${twice.id}, one of them ${twice.imagePath}`,
    need: 'Images of different names: results are named after them',
    fix: twice === undefined ? 'Name images, or a folder that holds some' : 'Predict them into two folders',
  });
}

function requireSides(cases: readonly Case[]): void {
  const [first, ...others] = cases.filter(({ sideUnknown }) => sideUnknown);
  if (first === undefined) return;
  throw new DatasetError({
    seen: `${first.imagePath}${others.length > 0 ? ` and ${others.length} others do` : ' does'} not tell which side is shown`,
    need: 'The side of every image, as data.laterality of the run says it: its networks know one side alone',
    fix: 'Leave them out, or tell the side by tag, file name or table',
  });
}
