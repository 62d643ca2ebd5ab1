/**
 * @file The loop of a training: step after step, a log line and perhaps a validation per epoch, a checkpoint now and
 * then. A checkpoint may fall between any two steps.
 */
import { join } from 'node:path';
import { appendLine, writeFileAtomic } from '../base/files.ts';
import { createRng, type Rng } from '../base/rng.ts';
import type { BatchSource } from './batch-source.ts';
import { saveState, type TrainingState } from './checkpoint.ts';
import { pacedSaver, requireFiniteLoss } from './pace.ts';
import type { ResolvedTraining } from './resolved.ts';
import { learningRate } from './schedule.ts';
import type { StepRunner } from './step.ts';
import type { EpochLog } from './types.ts';

/** How long a training takes, and how fast it learns. */
export type LoopSettings = Pick<
  ResolvedTraining,
  'epochs' | 'samplesPerEpoch' | 'batch' | 'learningRate' | 'schedule' | 'validateEvery' | 'patience'
>;

export interface LoopInput {
  readonly settings: LoopSettings;
  /** What is drawn depends on the generator alone, whose state a checkpoint keeps. */
  readonly batches: (rng: Rng) => BatchSource;
  /** Receives checkpoint/ and log.jsonl. */
  readonly directory: string;
  /** Tells the training that a checkpoint belongs to. */
  readonly key: string;
  readonly seed: number;
  /** What people set the learning rate by, for errors. Default training.learningRate. */
  readonly rateSetting?: string;
  /** Seconds of work that a kill may cost. Default SAVE_SECONDS. */
  readonly saveSeconds?: number;
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
  const draw = input.batches(rng);
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
  }, input.saveSeconds);

  while (step < totalSteps) {
    const progress = step / Math.max(totalSteps - 1, 1);
    const rate = learningRate(settings.schedule, settings.learningRate, progress);
    const { loss } = await runner.run(draw(progress), rate, ++step);
    requireFiniteLoss(loss, step, settings.learningRate, input.rateSetting ?? 'training.learningRate');
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

/** Whether the best validation lies `patience` epochs or more behind. */
function stopsHere(curve: readonly EpochLog[], patience: number): boolean {
  const validated = curve.filter(({ validationDice }) => validationDice !== undefined);
  const best = validated.reduce<EpochLog | undefined>(
    (top, log) => (top === undefined || log.validationDice! > top.validationDice! ? log : top),
    undefined,
  );
  return best !== undefined && curve.at(-1)!.epoch - best.epoch >= patience;
}
