/**
 * @file From the fingerprint of a data set to a plan: as nnU-Net does, but for minutes on two cores where nnU-Net plans
 * for the memory of a graphics card.
 *
 * Patches of which a batch of twelve fits a card of 8 GB show a certain share of the image at full resolution. That share
 * is kept, as it decides what a network can know; what the minutes do not pay is first half of the width and then
 * resolution, as nnU-Net itself lowers it for volumes of which a patch shows too little.
 */
import type { Size } from '../base/geometry.ts';
import type { LoopSettings } from '../training/loop.ts';
import { headChannels } from '../training/objective.ts';
import type { TrainingPlan } from '../training/plan.ts';
import type { Head } from '../training/types.ts';
import { type Fingerprint, resampled, type SpacingMm } from './fingerprint.ts';
import { chooseTopology, FULL_WIDTH, featureValues, type Topology, weightCount } from './topology.ts';

export interface NnUnetPlan extends Topology {
  readonly head: Head;
  readonly classes: readonly string[];
  /** What images are brought to: this spacing, where it is known, and then this part of their size. */
  readonly spacingMm?: SpacingMm;
  readonly scale: number;
  /** Networks whose logits are averaged. One learns from all images, several each from those outside its fold. */
  readonly networks: number;
  /** Flip half of the patches left to right, and average over flips; class k then is class mirror[k]. */
  readonly mirror?: readonly number[];
}

export interface PlannedNnUnet {
  readonly plan: NnUnetPlan;
  /** Of each network. */
  readonly settings: LoopSettings;
  /** Expected time of all networks on two cores. */
  readonly minutes: number;
}

/**
 * nnU-Net's feature values of a patch on a card of 8 GB, in batches of so many. Its patches may be so large that two of
 * them fit; at the little resolution that minutes pay, those of a full batch are better.
 */
const REFERENCE_VALUES = 85e6;
const REFERENCE_BATCH = 12;
const SMALLEST_BATCH = 2;
/** Largest part of all pixels that a batch may show. */
const MOST_SHOWN = 0.05;
/** Folds of the cross-validation. */
export const FOLDS = 5;
/** A network that has less time than this gains more from the other networks' than from their company. */
const FEWEST_MINUTES = 8;
/** Patches and steps a network should see at least. */
const FEWEST_PATCHES = 8000;
const FEWEST_STEPS = 4000;
/** Step by which resolution is lowered, and the short side at which that ends, px. */
const COARSER = 1.03;
const SMALLEST_IMAGE = 32;
/** Seconds of a step on two cores: for each feature value of a patch at half of the full width, and each weight. */
const SECONDS_PER_VALUE = 2e-8;
const SECONDS_PER_WEIGHT = 1e-8;
/** The cost of a value grows so with the width. */
const WIDTH_EXPONENT = 0.7;
/** Lines of a training's log. */
const EPOCHS = 50;

/** A plan for the classes, the head and the minutes of a U-Net's. */
export function planNnUnet(
  { plan: { head, classes }, minutes }: TrainingPlan,
  fingerprint: Fingerprint,
  mirror: readonly number[] | undefined,
): PlannedNnUnet {
  const { images, spacingMm } = fingerprint;
  const networks = Math.min(Math.max(1, Math.floor(minutes / FEWEST_MINUTES)), FOLDS, Math.max(images, 1));
  const seconds = (60 * minutes) / networks;
  const channels = headChannels(head, classes.length);
  const { scale, topology } = settle(fingerprint, channels, seconds / FEWEST_PATCHES);
  const batch = chooseBatch(topology, channels, pixels(fingerprint.median) * scale ** 2 * images, seconds);
  const steps = Math.max(1, Math.round(seconds / (batch * patchSeconds(topology, channels, batch))));
  const stepsPerEpoch = Math.max(1, Math.round(steps / EPOCHS));
  const epochs = Math.max(1, Math.round(steps / stepsPerEpoch));
  return {
    plan: {
      head,
      classes,
      ...topology,
      ...(spacingMm && { spacingMm }),
      scale,
      networks,
      ...(mirror && { mirror }),
    },
    settings: {
      epochs,
      samplesPerEpoch: stepsPerEpoch * batch,
      batch,
      learningRate: 1e-2,
      schedule: 'poly',
      validateEvery: epochs,
    },
    minutes,
  };
}

/** The finest resolution at which patches that show what the card's do take no more than some seconds. */
function settle(
  { median, spacingMm }: Fingerprint,
  channels: number,
  seconds: number,
): { scale: number; topology: Topology } {
  const inMemory = (topology: Topology): boolean => featureValues(topology, channels) <= REFERENCE_VALUES;
  const inTime = (topology: Topology): boolean =>
    patchSeconds(topology, channels, SMALLEST_BATCH) <= seconds && inMemory(topology);
  const choose = (image: Size, base: number, isAffordable: (topology: Topology) => boolean): Topology =>
    chooseTopology({ image, base, isAffordable, ...(spacingMm && { spacingMm }) });
  const onCard = choose(median, FULL_WIDTH, inMemory);
  const shown = shareOf(onCard, median);
  const whole = choose(median, FULL_WIDTH, inTime);
  if (shareOf(whole, median) >= shown) return { scale: 1, topology: whole };
  for (let scale = 1; ; scale /= COARSER) {
    const image = resampled(median, undefined, undefined, scale);
    const topology = choose(image, FULL_WIDTH / 2, inTime);
    const isSmallest = Math.min(image.height, image.width) <= SMALLEST_IMAGE;
    if (shareOf(topology, image) >= shown || isSmallest) return { scale, topology };
  }
}

const pixels = ({ height, width }: Size): number => height * width;

/** How much of an image a patch shows. */
function shareOf({ patch }: Topology, image: Size): number {
  const along = (part: number, whole: number): number => Math.min(1, part / whole);
  return along(patch.height, image.height) * along(patch.width, image.width);
}

/** As many patches as fit into memory, show little enough of the data and leave time for enough steps. */
function chooseBatch(topology: Topology, channels: number, dataPixels: number, seconds: number): number {
  const byMemory = Math.round((REFERENCE_VALUES / featureValues(topology, channels)) * REFERENCE_BATCH);
  const byData = Math.round((MOST_SHOWN * dataPixels) / pixels(topology.patch));
  const byTime = Math.floor(seconds / (FEWEST_STEPS * patchSeconds(topology, channels, SMALLEST_BATCH)));
  return Math.max(SMALLEST_BATCH, Math.min(byMemory, byData, byTime));
}

/** Seconds of a step for each of its patches. */
function patchSeconds(topology: Topology, channels: number, batch: number): number {
  const width = topology.stages[0]!.features / (FULL_WIDTH / 2);
  const perValue = SECONDS_PER_VALUE * width ** WIDTH_EXPONENT;
  return featureValues(topology, channels) * perValue + (weightCount(topology) * SECONDS_PER_WEIGHT) / batch;
}
