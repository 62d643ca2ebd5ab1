/**
 * @file Training the networks of a plan, one after the other, and putting them together. Each has a folder of its own,
 * in which it goes on where it was stopped.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { TrainingError } from '../base/errors.ts';
import { writeFileAtomic } from '../base/files.ts';
import { createRng } from '../base/rng.ts';
import { encodeModel } from '../graph/onnx/encode.ts';
import { initializeWeights, type Weights } from '../nn/parameters.ts';
import { sgdNesterov } from '../optim/optimizers.ts';
import { deviceKey } from '../runtime/device.ts';
import { type ComputeOptions, computeOf } from '../runtime/session.ts';
import { fitNetwork, readWeights } from '../training/fit.ts';
import type { LoopSettings } from '../training/loop.ts';
import { buildTrainingStep } from '../training/step.ts';
import type { EpochLog, TrainingSample } from '../training/types.ts';
import { exportEnsemble, patchLoss } from './network.ts';
import { cropSize, patchSource } from './patches.ts';
import { FOLDS, type NnUnetPlan } from './plan.ts';
import { type PreparedSample, prepareSamples } from './prepare.ts';

export interface TrainNnUnetOptions extends ComputeOptions {
  readonly plan: NnUnetPlan;
  readonly settings: LoopSettings;
  readonly samples: readonly TrainingSample[];
  /** Receives network-1/ and so on, each with checkpoint/, log.jsonl and weights, and model.onnx, the ensemble. */
  readonly directory: string;
  readonly seed: number;
  /** Epochs are counted over all networks. */
  readonly onEpoch?: (log: EpochLog, timeLeftSeconds: number) => void;
  /** When aborted, the state is saved after the current step and the signal's reason thrown. */
  readonly signal?: AbortSignal;
}

const OPTIMIZER = { momentum: 0.99, weightDecay: 3e-5 };
const CLIP_NORM = 12;

/** Trains all networks of a plan, or the rest of them. */
export async function trainNnUnet(options: TrainNnUnetOptions): Promise<void> {
  const { plan, directory, seed, signal } = options;
  if (options.samples.length === 0) {
    throw new TrainingError({
      seen: 'There are no images to train an nnU-Net on',
      need: 'At least one labelled image',
      fix: 'Check the labelled folder of the data set',
    });
  }
  const samples = await prepareSamples(options.samples, plan, createRng(seed).child('places'), signal);
  const networks: Weights[] = [];
  for (let k = 0; k < plan.networks; k++) {
    networks.push(await trainOne(options, lessonsOf(samples, plan.networks, k, seed), k));
  }
  // Written last: its presence says that all networks are finished.
  await writeFileAtomic(join(directory, 'model.onnx'), encodeModel(exportEnsemble(plan, networks)));
}

/** What a network learns from: all images where it is alone, else those outside its fold. */
export function lessonsOf<T extends { readonly id: string }>(
  samples: readonly T[],
  networks: number,
  k: number,
  seed: number,
): readonly T[] {
  if (networks === 1) return samples;
  const order = createRng(seed).child('folds').shuffled(samples);
  const folds = Math.min(FOLDS, samples.length);
  return order.filter((_, i) => i % folds !== k);
}

async function trainOne(
  { plan, settings, onEpoch, signal, ...options }: TrainNnUnetOptions,
  lessons: readonly PreparedSample[],
  k: number,
): Promise<Weights> {
  const directory = join(options.directory, `network-${k + 1}`);
  const seed = createRng(options.seed)
    .child(`network-${k + 1}`)
    .below(2 ** 31);
  const { networks } = plan;
  const { batch, epochs } = settings;
  const ofAll = (log: EpochLog, left: number): void => {
    const each = (log.seconds * epochs) / log.epoch;
    const counted = { ...log, epoch: k * epochs + log.epoch, epochs: networks * epochs };
    onEpoch?.(counted, left + (networks - 1 - k) * each);
  };
  await fitNetwork({
    key: networkKey({ plan, settings, seed, ...deviceKey(options.device) }, lessons),
    plan,
    settings,
    step: () =>
      buildTrainingStep(patchLoss(plan, batch, cropSize(plan, lessons)), {
        optimizer: sgdNesterov(OPTIMIZER),
        clipNorm: CLIP_NORM,
      }),
    first: (specs) => initializeWeights(specs, createRng(seed).child('weights')),
    batches: (rng) => patchSource(plan, lessons, batch, seed, rng),
    exported: (weights) => exportEnsemble(plan, [weights]),
    directory,
    seed,
    ...computeOf(options),
    onEpoch: ofAll,
    ...(signal && { signal }),
  });
  return readWeights(directory);
}

function networkKey(settings: object, lessons: readonly PreparedSample[]): string {
  const hash = createHash('sha256').update(JSON.stringify(settings));
  for (const { id, data, target } of lessons) {
    hash.update(id).update(data).update(target);
  }
  return hash.digest('hex');
}
