/**
 * @file Training the network that redraws masks close up, on all labelled images; and for each fold a copy that has
 * not seen its images, which tells whether such a network makes masks better, and calibrates trust.
 */

import { rm } from 'node:fs/promises';
import { writeFileAtomic } from '../../base/files.ts';
import { meanOf } from '../../base/mean.ts';
import type { CloseUpPlan } from '../../closeup/plan.ts';
import { openCloseUp } from '../../closeup/predictor.ts';
import { trainCloseUp } from '../../closeup/train.ts';
import type { CheckedDataset } from '../../dataset/check.ts';
import { casesOf } from '../../dataset/types.ts';
import { createCloseUpRefiner } from '../../refine/close-up-refiner.ts';
import { createNoRefiner } from '../../refine/none.ts';
import type { Refiner } from '../../refine/refiner.ts';
import { withoutCloseUps } from '../../refine/settings.ts';
import { percent } from '../../report/format.ts';
import { deviceKey } from '../../runtime/device.ts';
import type { ComputeOptions } from '../../runtime/session.ts';
import type { RunConfig } from '../config.ts';
import { eachImage } from '../each-image.ts';
import { imagesFingerprint, labelsFingerprint } from '../fingerprints.ts';
import { diceOfImage } from '../held-out-dice.ts';
import { readMaskSet, structuresByName } from '../mask-sets.ts';
import { partOf, silentObserver } from '../observer.ts';
import { readResult } from '../read-result.ts';
import type { RefinerOptions } from '../refine-images.ts';
import type { RunDirectory } from '../run-directory.ts';
import { type RunContext, runStage, type StageOutcome } from '../stage.ts';
import { type FoldCounts, foldsOf } from './folds.ts';
import { labelledSamples } from './train.ts';

export interface CloseUpStageOptions {
  readonly checked: CheckedDataset;
  readonly planned: CloseUpPlan;
  /** The folds whose images a copy must not have seen, and the key of the stage that masked these; none where trust is not calibrated. */
  readonly folds: (FoldCounts & { readonly key: string }) | undefined;
  /** What draws the masks that are redrawn: the refiner of a fold, and what stands for it; none where networks do. */
  readonly first: { readonly key: unknown; open(fold: number): Promise<Refiner> } | undefined;
  readonly seed: number;
  readonly compute: ComputeOptions;
}

/** What came of it. */
export interface CloseUpResult {
  /** Mean over held-out images of the mean Dice of their masks, as drawn and redrawn; not known where no mask is held out. */
  readonly heldOut?: { readonly before: number; readonly after: number };
  /** Whether the run refines with the network: not where it makes masks no better. */
  readonly kept: boolean;
}

const resultOf = (run: RunDirectory): string => run.path('close-up', 'result.json');
const journalOf = (run: RunDirectory): string => run.path('close-up', 'journal.jsonl');

/** The network of a run; with a fold, counted from 0, the copy that has not seen its images. */
export function closeUpModel(run: RunDirectory, fold?: number): string {
  return run.path('close-up', fold === undefined ? 'network' : `fold-${fold + 1}`, 'model.onnx');
}

/** Writes close-up/: the networks, and what came of it. */
export async function closeUpStage(
  context: RunContext,
  { checked, planned, folds, first, seed, compute }: CloseUpStageOptions,
): Promise<StageOutcome> {
  const { dataset } = checked;
  const { run, observer, signal, saveSeconds } = context;
  const parts = [
    { directory: run.path('close-up', 'network'), cases: casesOf(dataset, 'labelled') },
    ...(folds === undefined ? [] : foldsOf(dataset, folds, seed)).map(({ others }, fold) => ({
      directory: run.path('close-up', `fold-${fold + 1}`),
      cases: others,
    })),
  ];
  const models = [closeUpModel(run), ...parts.slice(1).map((_, fold) => closeUpModel(run, fold))];
  const files = [...models, resultOf(run)];
  return runStage(context, {
    name: 'closeUp',
    title: 'Learning outlines close up',
    inputs: {
      planned,
      folds,
      seed,
      threads: compute.threads,
      ...deviceKey(compute.device),
      labelled: [imagesFingerprint(checked, ['labelled']), labelsFingerprint(checked, ['labelled'])],
      // Only the trial on images held out asks it.
      ...(first && folds && { first: first.key }),
    },
    owns: ['close-up'],
    outputs: files,
    seals: files,
    work: async () => {
      for (const [k, { directory, cases }] of parts.entries()) {
        const training = partOf(observer, k / parts.length, (k + 1) / parts.length);
        await trainCloseUp({
          plan: planned,
          samples: labelledSamples(cases),
          directory,
          seed,
          ...compute,
          ...(signal && { signal }),
          ...(saveSeconds !== undefined && { saveSeconds }),
          onEpoch: ({ epoch, epochs, loss }) => {
            context.tracker?.epoch(k === 0 ? 'close-up' : `close-up-fold-${k}`, directory);
            training.progress(
              epoch / epochs,
              `${k === 0 ? 'all images' : `without fold ${k}`}, epoch ${epoch} of ${epochs}, loss ${loss.toFixed(3)}`,
            );
          },
        });
      }
      const result = await tryCopies(context, { checked, folds, first, seed, compute });
      await writeFileAtomic(resultOf(run), `${JSON.stringify(result, null, 2)}\n`);
      await rm(journalOf(run), { force: true });
      observer.note(describeCloseUps(result));
    },
  });
}

/** Mean Dice of the masks of an image as they were drawn, and redrawn; nothing where there are none. */
interface Tried {
  readonly before: number | undefined;
  readonly after: number | undefined;
}

/** Lets the copies redraw the masks of the images that they have not seen. Each image counts alike. */
async function tryCopies(
  context: RunContext,
  { checked, folds, first, seed, compute }: Omit<CloseUpStageOptions, 'planned'>,
): Promise<CloseUpResult> {
  if (folds === undefined) return { kept: true };
  const { run, observer, signal } = context;
  observer.progress(1, 'what that gains on images held out');
  const drawn = structuresByName(await readMaskSet(run, 'folds', 'labelled', checked.dataset));
  const measured: Tried[] = [];
  for (const [fold, { held }] of foldsOf(checked.dataset, folds, seed).entries()) {
    const model = await openCloseUp(closeUpModel(run, fold), compute);
    const drawing = first === undefined ? createNoRefiner() : await first.open(fold);
    try {
      const redrawing = createCloseUpRefiner(model);
      const tried = await eachImage<Tried>(
        { ...context, observer: silentObserver },
        held,
        journalOf(run),
        async (item) => {
          const refiners = [drawing, redrawing];
          const [before, after] = (await diceOfImage(refiners, item, drawn, checked, signal)) ?? [];
          return { before, after };
        },
      );
      measured.push(...held.map(({ id }) => tried.get(id)!));
    } finally {
      await drawing.close();
      await model.close();
    }
  }
  const [before, after] = (['before', 'after'] as const).map((of) =>
    meanOf(measured.flatMap((tried) => tried[of] ?? [])),
  );
  if (before === undefined || after === undefined) return { kept: true };
  return { heldOut: { before, after }, kept: after > before };
}

/** @throws RunError where close-up/result.json is missing or damaged. */
export function readCloseUps(run: RunDirectory): Promise<CloseUpResult> {
  return readResult(resultOf(run), 'What came of learning outlines');
}

/** One line. */
export function describeCloseUps({ heldOut, kept }: CloseUpResult): string {
  if (heldOut === undefined)
    return 'Outlines are redrawn close up; no mask of a labelled image was held out to see what that gains.';
  const figures = `Dice of held-out masks ${percent(heldOut.before)} before, ${percent(heldOut.after)} redrawn`;
  return kept
    ? `Outlines are redrawn close up: ${figures}.`
    : `Outlines are not redrawn close up, because that makes masks no better: ${figures}. More labelled images or a higher refine.closeUpMinutes may change that.`;
}

/** What the masks of a run are refined with that looks close up: without the network, where it was not kept. */
export async function closeUpRefining(
  run: RunDirectory,
  config: Pick<RunConfig, 'refine'>,
): Promise<Pick<RefinerOptions, 'config' | 'closeUp'>> {
  const { kept } = await readCloseUps(run);
  if (kept) return { config, closeUp: closeUpModel(run) };
  return { config: { refine: withoutCloseUps(config.refine) } };
}
