/** @file The two presets of a training. docs/benchmarks.md holds the study behind `laptop`. */

import type { ResolvedTraining } from './resolved.ts';
import type { Head } from './types.ts';

export interface Preset {
  readonly base: number;
  readonly levels: number;
  readonly coordinates: boolean;
  readonly head: Head | 'auto';
  readonly batch: number;
  readonly learningRate: number;
  readonly samplesPerEpoch: number;
  /** Fixed number of epochs; otherwise planned from `minutes`. */
  readonly epochs?: number;
  readonly minutes: number;
  /** Flip left and right where the data set declares which classes change places. */
  readonly mayFlip: boolean;
  /** Fixed short and long side of the network's input, px; otherwise planned from the data. */
  readonly sides?: readonly [short: number, long: number];
  readonly training: Pick<
    ResolvedTraining,
    'schedule' | 'weightDecay' | 'loss' | 'averageDecay' | 'clipNorm' | 'augmentation'
  >;
}

/** The settings of arXiv 2411.12602 and its code. */
const paper: Preset = {
  base: 64,
  levels: 5,
  coordinates: false,
  head: 'overlapping',
  batch: 16,
  learningRate: 1e-3,
  samplesPerEpoch: 48,
  epochs: 350,
  minutes: 24 * 60,
  mayFlip: false,
  sides: [224, 384],
  training: {
    schedule: 'cosine',
    weightDecay: 0,
    loss: 'weighted-bce',
    augmentation: {
      affine: { kind: 'gaussian', spread: 0.03 },
      elastic: 0,
      gamma: 0,
      contrast: 0,
      brightness: 0,
      blur: 0,
      noise: 0,
    },
  },
};

/** For two CPU cores: a coarse network that knows where it looks, and strong augmentation. */
const laptop: Preset = {
  base: 16,
  levels: 5,
  coordinates: true,
  head: 'auto',
  batch: 4,
  learningRate: 2e-3,
  samplesPerEpoch: 48,
  minutes: 9,
  mayFlip: true,
  training: {
    schedule: 'one-cycle',
    weightDecay: 0.02,
    loss: 'entropy+dice',
    averageDecay: 0.995,
    augmentation: {
      affine: { kind: 'uniform', rotation: 0.12, scale: 0.15, aspect: 0.1, shear: 0.1, shift: 0.05 },
      elastic: 0.03,
      gamma: 0.4,
      contrast: 0.3,
      brightness: 0.1,
      blur: 1.2,
      noise: 0.06,
    },
  },
};

export const presets: Readonly<Record<'laptop' | 'paper', Preset>> = { laptop, paper };
