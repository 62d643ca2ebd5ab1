/**
 * @file Planning the training of a head: the recipe of a U-Net's plan as far as it fits, for as many minutes. Features
 * are warped, not images: the encoder has looked at each image once. So tones stay as they are, and nothing is flipped,
 * as the features of a flipped image are not its flipped features.
 */
import type { AugmentationSettings } from '../training/augment.ts';
import type { LoopSettings } from '../training/loop.ts';
import { scaledDecay, type TrainingPlan } from '../training/plan.ts';
import type { Head } from '../training/types.ts';

export interface HeadPlan {
  readonly head: Head;
  readonly classes: readonly string[];
  /** Whether the head knows where it looks. */
  readonly coordinates: boolean;
}

export interface HeadSettings extends LoopSettings {
  readonly weightDecay: number;
  readonly averageDecay?: number;
  readonly affine: AugmentationSettings['affine'];
}

export interface PlannedHead {
  readonly plan: HeadPlan;
  readonly settings: HeadSettings;
  /** Expected time on two cores. */
  readonly minutes: number;
}

/**
 * Seconds that an image of a batch takes on two cores, over an encoder of 64 x 64 places, as all published ones and Foal
 * are: for each channel of the logits, and whatever their number.
 */
const SECONDS_PER_CHANNEL = 2.2e-3;
const SECONDS_PER_IMAGE = 0.02;

/** A head of a few thousand weights takes larger steps than a whole network: it then learns in a fraction of the time. */
const RATE_FACTOR = 5;

/** A head that is trained for the minutes of a U-Net's plan. */
export function planHead({ plan, settings, minutes }: TrainingPlan): PlannedHead {
  const { samplesPerEpoch, batch, learningRate, schedule, weightDecay, averageDecay, augmentation } =
    settings;
  const { outputChannels, coordinates } = plan.architecture;
  const secondsPerEpoch = samplesPerEpoch * (SECONDS_PER_IMAGE + outputChannels * SECONDS_PER_CHANNEL);
  const epochs = Math.max(1, Math.round((minutes * 60) / secondsPerEpoch));
  return {
    plan: { head: plan.head, classes: plan.classes, coordinates },
    settings: {
      epochs,
      samplesPerEpoch,
      batch,
      learningRate: RATE_FACTOR * learningRate,
      schedule,
      validateEvery: epochs,
      weightDecay,
      ...(averageDecay !== undefined && {
        averageDecay: scaledDecay(averageDecay, epochs / settings.epochs),
      }),
      affine: augmentation.affine,
    },
    minutes,
  };
}
