/**
 * @file Adapting Foal to images of one kind by the few that are labelled. For each fold a copy learns from the other
 * images and is measured on this one, again and again; where the best copies beat the model as it was, one is trained
 * on all images for as long as they took. Prompts are what networks drew of the objects, where they have not seen them.
 */
import { join } from 'node:path';
import type { InstanceImage, InstanceSource } from '../dataset/instances/types.ts';
import type { Weights } from '../nn/parameters.ts';
import { type ComputeOptions, computeOf } from '../runtime/session.ts';
import type { SamCheckpoint } from '../sam/checkpoint.ts';
import type { PromptableModel } from '../sam/promptable.ts';
import { windowConfig } from '../sam/window.ts';
import { tryModel } from './evaluate.ts';
import { openSupply } from './supply.ts';
import { FOAL_FILE, type FoalLog, trainFoal } from './train.ts';

/** A labelled image: its objects, and rough masks of them. */
export interface AdaptCase {
  readonly id: string;
  read(): Promise<InstanceImage>;
}

export interface AdaptFold {
  readonly learns: readonly AdaptCase[];
  /** Mean Dice of what a model makes of the images that are held out, in [0, 1]. */
  measure(model: PromptableModel): Promise<number>;
}

export interface AdaptOptions extends ComputeOptions {
  readonly base: SamCheckpoint;
  readonly cases: readonly AdaptCase[];
  readonly folds: readonly AdaptFold[];
  /** Most steps of a training. */
  readonly steps: number;
  readonly seed: number;
  /** What stands for the images and masks when trainings are told apart. */
  readonly data: unknown;
  /** Receives fold-1/ and so on, and foal.safetensors where the adapted model is kept. */
  readonly directory: string;
  /** Share of all work that is done, and what is done now. */
  readonly onProgress?: (share: number, detail: string) => void;
  readonly signal?: AbortSignal;
  /** As of FoalOptions. */
  readonly saveSeconds?: number;
}

/** What came of it. */
export interface Adaptation {
  /** Mean Dice on images that are held out, over the folds: of the model as it was, and of the best copies. */
  readonly before: number;
  readonly after: number;
  /** Steps after which the copies were best (the median). */
  readonly steps: number;
  /** Whether the adapted model is better, and so was made. */
  readonly kept: boolean;
  readonly folds: readonly FoldResult[];
}

export interface FoldResult {
  readonly before: number;
  readonly curve: readonly { readonly step: number; readonly dice: number }[];
}

const SETTINGS = { batch: 2, prompts: 6, learningRate: 3e-4, schedule: 'warm-up' } as const;
/** Side of the views that are learnt from, in places: those of the windows that the decoder is run on. */
const VIEW_PLACES = 32;
const MEASUREMENTS = 8;
/** An adapted model that gains less than this Dice is not worth a model of its own. */
const LEAST_GAIN = 0.002;

/** Where the copy of a fold is, counted from 0. */
export function foldModel(directory: string, fold: number): string {
  return join(directory, `fold-${fold + 1}`, FOAL_FILE);
}

export async function adaptFoal(options: AdaptOptions): Promise<Adaptation> {
  const { base, folds, cases, directory, onProgress } = options;
  const measure = (fold: AdaptFold, weights: Weights): Promise<number> =>
    tryModel({ ...base, weights }, options, fold.measure);
  const parts = folds.length + 1;
  const results: FoldResult[] = [];
  for (const [k, fold] of folds.entries()) {
    const tell = (share: number, what: string): void => onProgress?.((k + share) / parts, what);
    const before = await measure(fold, base.weights);
    const curve = await train(options, fold.learns, {
      directory: join(directory, `fold-${k + 1}`),
      steps: options.steps,
      measure: async (weights) => ({ held: await measure(fold, weights) }),
      onLog: ({ step, steps }) =>
        tell(step / steps, `copy ${k + 1} of ${folds.length}, step ${step} of ${steps}`),
    });
    const measured = curve.flatMap(({ step, dice }) =>
      typeof dice?.held === 'number' ? [{ step, dice: dice.held }] : [],
    );
    results.push({ before, curve: measured });
  }
  const best = results.map(({ curve }) => curve.reduce((a, b) => (b.dice > a.dice ? b : a)));
  const before = mean(results.map((result) => result.before));
  const after = mean(best.map(({ dice }) => dice));
  const steps = median(best.map(({ step }) => step));
  const kept = after >= before + LEAST_GAIN;
  if (kept) {
    const onLog = ({ step }: FoalLog): void =>
      onProgress?.((folds.length + step / steps) / parts, `all images, step ${step} of ${steps}`);
    await train(options, cases, { directory, steps, onLog });
  }
  return { before, after, steps, kept, folds: results };
}

interface TrainPart {
  readonly directory: string;
  readonly steps: number;
  readonly measure?: (weights: Weights) => Promise<{ held: number }>;
  readonly onLog: (log: FoalLog) => void;
}

function train(
  { base, seed, data, signal, saveSeconds, ...compute }: AdaptOptions,
  cases: readonly AdaptCase[],
  { directory, steps, measure, onLog }: TrainPart,
): Promise<readonly FoalLog[]> {
  const config = windowConfig(base.config, Math.min(VIEW_PLACES, base.config.gridSize));
  const source: InstanceSource = {
    name: 'labelled images',
    sample: (rng) => cases[rng.below(cases.length)]!.read(),
  };
  return trainFoal({
    config,
    settings: { ...SETTINGS, seed, length: { steps } },
    imageAt: openSupply({
      sources: [source],
      config,
      count: SETTINGS.prompts,
      seed,
      views: { inputSize: base.config.imageSize },
    }),
    data: { of: data, ids: cases.map(({ id }) => id) },
    start: base.weights,
    ...(measure && { measure, measurements: MEASUREMENTS, keepBest: true }),
    directory,
    onLog,
    ...(signal && { signal }),
    ...(saveSeconds !== undefined && { saveSeconds }),
    ...computeOf(compute),
  });
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** The middle one, of an even number the upper of both. */
function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
