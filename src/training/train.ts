/**
 * @file A whole training: samples in memory, the step model, the loop, and at the end a plain ONNX network.
 *
 * Every random number comes from one stored generator, and a checkpoint holds all the next step depends on: a run
 * that was killed and started again ends with the same bytes as one that was not.
 */
import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { TrainingError } from '../base/errors.ts';
import { writeFileAtomic } from '../base/files.ts';
import { createRng } from '../base/rng.ts';
import { decodeModel } from '../graph/onnx/decode.ts';
import { encodeModel } from '../graph/onnx/encode.ts';
import { initializeWeights, type Weights } from '../nn/parameters.ts';
import { adamW } from '../optim/optimizers.ts';
import { packWeights, unpackWeights, vectorLength } from '../optim/parameter-vector.ts';
import { deviceKey } from '../runtime/device.ts';
import { type ComputeOptions, computeOf } from '../runtime/session.ts';
import { type Float32NdArray, float32 } from '../tensor/array.ts';
import { encodeSafetensors } from '../tensor/safetensors.ts';
import { batchLoss } from './batch-loss.ts';
import { loadState, trainingState } from './checkpoint.ts';
import { runLoop } from './loop.ts';
import { exportNetwork } from './network.ts';
import type { Objective } from './objective.ts';
import type { ResolvedTraining } from './resolved.ts';
import {
  type CachedImage,
  type CachedSample,
  cacheImages,
  cacheSamples,
  fingerprintSamples,
} from './sample-cache.ts';
import { buildTrainingStep, openStepRunner, type StepRunner, type TrainingStep } from './step.ts';
import type { EpochLog, NetworkPlan, TrainingSample, UnlabelledImage } from './types.ts';
import { openValidator } from './validate.ts';

export interface TrainOptions extends ComputeOptions {
  readonly plan: NetworkPlan;
  readonly settings: ResolvedTraining;
  readonly samples: readonly TrainingSample[];
  readonly validation: readonly TrainingSample[];
  /** Images without labels, for `settings.consistency`. */
  readonly unlabelled?: readonly UnlabelledImage[];
  /** Receives checkpoint/, log.jsonl, weights.safetensors and model.onnx. */
  readonly directory: string;
  readonly seed: number;
  readonly onEpoch?: (log: EpochLog, timeLeftSeconds: number) => void;
  /** When aborted, the state is saved after the current step and the signal's reason thrown. */
  readonly signal?: AbortSignal;
}

const KEY = 'packmule.training';

/** Trains a network, or continues where an earlier run of the same training stopped. */
export async function trainNetwork(options: TrainOptions): Promise<{ readonly curve: readonly EpochLog[] }> {
  const { plan, settings, directory, seed, signal } = options;
  const compute = computeOf(options);
  if (options.samples.length === 0) {
    throw new TrainingError({
      seen: 'There are no images to train on',
      need: 'At least one labelled image',
      fix: 'Check the labelled folder of the data set',
    });
  }
  if (settings.consistency !== undefined) requireUnlabelled(options);
  const samples = await cacheSamples(options.samples, plan, signal);
  const validation = await cacheSamples(options.validation, plan, signal);
  const unlabelled = await cacheImages(options.unlabelled ?? [], plan, signal);
  const key = trainingKey(options, { samples, validation, unlabelled });
  const finished = await finishedCurve(directory, key);
  if (finished) return { curve: finished };

  const step = buildStep(plan, settings, samples);
  const length = vectorLength(step.specs);
  const start = await loadState(directory, key, {
    schema: trainingState,
    lengths: Object.fromEntries(step.vectorNames.map((name) => [name, length])),
  });
  const runner = await openStepRunner(
    step,
    start?.vectors ?? freshVectors(plan, step, samples, seed),
    compute,
  );
  const validator = validation.length === 0 ? undefined : await openValidator(plan, validation, compute);
  try {
    const curve = await runLoop({
      plan,
      settings,
      samples,
      unlabelled,
      directory,
      key,
      seed,
      runner,
      start,
      validate: async () => validator?.dice(finalParameters(runner)),
      onEpoch: options.onEpoch,
      signal,
    });
    await writeNetwork(directory, key, plan, unpackWeights(step.specs, finalParameters(runner)));
    await rm(join(directory, 'checkpoint'), { recursive: true, force: true });
    return { curve };
  } finally {
    await runner.close();
    await validator?.close();
  }
}

function requireUnlabelled({ unlabelled = [], settings }: TrainOptions): void {
  const { batch, averageDecay } = settings;
  if (unlabelled.length > 0 && batch > 1 && averageDecay !== undefined) return;
  throw new TrainingError({
    seen: `A mean teacher is to teach with ${unlabelled.length} unlabelled images and batches of ${batch}`,
    need: 'Unlabelled images, and batches that have room for a labelled and an unlabelled one',
    fix: 'Add unlabelled images, or set training.batch to 2 at least',
  });
}

/** The step of a training: `samples` are looked at for class frequencies only. */
export function buildStep(
  plan: NetworkPlan,
  settings: ResolvedTraining,
  samples: readonly CachedSample[],
): TrainingStep {
  const objective: Objective =
    settings.loss === 'weighted-bce'
      ? {
          kind: 'weighted-bce',
          positiveWeight: positiveShares(plan, samples).map((share) => (1 - share) / Math.max(share, 1e-6)),
        }
      : { kind: 'entropy+dice' };
  return buildTrainingStep(batchLoss(plan, settings, objective), {
    optimizer: adamW({ weightDecay: settings.weightDecay }),
    ...(settings.clipNorm !== undefined && { clipNorm: settings.clipNorm }),
    ...(settings.averageDecay !== undefined && { averageDecay: settings.averageDecay }),
  });
}

/** Share of pixels of each class over the samples. */
function positiveShares(plan: NetworkPlan, samples: readonly CachedSample[]): number[] {
  const pixels = plan.inputSize.height * plan.inputSize.width;
  const counts = new Array<number>(plan.classes.length).fill(0);
  for (const { target } of samples) {
    target.forEach((value, at) => {
      if (value === 0) return;
      counts[plan.head === 'exclusive' ? value - 1 : Math.floor(at / pixels)]! += 1;
    });
  }
  return counts.map((count) => count / (pixels * samples.length));
}

/**
 * Fresh weights. The bias of an overlapping head starts at the log odds of each class (Lin et al. 2017, section
 * 4.1): from 0, the first steps would do nothing but push every map towards empty, and past the point of return.
 */
function freshVectors(
  plan: NetworkPlan,
  step: TrainingStep,
  samples: readonly CachedSample[],
  seed: number,
): Record<string, Float32NdArray> {
  const weights = initializeWeights(step.specs, createRng(seed).child('weights'));
  if (plan.head === 'overlapping') {
    const odds = positiveShares(plan, samples).map((share) => Math.log(Math.max(share, 1e-4) / (1 - share)));
    weights.set('head.bias', float32([odds.length], odds));
  }
  return { parameters: packWeights(step.specs, weights) };
}

const finalParameters = (runner: StepRunner): Float32NdArray => {
  const { parameters, average } = runner.vectors();
  return (average ?? parameters)!;
};

async function writeNetwork(
  directory: string,
  key: string,
  plan: NetworkPlan,
  weights: Weights,
): Promise<void> {
  await writeFileAtomic(
    join(directory, 'weights.safetensors'),
    encodeSafetensors(weights, { plan: JSON.stringify(plan) }),
  );
  const model = exportNetwork(plan, weights);
  const keyed = { ...model, metadata: { ...model.metadata, [KEY]: key } };
  // Written last: its presence says that the training is finished.
  await writeFileAtomic(join(directory, 'model.onnx'), encodeModel(keyed));
}

/** The curve of a training that is already done, by the key in its model; undefined where a part lacks or is damaged. */
async function finishedCurve(directory: string, key: string): Promise<EpochLog[] | undefined> {
  try {
    const model = decodeModel(await readFile(join(directory, 'model.onnx')));
    if (model.metadata[KEY] !== key) return undefined;
    const lines = (await readFile(join(directory, 'log.jsonl'), 'utf8')).split('\n');
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as EpochLog);
  } catch {
    return undefined;
  }
}

/** All that a training reads. */
interface CachedData {
  readonly samples: readonly CachedSample[];
  readonly validation: readonly CachedSample[];
  readonly unlabelled: readonly CachedImage[];
}

function trainingKey(
  { plan, settings, seed, device }: TrainOptions,
  { samples, validation, unlabelled }: CachedData,
): string {
  const parts = [
    JSON.stringify({ plan, settings, seed, ...deviceKey(device) }),
    fingerprintSamples(samples),
    fingerprintSamples(validation),
    ...(unlabelled.length > 0 ? [fingerprintSamples(unlabelled)] : []),
  ];
  return createHash('sha256').update(parts.join('\n')).digest('hex');
}
