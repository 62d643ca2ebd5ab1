/** @file A training with every setting decided: what the trainer runs and the run directory stores. */
import type { AugmentationSettings } from './augment.ts';
import type { ConsistencySettings } from './consistency.ts';
import type { Schedule } from './schedule.ts';

export interface ResolvedTraining {
  readonly epochs: number;
  /** Images drawn with replacement per epoch. */
  readonly samplesPerEpoch: number;
  readonly batch: number;
  /** Peak learning rate of AdamW. */
  readonly learningRate: number;
  readonly schedule: Schedule;
  readonly weightDecay: number;
  readonly loss: 'entropy+dice' | 'weighted-bce';
  /** Decay per step of the moving average of the weights, whose last state is kept; none: the last weights. */
  readonly averageDecay?: number;
  /** Largest norm of the gradient. */
  readonly clipNorm?: number;
  readonly augmentation: AugmentationSettings;
  /** Flip half of the images left to right; class k then becomes class mirror[k]. Absent: never flip. */
  readonly mirror?: readonly number[];
  /** Learn from images without labels too, which then are a half of each batch. */
  readonly consistency?: ConsistencySettings;
  /** Epochs between validations; the last epoch is always validated. */
  readonly validateEvery: number;
  /** Stop after so many epochs without a better validation Dice. */
  readonly patience?: number;
}
