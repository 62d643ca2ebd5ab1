/**
 * @file The loop of a training: step after step, a log line and perhaps a validation per epoch, a checkpoint now and
 * then. A checkpoint may fall between any two steps.
 */
import { join } from 'node:path';
import { appendLine, writeFileAtomic } from '../base/files.ts';
import { createRng, type Rng } from '../base/rng.ts';
import type { Feeds } from '../runtime/session.ts';
import { float32 } from '../tensor/array.ts';
import { drawAugmentation, makeNoiseBank } from './augment.ts';
import { UNLABELLED } from './batch-loss.ts';
import { batchFeeds, drawSamples, imageFeed } from './batches.ts';
import { saveState, type TrainingState } from './checkpoint.ts';
import { consistencyWeight, unlabelledPerBatch } from './consistency.ts';
import { pacedSaver, requireFiniteLoss } from './pace.ts';
import type { ResolvedTraining } from './resolved.ts';
import type { CachedImage, CachedSample } from './sample-cache.ts';
import { learningRate } from './schedule.ts';
import type { StepRunner } from './step.ts';
import type { EpochLog, NetworkPlan } from './types.ts';

export interface LoopInput {
  readonly plan: NetworkPlan;
  readonly settings: ResolvedTraining;
  readonly samples: readonly CachedSample[];
  /** Images without labels, for `settings.consistency`. */
  readonly unlabelled: readonly CachedImage[];
  /** Receives checkpoint/ and log.jsonl. */
  readonly directory: string;
  /** Tells the training that a checkpoint belongs to. */
  readonly key: string;
  readonly seed: number;
  readonly runner: StepRunner;
  /** The state to go on from; the runner already holds its vectors. */
  readonly start: TrainingState | undefined;
  /** Dice of the current weights on the validation images; undefined where there are none. */
  readonly validate: () => Promise<number | undefined>;
  readonly onEpoch?: ((log: EpochLog, timeLeftSeconds: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs all steps that are left and returns the whole curve.
 * @throws TrainingError when the loss is not finite; the signal's reason when aborted, after saving.
 */
export async function runLoop(input: LoopInput): Promise<EpochLog[]> {
  const { settings, directory, runner, signal } = input;
  const stepsPerEpoch = Math.ceil(settings.samplesPerEpoch / settings.batch);
  const totalSteps = settings.epochs * stepsPerEpoch;
  const rng = input.start ? createRng(input.start.rng) : createRng(input.seed).child('batches');
  const draw = batchSource(input, rng);
  const curve: EpochLog[] = [...(input.start?.curve ?? [])];
  await writeFileAtomic(
    join(directory, 'log.jsonl'),
    curve.map((log) => `${JSON.stringify(log)}\n`).join(''),
  );

  let { step, lossSum, seconds } = input.start ?? { step: 0, lossSum: 0, seconds: 0 };
  const secondsBefore = seconds;
  const startedAt = performance.now();
  const saver = pacedSaver(() => {
    const state = { step, lossSum, seconds, rng: rng.state(), curve, vectors: runner.vectors() };
    return saveState(directory, input.key, state);
  });

  while (step < totalSteps) {
    const progress = step / Math.max(totalSteps - 1, 1);
    const rate = learningRate(settings.schedule, settings.learningRate, progress);
    const { loss } = await runner.run(draw(progress), rate, ++step);
    requireFiniteLoss(loss, step, settings.learningRate, 'training.learningRate');
    lossSum += loss;
    seconds = secondsBefore + (performance.now() - startedAt) / 1000;
    if (step % stepsPerEpoch === 0) {
      const epoch = step / stepsPerEpoch;
      const validates = epoch === settings.epochs || epoch % settings.validateEvery === 0;
      const dice = validates ? await input.validate() : undefined;
      const log: EpochLog = {
        epoch,
        epochs: settings.epochs,
        loss: lossSum / stepsPerEpoch,
        learningRate: rate,
        ...(dice !== undefined && { validationDice: dice }),
        seconds: Math.round(seconds * 10) / 10,
      };
      lossSum = 0;
      curve.push(log);
      await appendLine(join(directory, 'log.jsonl'), JSON.stringify(log));
      input.onEpoch?.(log, (seconds / epoch) * (settings.epochs - epoch));
      if (settings.patience !== undefined && stopsHere(curve, settings.patience)) break;
    }
    if (signal?.aborted) {
      await saver.save();
      signal.throwIfAborted();
    }
    await saver.saveWhenDue();
  }
  return curve;
}

/** The feeds of one batch after another; `progress` runs from 0 to 1 over the training. */
function batchSource(
  { plan, settings, samples, unlabelled, seed }: LoopInput,
  rng: Rng,
): (progress: number) => Feeds {
  const { batch, augmentation, consistency, mirror } = settings;
  const noise = makeNoiseBank(createRng(seed).child('noise'), batch, plan.inputSize);
  const free = consistency === undefined ? 0 : unlabelledPerBatch(batch);
  return (progress) => {
    const draws = drawSamples(rng, samples, batch - free, mirror !== undefined);
    const flipped = draws.map((draw) => draw.flipped);
    const labelled = {
      ...batchFeeds(draws, plan, mirror),
      ...drawAugmentation(rng, augmentation, flipped, plan.inputSize, noise),
    };
    if (consistency === undefined) return labelled;
    // Never flipped: the teacher's classes would have to change places.
    const images = Array.from({ length: free }, () => unlabelled[rng.below(unlabelled.length)]!);
    const upright = images.map(() => false);
    return {
      ...labelled,
      [`${UNLABELLED}image`]: imageFeed(images, plan),
      ...drawAugmentation(rng, augmentation, upright, plan.inputSize, noise, UNLABELLED),
      consistencyWeight: float32([], [consistencyWeight(consistency, progress)]),
    };
  };
}

/** Whether the best validation lies `patience` epochs or more behind. */
function stopsHere(curve: readonly EpochLog[], patience: number): boolean {
  const validated = curve.filter(({ validationDice }) => validationDice !== undefined);
  const best = validated.reduce<EpochLog | undefined>(
    (top, log) => (top === undefined || log.validationDice! > top.validationDice! ? log : top),
    undefined,
  );
  return best !== undefined && curve.at(-1)!.epoch - best.epoch >= patience;
}
