/**
 * @file Adapting a promptable model to images of one kind by the few that are labelled. For each fold a copy learns from
 * the other images and is measured on this one, again and again; where that shows a model that is better than it was,
 * one is trained on all images for as long as was best. Prompts are what networks drew of the objects, where they have
 * not seen them. Where nothing was measured the model learns for as long as it may.
 */
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeFileAtomic } from '../base/files.ts';
import { hashJson } from '../base/hash.ts';
import type { InstanceImage } from '../dataset/instances/types.ts';
import type { Weights } from '../nn/parameters.ts';
import { type PromptedLog, type PromptedTask, trainPrompted } from '../prompted/train.ts';
import { type ComputeOptions, computeOf } from '../runtime/session.ts';
import type { PromptableModel } from '../sam/promptable.ts';
import { type Choice, chooseSteps, type FoldResult, type ImageDice } from './choice.ts';

/** A labelled image: its objects, and rough masks of them. */
export interface AdaptCase {
  readonly id: string;
  /** Hash of the image's content. */
  readonly imageKey: string;
  read(): Promise<InstanceImage>;
}

export interface AdaptFold {
  readonly learns: readonly AdaptCase[];
  /** What a model makes of the images that are held out. */
  measure(model: PromptableModel): Promise<ImageDice>;
}

/** A promptable model that can learn. */
export interface Learner {
  /** How it learns from some images. */
  task(cases: readonly AdaptCase[]): PromptedTask;
  readonly learningRate: number;
  /** Asks the model with other weights, or as it is. */
  ask<T>(weights: Weights | undefined, use: (model: PromptableModel) => Promise<T>): Promise<T>;
}

export interface AdaptOptions extends ComputeOptions {
  readonly learner: Learner;
  readonly cases: readonly AdaptCase[];
  readonly folds: readonly AdaptFold[];
  /** Most steps of a training. */
  readonly steps: number;
  /** Receives fold-1/ and so on, and the task's file where the adapted model is kept. */
  readonly directory: string;
  /** Share of all work that is done, and what is done now. */
  readonly onProgress?: (share: number, detail: string) => void;
  readonly signal?: AbortSignal;
  /** As of PromptedOptions. */
  readonly saveSeconds?: number;
}

/** What came of it. */
export interface Adaptation {
  /** Mean Dice over held-out images of the model as it was and of copies; not known where no mask is held out. */
  readonly heldOut?: Pick<Choice, 'before' | 'after'>;
  /** How long the adapted model has learnt, or would have. */
  readonly steps: number;
  /** Whether the adapted model is better, or nothing is known against it, and so was made. */
  readonly kept: boolean;
  /** The name of the file that it then is. */
  readonly file: string;
  readonly folds: readonly FoldResult[];
}

const MEASUREMENTS = 8;
/** An adapted model that gains less than this Dice is not worth a model of its own. */
const LEAST_GAIN = 0.002;

/** Where the copy of a fold, counted from 0, is after so many steps. */
export function foldModel(directory: string, fold: number, steps: number): string {
  return join(foldFolder(directory, fold), copyName(steps));
}

const foldFolder = (directory: string, fold: number): string => join(directory, `fold-${fold + 1}`);
const copyName = (steps: number): string => `after-${steps}.safetensors`;

export async function adaptModel(options: AdaptOptions): Promise<Adaptation> {
  const { learner, folds, cases, directory, onProgress } = options;
  const parts = folds.length + 1;
  const results: FoldResult[] = [];
  for (const [k, fold] of folds.entries()) {
    const tell = ({ step, steps }: PromptedLog): void =>
      onProgress?.((k + step / steps) / parts, `copy ${k + 1} of ${folds.length}, step ${step} of ${steps}`);
    results.push(await measureCopy(options, k, fold, tell));
  }
  const choice = chooseSteps(results);
  const kept = choice === undefined || choice.after >= choice.before + LEAST_GAIN;
  const steps = choice?.steps ?? options.steps;
  for (const k of folds.keys()) await keepCopy(foldFolder(directory, k), kept ? steps : undefined);
  const task = learner.task(cases);
  if (kept) {
    const onLog = ({ step }: PromptedLog): void =>
      onProgress?.((folds.length + step / steps) / parts, `all images, step ${step} of ${steps}`);
    await train(options, task, { directory, steps, onLog });
  }
  const heldOut = choice && { before: choice.before, after: choice.after };
  return { ...(heldOut && { heldOut }), steps, kept, file: task.file, folds: results };
}

/** Trains the copy of a fold, and writes down what it is at each measurement. */
async function measureCopy(
  options: AdaptOptions,
  k: number,
  { learns, measure }: AdaptFold,
  onLog: (log: PromptedLog) => void,
): Promise<FoldResult> {
  const { learner } = options;
  const task = learner.task(learns);
  const directory = foldFolder(options.directory, k);
  const asIs = (): Promise<ImageDice> => learner.ask(undefined, measure);
  const before = await measuredOnce(join(directory, 'before.json'), hashJson(task.key), asIs);
  const curve = await train(options, task, {
    directory,
    steps: options.steps,
    measurements: MEASUREMENTS,
    measure: async (weights, step) => {
      await writeFileAtomic(join(directory, copyName(step)), task.encode(weights, {}));
      return learner.ask(weights, measure);
    },
    onLog,
  });
  const measured = curve.flatMap(({ step, dice }) => (dice ? [{ step, dice: dice as ImageDice }] : []));
  return { before, curve: measured };
}

const measurement = z.object({ key: z.string(), dice: z.record(z.string(), z.number()) });

/** What a measurement came to, kept in a file, so that a training that goes on does not wait for it again. */
async function measuredOnce(
  path: string,
  key: string,
  measure: () => Promise<ImageDice>,
): Promise<ImageDice> {
  const kept = await readFile(path, 'utf8')
    .then((text) => measurement.parse(JSON.parse(text)))
    .catch(() => undefined);
  if (kept?.key === key) return kept.dice;
  const dice = await measure();
  await writeFileAtomic(path, `${JSON.stringify({ key, dice })}\n`);
  return dice;
}

/** Of all that a copy was, keeps what it was after so many steps. */
async function keepCopy(folder: string, steps: number | undefined): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.startsWith('after-'));
  const kept = steps === undefined ? undefined : copyName(steps);
  for (const name of names) if (name !== kept) await rm(join(folder, name), { force: true });
}

type Part = Pick<Parameters<typeof trainPrompted>[0], 'directory' | 'measure' | 'measurements' | 'onLog'> & {
  readonly steps: number;
};

function train(
  options: AdaptOptions,
  task: PromptedTask,
  { steps, ...part }: Part,
): Promise<readonly PromptedLog[]> {
  const { learner, signal, saveSeconds } = options;
  return trainPrompted({
    ...part,
    task,
    length: { steps },
    learningRate: learner.learningRate,
    schedule: 'warm-up',
    ...(signal && { signal }),
    ...(saveSeconds !== undefined && { saveSeconds }),
    ...computeOf(options),
  });
}
