/** @file Images as the network sees them: at the plan's spacing and scale, each with mean 0 and deviation 1. */
import type { Size } from '../base/geometry.ts';
import type { Rng } from '../base/rng.ts';
import { type Image, toUnitIntensities } from '../imaging/image.ts';
import { resizeValues } from '../imaging/resample.ts';
import { rasterTarget } from '../training/labels.ts';
import type { TrainingSample } from '../training/types.ts';
import { resampled } from './fingerprint.ts';
import type { NnUnetPlan } from './plan.ts';

export interface PreparedImage extends Size {
  readonly data: Float32Array;
}

export interface PreparedSample extends PreparedImage {
  readonly id: string;
  /** See rasterTarget. */
  readonly target: Uint8Array;
  /** Some pixels of each class that the image shows, by row-major number. */
  readonly places: readonly Int32Array[];
}

/** Pixels that are kept of a class. */
const MOST_PLACES = 1000;

export function prepareImage(image: Image, { spacingMm, scale }: NnUnetPlan): PreparedImage {
  const size = resampled(image, image.spacingMm, spacingMm, scale);
  const data = resizeValues(toUnitIntensities(image), image, size);
  const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
  const variance = data.reduce((sum, value) => sum + (value - mean) ** 2, 0) / data.length;
  const factor = 1 / Math.max(Math.sqrt(variance), 1e-8);
  return { ...size, data: data.map((value) => (value - mean) * factor) };
}

/** Prepares all samples once. @throws the signal's reason when aborted. */
export async function prepareSamples(
  samples: readonly TrainingSample[],
  plan: NnUnetPlan,
  rng: Rng,
  signal?: AbortSignal,
): Promise<PreparedSample[]> {
  const prepared: PreparedSample[] = [];
  for (const { id, size, structures, read } of samples) {
    signal?.throwIfAborted();
    const image = prepareImage(await read(), plan);
    const target = rasterTarget(structures, plan.classes.length, size, image, plan.head);
    prepared.push({ id, ...image, target, places: placesOf(target, plan, rng.child(id)) });
  }
  return prepared;
}

function placesOf(target: Uint8Array, { head, classes }: NnUnetPlan, rng: Rng): Int32Array[] {
  const pixels = head === 'exclusive' ? target.length : target.length / classes.length;
  const found = classes.map((): number[] => []);
  target.forEach((value, at) => {
    if (value !== 0) found[head === 'exclusive' ? value - 1 : Math.floor(at / pixels)]!.push(at % pixels);
  });
  return found
    .filter((all) => all.length > 0)
    .map((all) => {
      if (all.length <= MOST_PLACES) return Int32Array.from(all);
      return Int32Array.from({ length: MOST_PLACES }, () => all[rng.below(all.length)]!);
    });
}
