/** @file What a training is given and what it leaves behind. */
import type { Structure } from '../annotations/types.ts';
import type { Size } from '../base/geometry.ts';
import type { Image } from '../imaging/image.ts';
import type { UNetConfig } from '../nn/unet.ts';

/** An image, read when it is needed and never kept at full size. */
export interface UnlabelledImage {
  readonly id: string;
  readonly read: () => Promise<Image>;
}

/** One image with its masks. */
export interface TrainingSample extends UnlabelledImage {
  readonly size: Size;
  readonly structures: readonly Structure[];
}

/**
 * How the network's output is read. 'exclusive': softmax over background and classes, at most one class a pixel.
 * 'overlapping': one sigmoid per class.
 */
export type Head = 'exclusive' | 'overlapping';

/** Everything that must be known to rebuild a network and to feed it; stored in the model's metadata. */
export interface NetworkPlan {
  readonly architecture: UNetConfig;
  readonly head: Head;
  /** Images are resized to this before they enter the network, px. */
  readonly inputSize: Size;
  /** Intensities in [0, 1] are normalised as (value - mean) / deviation. */
  readonly intensity: { readonly mean: number; readonly deviation: number };
  readonly classes: readonly string[];
}

/** One line of a training's log.jsonl. */
export interface EpochLog {
  readonly epoch: number;
  readonly epochs: number;
  readonly loss: number;
  readonly learningRate: number;
  /** Mean Dice of present classes on validation images at the network's resolution, in [0, 1]. */
  readonly validationDice?: number;
  /** Training time so far, s, interruptions left out. */
  readonly seconds: number;
}

/** Per-class probabilities of one image: data[(class * height + row) * width + col] in [0, 1], background left out. */
export interface ProbabilityMaps extends Size {
  readonly classes: number;
  readonly data: Float32Array;
}
