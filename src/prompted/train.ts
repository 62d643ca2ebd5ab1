/**
 * @file Training a promptable model, or a part of one, by prompts and the masks that they ask for. A training that was
 * stopped goes on where it was and ends with the same bytes as one that was not.
 */
import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { appendLine, writeFileAtomic } from '../base/files.ts';
import type { Weights } from '../nn/parameters.ts';
import { packWeights, unpackWeights, vectorLength } from '../optim/parameter-vector.ts';
import { deviceKey } from '../runtime/device.ts';
import { type ComputeOptions, computeOf, type Feeds } from '../runtime/session.ts';
import { float32 } from '../tensor/array.ts';
import { openSafetensors } from '../tensor/safetensors.ts';
import { loadState, logLines, saveState } from '../training/checkpoint.ts';
import { pacedSaver, requireFiniteLoss } from '../training/pace.ts';
import { learningRate, type Schedule } from '../training/schedule.ts';
import { openStepRunner, type StepRunner, type TrainingStep } from '../training/step.ts';

/** What is trained, and on what. */
export interface PromptedTask<Prompts = unknown> {
  /** What stands for model, data and settings when trainings are told apart. */
  readonly key: unknown;
  /** The step. Of its outputs `single` is handed to the episodes and `overlap` [N] is the IoU of the masks in it. */
  build(averageDecay: number): TrainingStep;
  /** What the trained weights begin with. */
  start(step: TrainingStep): Weights;
  /** Numbers of `single`. */
  readonly answerLength: number;
  /** Of the prompts in a state. */
  readonly prompts: z.ZodType<Prompts>;
  /** Begins, or goes on from a state. */
  open(start: EpisodeState<Prompts> | undefined): Episodes<Prompts>;
  /** The whole model, from the trained weights. */
  whole(trained: Weights): Weights;
  /** The file that a training ends in, and its content from the whole model. */
  readonly file: string;
  encode(whole: Weights, metadata: Readonly<Record<string, string>>): Uint8Array;
}

/** What steps are fed. */
export interface Episodes<Prompts = unknown> {
  /** The feeds of a step, counted from 0. */
  feeds(step: number): Promise<Feeds>;
  /** Takes the single masks' logits that the step gave. */
  answer(single: Float32Array): void;
  state(): EpisodeState<Prompts>;
}

/** What later steps depend on. */
export interface EpisodeState<Prompts = unknown> {
  readonly prompts: Prompts;
  /** What the last step answered; anything before the first. */
  readonly logits: Float32Array;
}

/** How long: so many steps, or as many as so many minutes hold by the time of the first. */
export type PromptedLength = { readonly steps: number } | { readonly minutes: number };

export interface PromptedOptions extends ComputeOptions {
  readonly task: PromptedTask;
  readonly length: PromptedLength;
  /** Peak learning rate of AdamW. */
  readonly learningRate: number;
  readonly schedule: Schedule;
  /**
   * Mean Dice of the whole model after so many steps on what is not learnt from, by name; asked for `measurements`
   * times.
   */
  readonly measure?: (whole: Weights, step: number) => Promise<Readonly<Record<string, number | null>>>;
  /** Default 20, the last one at the end. */
  readonly measurements?: number;
  /** Receives checkpoint/, log.jsonl and the task's file. */
  readonly directory: string;
  readonly onLog?: (log: PromptedLog, timeLeftSeconds: number) => void;
  readonly onNote?: (text: string) => void;
  /** When aborted, the state is saved after the current step and the signal's reason thrown. */
  readonly signal?: AbortSignal;
  /** Seconds of work that a kill may cost. Default SAVE_SECONDS. */
  readonly saveSeconds?: number;
}

/** One line of log.jsonl: means over the steps since the last one. */
export interface PromptedLog {
  readonly step: number;
  readonly steps: number;
  readonly loss: number;
  /** IoU of the single masks at the logits' resolution. */
  readonly iou: number;
  readonly learningRate: number;
  /** Training time so far, s, interruptions left out. */
  readonly seconds: number;
  /** What was measured. */
  readonly dice?: Readonly<Record<string, number | null>>;
}

/** Of a file's metadata: which training it came of. */
const KEY = 'packmule.training';

/** Lines of a log, and measurements, over a training. */
const LOG_LINES = 400;
const MEASUREMENTS = 20;
/** Steps that are timed to know how many a number of minutes holds, after one that is not. */
const TIMED_STEPS = 3;
const FEWEST_STEPS = 10;
/** Decay of the moving average of the weights, which are what is measured and kept; less in short trainings. */
const SLOWEST_AVERAGE = 0.999;

const stateOf = (prompts: z.ZodType) =>
  z.object({
    /** Steps done, and of all. */
    step: z.int().min(0),
    steps: z.int().min(1),
    /** Sums since the last line of the log. */
    sums: z.object({ steps: z.int(), loss: z.number(), iou: z.number() }),
    seconds: z.number(),
    curve: logLines<PromptedLog>(),
    /** Of the last step; none before the first. */
    prompts: prompts.optional(),
  });
type State = z.infer<ReturnType<typeof stateOf>>;

/** Trains, or goes on where an earlier run of the same training stopped. Returns the whole log. */
export async function trainPrompted(options: PromptedOptions): Promise<readonly PromptedLog[]> {
  const { task, directory } = options;
  const key = trainingKey(options);
  const finished = await finishedLog(join(directory, task.file), directory, key);
  if (finished) return finished;

  const form = task.build(SLOWEST_AVERAGE);
  const length = vectorLength(form.specs);
  const stored = await loadState(directory, key, {
    schema: stateOf(task.prompts),
    lengths: {
      ...Object.fromEntries(form.vectorNames.map((name) => [name, length])),
      logits: task.answerLength,
    },
  });
  const fresh = { parameters: packWeights(form.specs, task.start(form)) };
  const steps = stored?.steps ?? (await chooseSteps(options, form, fresh));
  const step = task.build(Math.min(SLOWEST_AVERAGE, Math.max(0, 1 - 20 / steps)));
  const runner = await openStepRunner(step, stored?.vectors ?? fresh, computeOf(options));
  const episodes = task.open(
    stored?.prompts === undefined
      ? undefined
      : { prompts: stored.prompts, logits: stored.vectors.logits!.data },
  );
  try {
    const whole = (): Weights => task.whole(unpackWeights(step.specs, runner.vectors().average!));
    const curve = await runSteps(options, key, runner, episodes, whole, stored ?? beginning(steps));
    // Its presence says that the training is finished.
    await writeFileAtomic(join(directory, task.file), task.encode(whole(), { [KEY]: key }));
    await rm(join(directory, 'checkpoint'), { recursive: true, force: true });
    return curve;
  } finally {
    await runner.close();
  }
}

const beginning = (steps: number): State => ({
  step: 0,
  steps,
  sums: { steps: 0, loss: 0, iou: 0 },
  seconds: 0,
  curve: [],
});

async function runSteps(
  options: PromptedOptions,
  key: string,
  runner: StepRunner,
  episodes: Episodes,
  whole: () => Weights,
  start: State,
): Promise<PromptedLog[]> {
  const { directory, signal } = options;
  const { steps } = start;
  const logEvery = Math.max(1, Math.round(steps / LOG_LINES));
  const measureEvery = Math.max(1, Math.round(steps / (options.measurements ?? MEASUREMENTS)));
  let { step, sums, seconds } = start;
  const curve = [...start.curve];
  const logPath = join(directory, 'log.jsonl');
  await writeFileAtomic(logPath, curve.map((log) => `${JSON.stringify(log)}\n`).join(''));
  const startedAt = performance.now();
  const saver = pacedSaver(() => {
    const { prompts, logits } = episodes.state();
    const vectors = { ...runner.vectors(), logits: float32([logits.length], logits) };
    return saveState(directory, key, { step, steps, sums, seconds, curve, prompts, vectors });
  }, options.saveSeconds);

  while (step < steps) {
    const rate = learningRate(options.schedule, options.learningRate, step / Math.max(steps - 1, 1));
    const feeds = await episodes.feeds(step);
    const { loss, outputs } = await runner.run(feeds, rate, ++step);
    requireFiniteLoss(loss, step, options.learningRate, '--learning-rate');
    episodes.answer(outputs.single!.data as Float32Array);
    const overlaps = outputs.overlap!.data as Float32Array;
    const iou = overlaps.reduce((sum, value) => sum + value, 0) / overlaps.length;
    sums = { steps: sums.steps + 1, loss: sums.loss + loss, iou: sums.iou + iou };
    seconds = start.seconds + (performance.now() - startedAt) / 1000;
    const measures = step === steps || step % measureEvery === 0;
    if (measures || step % logEvery === 0) {
      const log: PromptedLog = {
        step,
        steps,
        loss: sums.loss / sums.steps,
        iou: sums.iou / sums.steps,
        learningRate: rate,
        ...(measures && options.measure && { dice: await options.measure(whole(), step) }),
        seconds: Math.round(seconds * 10) / 10,
      };
      sums = { steps: 0, loss: 0, iou: 0 };
      curve.push(log);
      await appendLine(logPath, JSON.stringify(log));
      options.onLog?.(log, (seconds / step) * (steps - step));
    }
    if (signal?.aborted) {
      await saver.save();
      signal.throwIfAborted();
    }
    await saver.saveWhenDue();
  }
  return curve;
}

/** The steps that the settings ask for; for minutes, some are timed and forgotten. */
async function chooseSteps(
  options: PromptedOptions,
  step: TrainingStep,
  start: Parameters<typeof openStepRunner>[1],
): Promise<number> {
  const { length, task } = options;
  if ('steps' in length) return length.steps;
  const episodes = task.open(undefined);
  const runner = await openStepRunner(step, start, computeOf(options));
  try {
    let startedAt = 0;
    for (let i = 0; i <= TIMED_STEPS; i++) {
      options.signal?.throwIfAborted();
      // The first step is slower than all others.
      if (i === 1) startedAt = performance.now();
      const { outputs } = await runner.run(await episodes.feeds(i), 0, i + 1);
      episodes.answer(outputs.single!.data as Float32Array);
    }
    const seconds = (performance.now() - startedAt) / 1000 / TIMED_STEPS;
    const steps = Math.max(FEWEST_STEPS, Math.round((length.minutes * 60) / seconds));
    options.onNote?.(`A step takes ${seconds.toFixed(2)} s: ${steps} steps in ${length.minutes} minutes.`);
    return steps;
  } finally {
    await runner.close();
  }
}

function trainingKey(options: PromptedOptions): string {
  const { task, length, learningRate: rate, schedule, device } = options;
  const parts = { of: task.key, length, rate, schedule, ...deviceKey(device) };
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/** The log of a training that is already done, by the key in its model; undefined where a part lacks or is damaged. */
async function finishedLog(path: string, directory: string, key: string): Promise<PromptedLog[] | undefined> {
  try {
    const file = await openSafetensors(path);
    await file.close();
    if (file.metadata[KEY] !== key) return undefined;
    const lines = (await readFile(join(directory, 'log.jsonl'), 'utf8')).split('\n');
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as PromptedLog);
  } catch {
    return undefined;
  }
}
