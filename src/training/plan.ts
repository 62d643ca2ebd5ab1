/**
 * @file Planning a training: from the figures of a data set and the user's settings to every number the trainer
 * needs, with the reasons in words.
 *
 * Plans depend on the data and the settings only, never on the clock: the same inputs give the same plan on every
 * machine. Times are therefore estimates from a cost per pixel that was measured once (docs/benchmarks.md).
 */
import { ConfigError } from '../base/errors.ts';
import type { Size } from '../base/geometry.ts';
import type { DatasetStatistics } from '../dataset/statistics.ts';
import { type ConsistencySettings, TEACHER_DECAY, unlabelledPerBatch } from './consistency.ts';
import { imageSeconds, SECONDS_PER_STEP } from './cost.ts';
import { headChannels } from './objective.ts';
import { type Preset, presets } from './presets.ts';
import type { ResolvedTraining } from './resolved.ts';
import type { TrainingSettings } from './settings.ts';
import type { Head, NetworkPlan } from './types.ts';

export interface TrainingPlan {
  readonly plan: NetworkPlan;
  readonly settings: ResolvedTraining;
  /** Expected time on two cores. */
  readonly minutes: number;
  /** For the user: what was chosen and why. */
  readonly notes: readonly PlanNote[];
}

export interface PlanNote {
  /** What it is about: `Head`. */
  readonly topic: string;
  /** What was chosen, then why: `exclusive, because ...`. */
  readonly text: string;
}

/** Share of foreground pixels in two or more classes from which on one class a pixel is no longer enough. */
const OVERLAP_LIMIT = 0.05;
/** Network pixels that the short side of a typical structure should span. */
const STRUCTURE_PIXELS = 10;
/** Images a training should see at least: bounds the input size from above for a given time. */
const FEWEST_IMAGES_SEEN = 8000;
/** Where nearly all pixels lie below this share of white, changes of tone and noise are large beside what is shown. */
const NEARLY_BLACK = 0.25;
/** What a forward pass alone takes of a step. */
const FORWARD_SHARE = 1 / 3;

export function planTraining(
  statistics: DatasetStatistics,
  classes: readonly string[],
  settings: TrainingSettings,
  mirroredPairs?: readonly (readonly [number, number])[],
): TrainingPlan {
  const preset = presets[settings.preset];
  const base = settings.base ?? preset.base;
  const levels = settings.levels ?? preset.levels;
  const minutes = settings.minutes ?? preset.minutes;
  const notes: PlanNote[] = [];

  const head = chooseHead(settings, preset, statistics, notes);
  const inputSize = chooseSize(settings, preset, statistics, { base, levels, minutes }, notes);
  const samplesPerEpoch = settings.samplesPerEpoch ?? preset.samplesPerEpoch;
  const batch = settings.batch ?? preset.batch;
  const secondsPerEpoch =
    samplesPerEpoch * imageSeconds(inputSize, base) + (samplesPerEpoch / batch) * SECONDS_PER_STEP;
  // Who names a time means it, whatever number of epochs the preset has.
  const fixed = settings.epochs ?? (settings.minutes === undefined ? preset.epochs : undefined);
  const epochs = fixed ?? Math.max(1, Math.round((minutes * 60) / secondsPerEpoch));
  const expected = (epochs * secondsPerEpoch) / 60;
  notes.push({
    topic: 'Length',
    text: `${epochs} epochs of ${samplesPerEpoch} images, about ${wholeMinutes(expected)} on two cores.`,
  });
  const mirror = mirroredPairs && preset.mayFlip ? mirrorOf(classes.length, mirroredPairs) : undefined;
  if (mirror) {
    notes.push({
      topic: 'Flips',
      text: `half of the images while learning, left to right, and each image once more for its masks; ${mirroredPairs!.length} pairs of classes then change places.`,
    });
  }
  notes.push(...greyNotes(statistics));
  const { training } = preset;
  return {
    plan: {
      architecture: {
        inputChannels: 1,
        outputChannels: headChannels(head, classes.length),
        base,
        levels,
        coordinates: settings.coordinates ?? preset.coordinates,
      },
      head,
      inputSize,
      intensity: { mean: statistics.mean, deviation: Math.max(statistics.std, 1e-3) },
      classes,
    },
    settings: {
      ...training,
      epochs,
      samplesPerEpoch,
      batch,
      learningRate: settings.learningRate ?? preset.learningRate,
      validateEvery: settings.validateEvery ?? Math.max(1, Math.round(epochs / 25)),
      ...(settings.patience !== undefined && { patience: settings.patience }),
      ...(mirror && { mirror }),
    },
    minutes: expected,
    notes,
  };
}

function greyNotes({ mean, std }: DatasetStatistics): PlanNote[] {
  const most = mean + 3 * std;
  if (most >= NEARLY_BLACK) return [];
  return [
    {
      topic: 'Greys',
      text: `nearly black: most pixels are below ${(100 * most).toFixed(1)} % of white, as those of 12-bit images in 16-bit files are. While learning, tone is varied and noise added on the scale of the file; set data.window, to {percentiles: [0.5, 99.5]} where nothing better is known.`,
    },
  ];
}

/**
 * The plan of networks that each learn from the images outside one fold: as long as the whole training unless set
 * otherwise, because trust learnt from masks of weaker networks is too high for those of a stronger one.
 *
 * @param networks how many there are
 * @param epochs of each network
 */
export function planFolds(whole: TrainingPlan, networks: number, epochs?: number): TrainingPlan {
  const each = epochs ?? whole.settings.epochs;
  const one = withEpochs(whole, each);
  const minutes = networks * one.minutes;
  return {
    ...one,
    minutes,
    notes: [
      {
        topic: 'Trust',
        text: `calibrated on what ${networks === 1 ? 'a network' : `${networks} networks`} of ${each} epochs ${networks === 1 ? 'makes' : 'make'} of labelled images not seen in training, about ${wholeMinutes(minutes)} on two cores.`,
      },
    ],
  };
}

/** The same network on a part of the time, without validation; the notes are those of the whole. */
export function planShare(whole: TrainingPlan, share: number): TrainingPlan {
  return withEpochs(whole, Math.max(1, Math.round(share * whole.settings.epochs)));
}

/**
 * A mean teacher in the time of the plan: a half of its batches is without labels, and the teacher looks at that half
 * once more.
 */
export function planMeanTeacher(whole: TrainingPlan, consistency: ConsistencySettings): TrainingPlan {
  const { batch, epochs } = whole.settings;
  const cost = 1 + FORWARD_SHARE * (unlabelledPerBatch(batch) / batch);
  const { settings, ...plan } = withEpochs(whole, Math.max(1, Math.round(epochs / cost)));
  return {
    ...plan,
    settings: { ...settings, averageDecay: TEACHER_DECAY, consistency },
    minutes: cost * plan.minutes,
  };
}

/** The decay of an average that reaches as far back, as a part of a training, as it does in one of other length. */
export function scaledDecay(decay: number, share: number): number {
  return Math.min(decay, decay ** (1 / share));
}

/** The same training for so many epochs, validated at its end alone. */
function withEpochs(whole: TrainingPlan, epochs: number): TrainingPlan {
  const { averageDecay, patience: _, ...settings } = whole.settings;
  const share = epochs / settings.epochs;
  return {
    ...whole,
    settings: {
      ...settings,
      epochs,
      validateEvery: epochs,
      ...(averageDecay !== undefined && { averageDecay: scaledDecay(averageDecay, share) }),
    },
    minutes: share * whole.minutes,
  };
}

export function wholeMinutes(minutes: number): string {
  const whole = Math.max(1, Math.round(minutes));
  return `${whole} minute${whole === 1 ? '' : 's'}`;
}

/** The class that each class becomes in a flipped image. */
export function mirrorOf(classes: number, pairs: readonly (readonly [number, number])[]): number[] {
  const mirror = Array.from({ length: classes }, (_, k) => k);
  for (const [a, b] of pairs) {
    mirror[a] = b;
    mirror[b] = a;
  }
  return mirror;
}

function chooseHead(
  settings: TrainingSettings,
  preset: Preset,
  { overlapFraction }: DatasetStatistics,
  notes: PlanNote[],
): Head {
  const wanted = settings.head === 'auto' ? preset.head : settings.head;
  if (wanted === 'exclusive' && preset.training.loss === 'weighted-bce') {
    throw new ConfigError({
      seen: 'training.head is exclusive with the preset paper',
      need: 'The paper trains one sigmoid per class',
      fix: 'Leave head out, or use the preset laptop',
    });
  }
  if (wanted !== 'auto') {
    notes.push({ topic: 'Head', text: `${wanted}, as set.` });
    return wanted;
  }
  const percent = (100 * overlapFraction).toFixed(1);
  const head = overlapFraction > OVERLAP_LIMIT ? 'overlapping' : 'exclusive';
  notes.push({
    topic: 'Head',
    text: `${head}, because ${percent} % of the annotated pixels belong to more than one class (limit ${100 * OVERLAP_LIMIT} %).`,
  });
  return head;
}

function chooseSize(
  settings: TrainingSettings,
  preset: Preset,
  statistics: DatasetStatistics,
  { base, levels, minutes }: { base: number; levels: number; minutes: number },
  notes: PlanNote[],
): Size {
  const multiple = 2 ** (levels - 1);
  const { medianHeight, medianWidth, objectShortSide } = statistics;
  if (settings.inputSize) {
    const [height, width] = settings.inputSize;
    if (height % multiple !== 0 || width % multiple !== 0) {
      throw new ConfigError({
        seen: `training.inputSize is ${height} x ${width}`,
        need: `With ${levels} levels both sides are multiples of ${multiple}`,
        fix: `Use ${[height, width].map((side) => roundTo(side, multiple)).join(' x ')}, or fewer levels`,
      });
    }
    return { height, width };
  }
  if (preset.sides) {
    const [short, long] = preset.sides;
    return medianHeight >= medianWidth ? { height: long, width: short } : { height: short, width: long };
  }
  const wanted = STRUCTURE_PIXELS / Math.max(objectShortSide.median, 1);
  const mostPixels = (minutes * 60) / (FEWEST_IMAGES_SEEN * imageSeconds({ height: 1, width: 1 }, base));
  const affordable = Math.sqrt(mostPixels / (medianHeight * medianWidth));
  const scale = Math.min(wanted, affordable, 1);
  const side = (length: number): number => Math.max(2 * multiple, roundTo(length * scale, multiple));
  const size = { height: side(medianHeight), width: side(medianWidth) };
  const reason =
    scale === wanted
      ? `a typical structure's short side (${objectShortSide.median} px) becomes about ${STRUCTURE_PIXELS} px`
      : scale === 1
        ? 'the images are no larger'
        : `${minutes} minutes leave time for about ${FEWEST_IMAGES_SEEN} images of that size`;
  notes.push({
    topic: 'Network input',
    text: `${size.height} x ${size.width} px (height x width) for images of ${medianHeight} x ${medianWidth} px: ${reason}.`,
  });
  return size;
}

const roundTo = (value: number, multiple: number): number => Math.round(value / multiple) * multiple;
