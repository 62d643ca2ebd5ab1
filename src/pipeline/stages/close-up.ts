/**
 * @file Training the network that redraws masks close up, on all labelled images; and for each fold a copy that has
 * not seen its images, by which trust is calibrated.
 */
import type { CloseUpPlan } from '../../closeup/plan.ts';
import { trainCloseUp } from '../../closeup/train.ts';
import type { CheckedDataset } from '../../dataset/check.ts';
import { casesOf } from '../../dataset/types.ts';
import { deviceKey } from '../../runtime/device.ts';
import type { ComputeOptions } from '../../runtime/session.ts';
import { imagesFingerprint, labelsFingerprint } from '../fingerprints.ts';
import { partOf } from '../observer.ts';
import type { RunDirectory } from '../run-directory.ts';
import { type RunContext, runStage, type StageOutcome } from '../stage.ts';
import { type FoldCounts, foldsOf } from './folds.ts';
import { labelledSamples } from './train.ts';

export interface CloseUpStageOptions {
  readonly checked: CheckedDataset;
  readonly planned: CloseUpPlan;
  /** The folds whose images a copy must not have seen; none where trust is not calibrated. */
  readonly folds: FoldCounts | undefined;
  readonly seed: number;
  readonly compute: ComputeOptions;
}

/** The network of a run; with a fold, counted from 0, the copy that has not seen its images. */
export function closeUpModel(run: RunDirectory, fold?: number): string {
  return run.path('close-up', fold === undefined ? 'network' : `fold-${fold + 1}`, 'model.onnx');
}

/** Writes close-up/. */
export async function closeUpStage(
  context: RunContext,
  { checked, planned, folds, seed, compute }: CloseUpStageOptions,
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
    },
    owns: ['close-up'],
    outputs: models,
    seals: models,
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
    },
  });
}
