/** @file The training of a U-Net: samples that are read once, and the step and batches that are made of them. */
import { createHash } from 'node:crypto';
import { TrainingError } from '../base/errors.ts';
import { createRng } from '../base/rng.ts';
import { initializeWeights, type ParameterSpec, type Weights } from '../nn/parameters.ts';
import { adamW } from '../optim/optimizers.ts';
import { deviceKey } from '../runtime/device.ts';
import { type ComputeOptions, computeOf } from '../runtime/session.ts';
import { batchLoss } from './batch-loss.ts';
import { batchSource } from './batch-source.ts';
import { logOdds, positiveShares } from './class-shares.ts';
import { fitNetwork } from './fit.ts';
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
import { openSpill, type Spill } from './spill.ts';
import { buildTrainingStep, type TrainingStep } from './step.ts';
import type { EpochLog, NetworkPlan, TrainingSample, UnlabelledImage } from './types.ts';
import { openValidator } from './validate.ts';

export interface TrainOptions extends ComputeOptions {
  readonly plan: NetworkPlan;
  readonly settings: ResolvedTraining;
  readonly samples: readonly TrainingSample[];
  readonly validation: readonly TrainingSample[];
  /** Images without labels, for `settings.consistency`. */
  readonly unlabelled?: readonly UnlabelledImage[];
  /** The weights to begin with, of a network of the same architecture; random ones unless set. */
  readonly start?: Weights;
  /** Receives checkpoint/, log.jsonl, weights.safetensors and model.onnx. */
  readonly directory: string;
  readonly seed: number;
  /** As of LoopInput. */
  readonly rateSetting?: string;
  /** As of LoopInput. */
  readonly saveSeconds?: number;
  readonly onEpoch?: (log: EpochLog, timeLeftSeconds: number) => void;
  /** When aborted, the state is saved after the current step and the signal's reason thrown. */
  readonly signal?: AbortSignal;
}

/** Trains a network, or continues where an earlier run of the same training stopped. */
export async function trainNetwork(options: TrainOptions): Promise<{ readonly curve: readonly EpochLog[] }> {
  const { settings, directory } = options;
  if (options.samples.length === 0) {
    throw new TrainingError({
      seen: 'There are no images to train on',
      need: 'At least one labelled image',
      fix: 'Check the labelled folder of the data set',
    });
  }
  if (settings.consistency !== undefined) requireUnlabelled(options);
  const spill = openSpill(directory);
  try {
    return await trainOn(await cacheData(options, spill), options);
  } finally {
    spill.close();
  }
}

async function cacheData(
  { plan, samples, validation, unlabelled = [], signal }: TrainOptions,
  spill: Spill,
): Promise<CachedData> {
  const options = { spill, signal };
  return {
    samples: await cacheSamples(samples, plan, options),
    validation: await cacheSamples(validation, plan, options),
    unlabelled: await cacheImages(unlabelled, plan, options),
  };
}

async function trainOn(
  data: CachedData,
  options: TrainOptions,
): Promise<{ readonly curve: readonly EpochLog[] }> {
  const { plan, settings, directory, seed, signal } = options;
  const compute = computeOf(options);
  const { samples, validation, unlabelled } = data;
  const key = trainingKey(options, data);
  return fitNetwork({
    key,
    plan,
    settings,
    step: () => buildStep(plan, settings, samples),
    first: (specs) => options.start ?? freshWeights(plan, settings, specs, samples, seed),
    batches: (rng) => batchSource({ plan, settings, samples, unlabelled, seed }, rng),
    ...(validation.length > 0 && { openValidator: () => openValidator(plan, validation, compute) }),
    exported: (weights) => exportNetwork(plan, weights, settings.mirror),
    directory,
    seed,
    ...(options.rateSetting !== undefined && { rateSetting: options.rateSetting }),
    ...(options.saveSeconds !== undefined && { saveSeconds: options.saveSeconds }),
    ...compute,
    ...(options.onEpoch && { onEpoch: options.onEpoch }),
    ...(signal && { signal }),
  });
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

/**
 * Fresh weights; with an overlapping head its bias is at the classes' log odds, but where positives weigh as much as all
 * else.
 */
function freshWeights(
  plan: NetworkPlan,
  { loss }: ResolvedTraining,
  specs: readonly ParameterSpec[],
  samples: readonly CachedSample[],
  seed: number,
): Weights {
  const weights = initializeWeights(specs, createRng(seed).child('weights'));
  if (plan.head === 'overlapping' && loss !== 'weighted-bce')
    weights.set('head.bias', logOdds(positiveShares(plan, samples)));
  return weights;
}

/** All that a training reads. */
interface CachedData {
  readonly samples: readonly CachedSample[];
  readonly validation: readonly CachedSample[];
  readonly unlabelled: readonly CachedImage[];
}

function trainingKey(
  { plan, settings, seed, device, start }: TrainOptions,
  { samples, validation, unlabelled }: CachedData,
): string {
  const parts = [
    JSON.stringify({ plan, settings, seed, ...deviceKey(device) }),
    fingerprintSamples(samples),
    fingerprintSamples(validation),
    ...(unlabelled.length > 0 ? [fingerprintSamples(unlabelled)] : []),
    ...(start ? [fingerprintWeights(start)] : []),
  ];
  return createHash('sha256').update(parts.join('\n')).digest('hex');
}

function fingerprintWeights(weights: Weights): string {
  const hash = createHash('sha256');
  for (const [name, { data }] of weights) hash.update(name).update(data);
  return hash.digest('hex');
}
