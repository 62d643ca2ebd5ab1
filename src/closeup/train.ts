/** @file Training the network that looks at close-ups, on the true masks of labelled images. */
import { createHash } from 'node:crypto';
import { TrainingError } from '../base/errors.ts';
import { createRng, type Rng } from '../base/rng.ts';
import { toUnitIntensities } from '../imaging/image.ts';
import { countCoverage } from '../masks/overlap.ts';
import { decodeRle } from '../masks/rle.ts';
import { initializeWeights } from '../nn/parameters.ts';
import { adamW } from '../optim/optimizers.ts';
import { deviceKey } from '../runtime/device.ts';
import { type ComputeOptions, computeOf } from '../runtime/session.ts';
import { float32 } from '../tensor/array.ts';
import type { BatchSource } from '../training/batch-source.ts';
import { fitNetwork } from '../training/fit.ts';
import { buildTrainingStep } from '../training/step.ts';
import type { EpochLog, TrainingSample } from '../training/types.ts';
import { type CloseUp, cropCloseUp, squareAbout } from './crop.ts';
import { LOOK_CELLS } from './look.ts';
import { closeUpArchitecture, closeUpLoss, exportCloseUp, VIEW_PLANES } from './network.ts';
import type { CloseUpPlan } from './plan.ts';
import { drawLesson, VIEW_CELLS } from './view.ts';

export interface TrainCloseUpOptions extends ComputeOptions {
  readonly plan: CloseUpPlan;
  readonly samples: readonly TrainingSample[];
  /** Receives checkpoint/, log.jsonl, weights.safetensors and model.onnx. */
  readonly directory: string;
  readonly seed: number;
  /** As of LoopInput. */
  readonly saveSeconds?: number;
  readonly onEpoch?: (log: EpochLog, timeLeftSeconds: number) => void;
  /** When aborted, the state is saved after the current step and the signal's reason thrown. */
  readonly signal?: AbortSignal;
}

/** Most structures to learn from, which bounds the memory; of more, so many are drawn. */
const MOST_STRUCTURES = 2000;

/** Trains the network, or continues where an earlier run of the same training stopped. */
export async function trainCloseUp(
  options: TrainCloseUpOptions,
): Promise<{ readonly curve: readonly EpochLog[] }> {
  const { plan, directory, seed, saveSeconds, onEpoch, signal } = options;
  const { settings } = plan;
  const closeUps = await closeUpsOf(options);
  const architecture = closeUpArchitecture(plan.base);
  return fitNetwork({
    key: closeUpKey(options, closeUps),
    plan,
    settings,
    step: () =>
      buildTrainingStep(closeUpLoss(architecture, settings.batch), {
        optimizer: adamW({ weightDecay: settings.weightDecay }),
        averageDecay: settings.averageDecay,
      }),
    first: (specs) => initializeWeights(specs, createRng(seed).child('weights')),
    batches: (rng) => batchesOf(closeUps, settings.batch, rng),
    exported: (weights) => exportCloseUp(architecture, weights),
    directory,
    seed,
    ...computeOf(options),
    ...(saveSeconds !== undefined && { saveSeconds }),
    ...(onEpoch && { onEpoch }),
    ...(signal && { signal }),
  });
}

/** Close-ups of all structures that can be seen, or of as many as are kept. */
async function closeUpsOf({ samples, seed, signal }: TrainCloseUpOptions): Promise<CloseUp[]> {
  const shown = samples.flatMap(({ structures }, image) =>
    structures.flatMap(({ rle }, k) => (rle.counts.length > 1 ? [{ image, k }] : [])),
  );
  if (shown.length === 0) {
    throw new TrainingError({
      seen: `None of ${samples.length} labelled images shows a structure`,
      need: 'Masks to learn outlines from',
      fix: 'Label at least one image, or choose another refiner with refine.refiner',
    });
  }
  const kept = createRng(seed).child('structures').shuffled(shown).slice(0, MOST_STRUCTURES);
  const closeUps: CloseUp[] = [];
  for (const [image, { structures, read }] of samples.entries()) {
    signal?.throwIfAborted();
    const wanted = new Set(kept.filter((one) => one.image === image).map(({ k }) => k));
    if (wanted.size === 0) continue;
    const intensities = toUnitIntensities(await read());
    const masks = structures.map(({ rle }) => decodeRle(rle));
    const coverage = countCoverage(masks);
    masks.forEach((mask, k) => {
      const square = wanted.has(k) ? squareAbout(mask) : undefined;
      if (square) closeUps.push(cropCloseUp(intensities, mask, coverage, square));
    });
  }
  return closeUps;
}

/** Structures drawn with replacement. */
function batchesOf(closeUps: readonly CloseUp[], batch: number, rng: Rng): BatchSource {
  return () => {
    const views = new Float32Array(batch * VIEW_PLANES * VIEW_CELLS);
    const target = new Uint8Array(batch * VIEW_CELLS);
    for (let i = 0; i < batch; i++) {
      const lesson = drawLesson(rng, closeUps[rng.below(closeUps.length)]!);
      views.set(lesson.view, i * lesson.view.length);
      target.set(lesson.target, i * VIEW_CELLS);
    }
    return {
      views: float32([batch, VIEW_PLANES, LOOK_CELLS, LOOK_CELLS], views),
      target: { dtype: 'uint8', shape: [batch, 1, LOOK_CELLS, LOOK_CELLS], data: target },
    };
  };
}

function closeUpKey({ plan, seed, device }: TrainCloseUpOptions, closeUps: readonly CloseUp[]): string {
  const hash = createHash('sha256');
  hash.update(JSON.stringify({ plan, seed, ...deviceKey(device) }));
  for (const { image, own, others } of closeUps) {
    hash.update(image).update(own).update(others);
  }
  return hash.digest('hex');
}
