/** @file Training a head: the encoder looks at each image once, then steps see its maps alone. */
import { createHash } from 'node:crypto';
import { TrainingError } from '../base/errors.ts';
import { createRng, type Rng } from '../base/rng.ts';
import { initializeWeights } from '../nn/parameters.ts';
import { adamW } from '../optim/optimizers.ts';
import { deviceKey } from '../runtime/device.ts';
import { type ComputeOptions, computeOf } from '../runtime/session.ts';
import { float32 } from '../tensor/array.ts';
import { drawAffine } from '../training/augment.ts';
import type { BatchSource } from '../training/batch-source.ts';
import { logOdds, positiveShares } from '../training/class-shares.ts';
import { fitNetwork } from '../training/fit.ts';
import { rasterTarget } from '../training/labels.ts';
import { buildTrainingStep } from '../training/step.ts';
import type { EpochLog, TrainingSample } from '../training/types.ts';
import { cellsOf, type EncoderShape, type FrozenEncoder, type ImageMaps } from './features.ts';
import { exportHead, headLoss } from './network.ts';
import type { HeadPlan, HeadSettings } from './plan.ts';

export interface TrainHeadOptions extends ComputeOptions {
  readonly plan: HeadPlan;
  readonly settings: HeadSettings;
  readonly encoder: FrozenEncoder;
  readonly samples: readonly TrainingSample[];
  /** The hash of an image's content, by its id. */
  readonly imageKey: (id: string) => string;
  /** Receives checkpoint/, log.jsonl, weights.safetensors and model.onnx. */
  readonly directory: string;
  readonly seed: number;
  readonly onEpoch?: (log: EpochLog, timeLeftSeconds: number) => void;
  /** When aborted, the state is saved after the current step and the signal's reason thrown. */
  readonly signal?: AbortSignal;
}

interface Lesson extends ImageMaps {
  readonly id: string;
  /** [T, 4 gridSize, 4 gridSize], see rasterTarget. */
  readonly target: Uint8Array;
}

/** Trains a head, or continues where an earlier run of the same training stopped. */
export async function trainHead(options: TrainHeadOptions): Promise<{ readonly curve: readonly EpochLog[] }> {
  const { plan, settings, encoder, directory, seed, onEpoch, signal } = options;
  const { shape } = encoder;
  if (options.samples.length === 0) {
    throw new TrainingError({
      seen: 'There are no images to train a head on',
      need: 'At least one labelled image',
      fix: 'Check the labelled folder of the data set',
    });
  }
  const lessons: Lesson[] = [];
  for (const sample of options.samples) {
    signal?.throwIfAborted();
    lessons.push(await lessonOf(sample, options));
  }
  return fitNetwork({
    key: headKey(options, lessons),
    plan: { ...plan, encoder: shape },
    settings,
    step: () =>
      buildTrainingStep(headLoss(plan, shape, settings.batch), {
        optimizer: adamW({ weightDecay: settings.weightDecay }),
        ...(settings.averageDecay !== undefined && { averageDecay: settings.averageDecay }),
      }),
    first: (specs) => {
      const weights = initializeWeights(specs, createRng(seed).child('weights'));
      if (plan.head === 'overlapping') weights.set('head.bias', logOdds(positiveShares(plan, lessons)));
      return weights;
    },
    batches: (rng) => batchesOf(lessons, shape, settings, rng),
    exported: (weights) => exportHead(plan, shape, weights),
    directory,
    seed,
    ...computeOf(options),
    ...(onEpoch && { onEpoch }),
    ...(signal && { signal }),
  });
}

async function lessonOf(
  { id, size, structures, read }: TrainingSample,
  { plan, encoder, imageKey }: TrainHeadOptions,
): Promise<Lesson> {
  const maps = await encoder.maps(await read(), imageKey(id));
  const target = rasterTarget(structures, plan.classes.length, size, maps.shown, plan.head);
  return { id, ...maps, target: padded(target, maps.shown, cellsOf(encoder.shape)) };
}

/** Planes of a size in the top left of square ones. */
function padded(planes: Uint8Array, { height, width }: ImageMaps['shown'], side: number): Uint8Array {
  const count = planes.length / (height * width);
  const out = new Uint8Array(count * side * side);
  for (let row = 0; row < count * height; row++) {
    const plane = Math.floor(row / height);
    const from = row * width;
    out.set(planes.subarray(from, from + width), plane * side * side + (row % height) * side);
  }
  return out;
}

/** Lessons drawn with replacement, each with a warp of its own. */
function batchesOf(
  lessons: readonly Lesson[],
  { width, gridSize, early }: EncoderShape,
  { batch, affine }: HeadSettings,
  rng: Rng,
): BatchSource {
  const side = 4 * gridSize;
  const square = { height: side, width: side };
  return () => {
    const drawn = Array.from({ length: batch }, () => lessons[rng.below(lessons.length)]!);
    const warps = drawn.flatMap(() => drawAffine(rng, affine, square));
    const floats = (channels: number, cells: number, of: (lesson: Lesson) => Float32Array) =>
      float32(
        [batch, channels, cells, cells],
        joined(new Float32Array(batch * channels * cells ** 2), drawn.map(of)),
      );
    const channels = lessons[0]!.target.length / side ** 2;
    return {
      features: floats(width, gridSize, (lesson) => lesson.features),
      ...(early > 0 && { early: floats(early, side, (lesson) => lesson.early) }),
      target: {
        dtype: 'uint8',
        shape: [batch, channels, side, side],
        data: joined(
          new Uint8Array(batch * channels * side ** 2),
          drawn.map(({ target }) => target),
        ),
      },
      affine: float32([batch, 2, 3], warps),
    };
  };
}

/** Parts of equal length, one after the other. */
function joined<T extends Float32Array | Uint8Array>(into: T, parts: readonly T[]): T {
  parts.forEach((part, i) => {
    into.set(part, i * part.length);
  });
  return into;
}

function headKey(
  { plan, settings, encoder, seed, device }: TrainHeadOptions,
  lessons: readonly Lesson[],
): string {
  const hash = createHash('sha256');
  hash.update(JSON.stringify({ plan, settings, shape: encoder.shape, seed, ...deviceKey(device) }));
  for (const { id, features, early, target } of lessons) {
    hash.update(id).update(features).update(early).update(target);
  }
  return hash.digest('hex');
}
