/**
 * @file Tuning: settings of refinement are compared on labelled images, by masks that networks drew which had not
 * seen them. It works in the folder of a run, whose fold networks it uses or trains; the run finds them later.
 * Images and labels of val and test are never opened.
 */
import { stepsToLearn } from '../adapt/plan.ts';
import { secondsSince } from '../base/clock.ts';
import { writeFileAtomic } from '../base/files.ts';
import { createRng } from '../base/rng.ts';
import type { RunConfig } from '../pipeline/config.ts';
import { openJournal } from '../pipeline/journal.ts';
import { acquireLock } from '../pipeline/lock.ts';
import { type RunObserver, silentObserver } from '../pipeline/observer.ts';
import { type PreparedFolds, prepareFolds } from '../pipeline/prepare.ts';
import { type RunDirectory, requireRunOrNothing, runDirectory } from '../pipeline/run-directory.ts';
import { chooseSam, embeddingsFolder, type SamChoice, settleSam } from '../pipeline/sam-model.ts';
import { type RunContext, stageKey } from '../pipeline/stage.ts';
import { adaptStage } from '../pipeline/stages/adapt.ts';
import { checkModelStage } from '../pipeline/stages/check-model.ts';
import { foldsStage } from '../pipeline/stages/folds.ts';
import { adaptsModel, askedModel, askedOnce, type RefineSettings } from '../refine/settings.ts';
import { deviceKey } from '../runtime/device.ts';
import { balancedDraw, type Candidate, currentCandidate, gridSize, wholeGrid } from './candidates.ts';
import { type HeldImage, heldImages, openMeasure } from './measure.ts';
import { renderTuning } from './page.ts';
import { describeTuning, type Tuning } from './result.ts';
import { fullRungs, halvingRungs, type Rung, refinements, type Searched, search } from './search.ts';
import { type Axis, spaceOf } from './space.ts';

export interface TuneOptions {
  /** The run directory. */
  readonly folder: string;
  /** grid: every choice on every image. halving: a draw, of which the better ones see more images. */
  readonly search: 'auto' | 'grid' | 'halving';
  /** Most candidates of a draw. */
  readonly candidates: number;
  readonly skipBad?: boolean;
  readonly observer?: RunObserver;
  /** When aborted, the current image is finished and saved, and the signal's reason thrown. */
  readonly signal?: AbortSignal;
}

export interface TuneOutcome {
  readonly run: RunDirectory;
  readonly tuning: Tuning;
  /** The settings that were found best, whether or not they are better than those that are set. */
  readonly winner: RefineSettings;
  /** The page and the data behind it, absolute. */
  readonly files: readonly string[];
}

/** A grid of so many refined images at most is measured as a whole unless told otherwise. */
const SMALL_GRID = 1000;

/**
 * Tunes, or goes on where it was stopped: what was measured before is not measured again.
 * @throws PackmuleError for bad data or settings, too few labelled images, models that cannot be had, a folder in
 * use, a full disk.
 */
export async function tune(config: RunConfig, options: TuneOptions): Promise<TuneOutcome> {
  const { folder, skipBad = false, observer = silentObserver, signal } = options;
  const axes = spaceOf(config.refine);
  const run = runDirectory(folder);
  const context: RunContext = { run, observer, signal };
  await requireRunOrNothing(run);
  const model = await chooseSam(config);
  const release = await acquireLock(run.lock);
  try {
    const prepared = await prepareFolds(context, config, skipBad);
    const { device } = prepared.compute;
    const sam = model && (await settleSam(model, config, { run, device, note: observer.note }));
    const ground = await prepareGround(context, config, prepared, sam);
    const images = createRng(config.seed).child('tune').shuffled(heldImages(prepared, config.seed));
    const plan = planSearch(config, axes, images.length, options);
    const searched = await searchOn(context, plan, images, ground);
    const { tuning, winner } = describeTuning({
      refiner: config.refine.refiner,
      axes,
      images: images.length,
      rungs: plan.rungs,
      gridSize: gridSize(axes),
      current: plan.current,
      searched,
      resamples: config.evaluation.resamples,
    });
    const files = [
      { path: run.path('tune', 'tune.html'), text: renderTuning(tuning) },
      { path: run.path('tune', 'result.json'), text: `${JSON.stringify(tuning, null, 1)}\n` },
    ];
    for (const { path, text } of files) await writeFileAtomic(path, text);
    return { run, tuning, winner: winner.settings, files: files.map(({ path }) => path) };
  } finally {
    await release();
  }
}

/** What measuring stands on. */
interface Ground {
  /** Stands for masks, truth and model. */
  readonly key: string;
  open(): ReturnType<typeof openMeasure>;
}

/** Fold networks with their masks, the promptable model, and its adaptation where the run would adapt it. */
async function prepareGround(
  context: RunContext,
  config: RunConfig,
  prepared: PreparedFolds,
  sam: SamChoice | undefined,
): Promise<Ground> {
  const { checked, planned, compute } = prepared;
  const { seed, refine } = config;
  const embeddings = embeddingsFolder(context.run);
  const model = sam && (await checkModelStage(context, sam, askedModel(refine)));
  const held = await foldsStage(context, { checked, planned, selection: refine, seed, compute });
  const adapts = sam !== undefined && adaptsModel(refine);
  const adapt = adapts
    ? await adaptStage(context, {
        ...{ config, checked, sam, compute, embeddings },
        modelKey: model!.key,
        seed,
        folds: { count: planned.count, networks: planned.networks, key: held.key },
        steps: stepsToLearn(refine, prepared.minutes),
      })
    : undefined;
  return {
    key: stageKey('tune', {
      held: held.key,
      model: model?.key,
      adapt: adapt?.key,
      ...(sam && deviceKey(compute.device)),
    }),
    open: () => openMeasure(context, { prepared, sam, adapted: adapts, compute, embeddings }),
  };
}

interface SearchPlan {
  readonly current: Candidate;
  readonly others: readonly Candidate[];
  readonly rungs: readonly Rung[];
}

/** Disturbed prompts tell how far a mask is to be trusted, which is not asked here: they stay where they vote. */
function planSearch(
  { refine, seed }: RunConfig,
  axes: readonly Axis[],
  images: number,
  options: TuneOptions,
): SearchPlan {
  const base = askedOnce(refine);
  const current = currentCandidate(base);
  const whole =
    options.search === 'grid' || (options.search === 'auto' && gridSize(axes) * images <= SMALL_GRID);
  const drawn = whole
    ? wholeGrid(base, axes)
    : balancedDraw(base, axes, options.candidates, createRng(seed).child('candidates'));
  const rungs = (whole ? fullRungs : halvingRungs)(drawn.length, images);
  return { current, others: drawn, rungs };
}

/** Measures what is not in the journal yet. */
async function searchOn(
  { run, observer, signal }: RunContext,
  { current, others, rungs }: SearchPlan,
  images: readonly HeldImage[],
  { key, open }: Ground,
): Promise<Searched> {
  const journal = await openJournal<readonly number[]>(run.path('tune', `values-${key.slice(0, 16)}.jsonl`));
  const total = refinements(rungs, 1);
  const start = performance.now();
  let [done, measured] = [0, 0];
  observer.stageStarted('tune', `Comparing settings (${others.length + 1} on ${images.length} images)`);
  let measure: Awaited<ReturnType<typeof openMeasure>> | undefined;
  try {
    const searched = await search(current, others, rungs, async (candidate, image) => {
      const held = images[image]!;
      const id = `${candidate.key.slice(0, 16)} ${held.item.id}`;
      let values = journal.done.get(id);
      if (values === undefined) {
        signal?.throwIfAborted();
        measure ??= await open();
        values = (await measure(candidate.settings, held)).map(rounded);
        await journal.append(id, values);
        measured++;
      }
      done++;
      const secondsEach = (performance.now() - start) / 1000 / Math.max(measured, 1);
      observer.progress(done / total, `${done} of ${total} refined images`, secondsEach * (total - done));
      return values;
    });
    observer.stageFinished('tune', secondsSince(start));
    return searched;
  } finally {
    await measure?.close();
    await journal.close();
  }
}

/** Short lines, without a difference that matters. */
const rounded = (value: number): number => Math.round(value * 1e6) / 1e6;
