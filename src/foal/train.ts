/**
 * @file Foal's training, from instance images to a model file, from fresh weights or those of another training. A
 * training that was stopped goes on where it was and ends with the same bytes as one that was not.
 */
import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { appendLine, writeFileAtomic } from '../base/files.ts';
import { createRng } from '../base/rng.ts';
import { initializeWeights, type Weights } from '../nn/parameters.ts';
import { packWeights, unpackWeights, vectorLength } from '../optim/parameter-vector.ts';
import { deviceKey } from '../runtime/device.ts';
import { type ComputeOptions, computeOf } from '../runtime/session.ts';
import { weightsHash } from '../sam/checkpoint.ts';
import type { SamConfig } from '../sam/config.ts';
import { FREQUENCIES_NAME } from '../sam/prompt-encoder.ts';
import { type Float32NdArray, float32 } from '../tensor/array.ts';
import { openSafetensors } from '../tensor/safetensors.ts';
import { loadState, logLines, saveState } from '../training/checkpoint.ts';
import { pacedSaver, requireFiniteLoss } from '../training/pace.ts';
import { learningRate, type Schedule } from '../training/schedule.ts';
import { openStepRunner, type StepRunner, type TrainingStep } from '../training/step.ts';
import { type Episodes, openEpisodes, storedPrompts } from './episodes.ts';
import type { BatchSize } from './graph.ts';
import { MOST_TOKENS } from './prompts.ts';
import { buildFoalStep } from './step.ts';
import type { Supply } from './supply.ts';
import { drawFrequencies, encodeFoal } from './weights.ts';

export interface FoalSettings {
  /** Images of a step, and prompts of each image. */
  readonly batch: number;
  readonly prompts: number;
  /** Peak learning rate of AdamW. */
  readonly learningRate: number;
  readonly schedule: Schedule;
  readonly seed: number;
  /** How long: so many steps, or as many as so many minutes hold by the time of the first. */
  readonly length: { readonly steps: number } | { readonly minutes: number };
}

export const FOAL_DEFAULTS = { batch: 4, prompts: 4, learningRate: 1e-3, schedule: 'one-cycle' } as const;

export interface FoalOptions extends ComputeOptions {
  readonly config: SamConfig;
  readonly settings: FoalSettings;
  /** What is learnt from, `settings.prompts` objects each, and what stands for it when trainings are told apart. */
  readonly imageAt: Supply;
  readonly data: unknown;
  /** All weights of a model of this architecture to begin with; fresh ones by default. */
  readonly start?: Weights;
  /** Mean Dice of a model of these weights on what is not learnt from, by name; asked for `measurements` times. */
  readonly measure?: (weights: Weights) => Promise<Readonly<Record<string, number | null>>>;
  /** Default 20, the last one at the end. */
  readonly measurements?: number;
  /** Keep the weights that measured best, see bestOf; by default the last ones. */
  readonly keepBest?: boolean;
  /** Receives checkpoint/, log.jsonl and foal.safetensors. */
  readonly directory: string;
  readonly onLog?: (log: FoalLog, timeLeftSeconds: number) => void;
  readonly onNote?: (text: string) => void;
  /** When aborted, the state is saved after the current step and the signal's reason thrown. */
  readonly signal?: AbortSignal;
  /** Seconds of work that a kill may cost. Default SAVE_SECONDS. */
  readonly saveSeconds?: number;
}

/** One line of log.jsonl: means over the steps since the last one. */
export interface FoalLog {
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

export const FOAL_FILE = 'foal.safetensors';
const KEY = 'packmule.foal';

/** Lines of a log, and measurements, over a training. */
const LOG_LINES = 400;
const MEASUREMENTS = 20;
/** Steps that are timed to know how many a number of minutes holds, after one that is not. */
const TIMED_STEPS = 3;
const FEWEST_STEPS = 10;
/** Decay of the moving average of the weights, which are what is measured and kept; less in short trainings. */
const SLOWEST_AVERAGE = 0.999;

const foalState = z.object({
  /** Steps done, and of all. */
  step: z.int().min(0),
  steps: z.int().min(1),
  /** Sums since the last line of the log. */
  sums: z.object({ steps: z.int(), loss: z.number(), iou: z.number() }),
  seconds: z.number(),
  curve: logLines<FoalLog>(),
  prompts: storedPrompts,
});
type FoalState = z.infer<typeof foalState>;

/** Trains a Foal, or goes on where an earlier run of the same training stopped. Returns the whole log. */
export async function trainFoal(options: FoalOptions): Promise<readonly FoalLog[]> {
  const { config, settings, directory } = options;
  const key = foalKey(options);
  const finished = await finishedLog(directory, key);
  if (finished) return finished;
  const rng = createRng(settings.seed);
  const frequencies =
    options.start?.get(FREQUENCIES_NAME)?.data ?? drawFrequencies(config, rng.child('frequencies'));
  const size: BatchSize = { images: settings.batch, prompts: settings.prompts, tokens: MOST_TOKENS };
  const answers = size.images * size.prompts * (4 * config.gridSize) ** 2;

  const form = buildFoalStep(config, size, frequencies, { averageDecay: SLOWEST_AVERAGE });
  const length = vectorLength(form.specs);
  const stored = await loadState(directory, key, {
    schema: foalState,
    lengths: {
      ...Object.fromEntries([...form.vectorNames, 'best'].map((name) => [name, length])),
      logits: answers,
    },
  });
  const weightsAtFirst = options.start ?? initializeWeights(form.specs, rng.child('weights'));
  const fresh = { parameters: packWeights(form.specs, weightsAtFirst) };
  const { imageAt } = options;
  const open = (start = stored): Episodes =>
    openEpisodes(
      { config, size, frequencies, seed: settings.seed, imageAt },
      start && { prompts: start.prompts, logits: start.vectors.logits!.data },
    );
  const steps = stored?.steps ?? (await chooseSteps(options, form, fresh, open()));
  const averageDecay = Math.min(SLOWEST_AVERAGE, Math.max(0, 1 - 20 / steps));
  const step = buildFoalStep(config, size, frequencies, { averageDecay });
  const runner = await openStepRunner(step, stored?.vectors ?? fresh, computeOf(options));
  const unpack = (vector: Float32NdArray): Weights =>
    new Map([
      ...unpackWeights(step.specs, vector),
      [FREQUENCIES_NAME, float32([2, config.width / 2], frequencies)],
    ]);
  try {
    const begun = stored ?? { ...beginning(steps), vectors: { best: fresh.parameters } };
    const { curve, kept } = await runSteps(options, key, runner, open(), unpack, begun);
    // Its presence says that the training is finished.
    await writeFileAtomic(join(directory, FOAL_FILE), encodeFoal(config, unpack(kept), { [KEY]: key }));
    await rm(join(directory, 'checkpoint'), { recursive: true, force: true });
    return curve;
  } finally {
    await runner.close();
  }
}

const beginning = (steps: number): FoalState => ({
  step: 0,
  steps,
  sums: { steps: 0, loss: 0, iou: 0 },
  seconds: 0,
  curve: [],
  prompts: [],
});

async function runSteps(
  options: FoalOptions,
  key: string,
  runner: StepRunner,
  episodes: Episodes,
  unpack: (vector: Float32NdArray) => Weights,
  start: FoalState & { readonly vectors: Readonly<Record<string, Float32NdArray>> },
): Promise<{ curve: FoalLog[]; kept: Float32NdArray }> {
  const { settings, directory, signal } = options;
  const { steps } = start;
  const logEvery = Math.max(1, Math.round(steps / LOG_LINES));
  const measureEvery = Math.max(1, Math.round(steps / (options.measurements ?? MEASUREMENTS)));
  let { step, sums, seconds } = start;
  let best = start.vectors.best!;
  const curve = [...start.curve];
  const logPath = join(directory, 'log.jsonl');
  await writeFileAtomic(logPath, curve.map((log) => `${JSON.stringify(log)}\n`).join(''));
  const startedAt = performance.now();
  const saver = pacedSaver(() => {
    const { prompts, logits } = episodes.state();
    const vectors = { ...runner.vectors(), best, logits: float32([logits.length], logits) };
    return saveState(directory, key, { step, steps, sums, seconds, curve, prompts, vectors });
  }, options.saveSeconds);

  while (step < steps) {
    const rate = learningRate(settings.schedule, settings.learningRate, step / Math.max(steps - 1, 1));
    const feeds = await episodes.feeds(step);
    const { loss, outputs } = await runner.run(feeds, rate, ++step);
    requireFiniteLoss(loss, step, settings.learningRate, '--learning-rate');
    episodes.answer(outputs.single!.data as Float32Array);
    const overlaps = outputs.overlap!.data as Float32Array;
    const iou = overlaps.reduce((sum, value) => sum + value, 0) / overlaps.length;
    sums = { steps: sums.steps + 1, loss: sums.loss + loss, iou: sums.iou + iou };
    seconds = start.seconds + (performance.now() - startedAt) / 1000;
    const measures = step === steps || step % measureEvery === 0;
    if (measures || step % logEvery === 0) {
      const log: FoalLog = {
        step,
        steps,
        loss: sums.loss / sums.steps,
        iou: sums.iou / sums.steps,
        learningRate: rate,
        ...(measures &&
          options.measure && { dice: await options.measure(unpack(runner.vectors().average!)) }),
        seconds: Math.round(seconds * 10) / 10,
      };
      sums = { steps: 0, loss: 0, iou: 0 };
      curve.push(log);
      if (bestOf(curve) === log) best = copyOf(runner.vectors().average!);
      await appendLine(logPath, JSON.stringify(log));
      options.onLog?.(log, (seconds / step) * (steps - step));
    }
    if (signal?.aborted) {
      await saver.save();
      signal.throwIfAborted();
    }
    await saver.saveWhenDue();
  }
  return { curve, kept: options.keepBest ? best : runner.vectors().average! };
}

/** The first line of a log with the highest mean of what was measured; undefined where nothing was. */
export function bestOf(curve: readonly FoalLog[]): FoalLog | undefined {
  const score = (log: FoalLog): number => {
    const values = Object.values(log.dice ?? {}).filter((value) => value !== null);
    return values.reduce((sum, value) => sum + value, 0) / values.length;
  };
  return curve.reduce<FoalLog | undefined>((best, log) => {
    if (Number.isNaN(score(log))) return best;
    return best === undefined || score(log) > score(best) ? log : best;
  }, undefined);
}

const copyOf = ({ shape, data }: Float32NdArray): Float32NdArray => float32(shape, data.slice());

/** The steps that the settings ask for; for minutes, some are timed and forgotten. */
async function chooseSteps(
  options: FoalOptions,
  step: TrainingStep,
  start: Parameters<typeof openStepRunner>[1],
  episodes: Episodes,
): Promise<number> {
  const { length } = options.settings;
  if ('steps' in length) return length.steps;
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

function foalKey({ config, settings, data, start, device }: FoalOptions): string {
  const parts = { config, settings, data, start: start && weightsHash(start), ...deviceKey(device) };
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/** The log of a training that is already done, by the key in its model; undefined where a part lacks or is damaged. */
async function finishedLog(directory: string, key: string): Promise<FoalLog[] | undefined> {
  try {
    const file = await openSafetensors(join(directory, FOAL_FILE));
    await file.close();
    if (file.metadata[KEY] !== key) return undefined;
    const lines = (await readFile(join(directory, 'log.jsonl'), 'utf8')).split('\n');
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as FoalLog);
  } catch {
    return undefined;
  }
}
