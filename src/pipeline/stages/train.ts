/** @file Training one of the two networks of a run. */
import type { Structure } from '../../annotations/types.ts';
import { TrainingError } from '../../base/errors.ts';
import { type Case, casesOf, type Dataset } from '../../dataset/types.ts';
import { readCase } from '../../dataset/view.ts';
import { deviceKey } from '../../runtime/device.ts';
import type { ComputeOptions } from '../../runtime/session.ts';
import { readWeights } from '../../training/fit.ts';
import type { TrainingPlan } from '../../training/plan.ts';
import { trainNetwork } from '../../training/train.ts';
import type { TrainingSample } from '../../training/types.ts';
import { readMaskSet, structuresByName } from '../mask-sets.ts';
import type { RunObserver } from '../observer.ts';
import { type RunContext, runStage, type StageOutcome } from '../stage.ts';

export interface TrainStageOptions {
  readonly name: 'initial' | 'final';
  readonly planned: TrainingPlan;
  readonly seed: number;
  readonly compute: ComputeOptions;
  /** What the samples depend on. */
  readonly inputs: unknown;
  /** Asked for when the stage works: the final network's samples are made by earlier stages. */
  readonly samples: () => Promise<readonly TrainingSample[]>;
  /** The folder of the network whose weights it begins with, and the key of the stage that trained it. */
  readonly start?: { readonly directory: string; readonly key: string };
  readonly validation: readonly TrainingSample[];
}

/** Writes model.onnx, weights.safetensors and log.jsonl into the folder of the network. */
export async function trainStage(context: RunContext, options: TrainStageOptions): Promise<StageOutcome> {
  const { name, planned, seed, compute, start } = options;
  const { plan, settings } = planned;
  const { run, observer, signal, saveSeconds } = context;
  const directory = run.path(name);
  const files = ['model.onnx', 'weights.safetensors'].map((file) => run.path(name, file));
  return runStage(context, {
    name,
    title: `Training the ${name} network`,
    inputs: {
      plan,
      settings,
      seed,
      threads: compute.threads,
      ...deviceKey(compute.device),
      samples: options.inputs,
      ...(start && { start: start.key }),
    },
    owns: [name],
    outputs: [...files, run.path(name, 'log.jsonl')],
    seals: files,
    work: async () => {
      await trainNetwork({
        plan,
        settings,
        samples: await options.samples(),
        ...(start && { start: await readWeights(start.directory) }),
        validation: options.validation,
        directory,
        seed,
        // The final network takes the settings of the initial one unless it has its own.
        rateSetting: name === 'final' ? 'final.learningRate' : 'training.learningRate',
        ...compute,
        ...(signal && { signal }),
        ...(saveSeconds !== undefined && { saveSeconds }),
        onEpoch: ({ epoch, epochs, loss, validationDice }, secondsLeft) => {
          context.tracker?.epoch(name, directory);
          const dice = validationDice === undefined ? '' : `, val Dice ${(100 * validationDice).toFixed(1)}`;
          observer.progress(
            epoch / epochs,
            `epoch ${epoch} of ${epochs}, loss ${loss.toFixed(3)}${dice}`,
            secondsLeft,
          );
        },
      });
    },
  });
}

/** Annotated cases as samples. */
export function labelledSamples(cases: readonly Case[]): TrainingSample[] {
  return cases.map((item) => ({
    id: item.id,
    size: item.size,
    structures: item.structures ?? [],
    read: () => readCase(item),
  }));
}

/** The unlabelled images with their refined masks, then, where wanted, the labelled images. */
export async function finalSamples(
  { run, observer }: RunContext,
  dataset: Dataset,
  which: 'pseudo' | 'pseudo+labelled',
): Promise<TrainingSample[]> {
  const refined = structuresByName(await readMaskSet(run, 'refined', 'unlabelled', dataset));
  const labelled = which === 'pseudo' ? [] : casesOf(dataset, 'labelled');
  return pseudoSamples(observer, casesOf(dataset, 'unlabelled'), refined, labelled);
}

/**
 * Images with masks by image name in place of labels, then labelled ones. Images in which no mask was found are left
 * out: that a network of few images sees nothing does not mean that there is nothing.
 * @throws TrainingError where nothing is left.
 */
export function pseudoSamples(
  observer: RunObserver,
  pool: readonly Case[],
  masks: ReadonlyMap<string, readonly Structure[]>,
  labelled: readonly Case[],
): TrainingSample[] {
  const found = pool.flatMap((item) => {
    const structures = masks.get(item.name) ?? [];
    return structures.length > 0 ? [{ ...item, structures }] : [];
  });
  if (found.length < pool.length) {
    observer.note(
      `${pool.length - found.length} of ${pool.length} unlabelled images have no mask and are left out of the final training.`,
    );
  }
  if (found.length === 0 && labelled.length === 0) {
    throw new TrainingError({
      seen: `The initial network found no mask in any of the ${pool.length} unlabelled images`,
      need: 'Masks for the final network to learn from, as it learns from them alone',
      fix: 'Train the initial network longer (training.epochs), or set final.samples to pseudo+labelled',
    });
  }
  return labelledSamples([...found, ...labelled]);
}
