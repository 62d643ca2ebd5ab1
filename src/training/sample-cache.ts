/** @file Images and targets of a training at the network's resolution. */
import { createHash } from 'node:crypto';
import type { Image } from '../imaging/image.ts';
import { toUnitIntensities } from '../imaging/image.ts';
import { resizeValues } from '../imaging/resample.ts';
import { rasterTarget } from './labels.ts';
import type { Spill } from './spill.ts';
import type { NetworkPlan, TrainingSample, UnlabelledImage } from './types.ts';

export interface CachedImage {
  readonly id: string;
  /** Intensities in [0, 1], row-major, at the plan's input size. */
  readonly image: Float32Array;
}

export interface CachedSample extends CachedImage {
  /** See rasterTarget. */
  readonly target: Uint8Array;
}

/** The image at the network's resolution, intensities in [0, 1]. */
export function networkImage(image: Image, plan: NetworkPlan): Float32Array {
  return resizeValues(toUnitIntensities(image), image, plan.inputSize);
}

export interface CacheOptions {
  /** Where the arrays are kept. */
  readonly spill: Spill;
  readonly signal?: AbortSignal | undefined;
}

/** Reads and resizes all samples once. @throws the signal's reason when aborted. */
export async function cacheSamples(
  samples: readonly TrainingSample[],
  plan: NetworkPlan,
  { spill, signal }: CacheOptions,
): Promise<CachedSample[]> {
  const cached: CachedSample[] = [];
  for (const { id, size, structures, read } of samples) {
    signal?.throwIfAborted();
    const image = spill.floats(networkImage(await read(), plan));
    const target = spill.bytes(
      rasterTarget(structures, plan.classes.length, size, plan.inputSize, plan.head),
    );
    cached.push({
      id,
      get image() {
        return image();
      },
      get target() {
        return target();
      },
    });
  }
  return cached;
}

/** The same for images without labels. */
export async function cacheImages(
  images: readonly UnlabelledImage[],
  plan: NetworkPlan,
  { spill, signal }: CacheOptions,
): Promise<CachedImage[]> {
  const cached: CachedImage[] = [];
  for (const { id, read } of images) {
    signal?.throwIfAborted();
    const image = spill.floats(networkImage(await read(), plan));
    cached.push({
      id,
      get image() {
        return image();
      },
    });
  }
  return cached;
}

/** SHA-256 over all images and targets: a checkpoint continues only on the data it was made from. */
export function fingerprintSamples(samples: readonly (CachedImage & Partial<CachedSample>)[]): string {
  const hash = createHash('sha256');
  for (const { id, image, target } of samples) {
    hash.update(id).update(image);
    if (target !== undefined) hash.update(target);
  }
  return hash.digest('hex');
}
