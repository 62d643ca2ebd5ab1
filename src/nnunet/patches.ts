/** @file Patches: where they are cut, and their arrays. Some of each batch show a class for sure. */
import type { Size } from '../base/geometry.ts';
import { createRng, type Rng } from '../base/rng.ts';
import type { Feeds } from '../runtime/session.ts';
import { float32 } from '../tensor/array.ts';
import { makeNoiseBank } from '../training/augment.ts';
import type { BatchSource } from '../training/batch-source.ts';
import { mirroredTarget } from '../training/batches.ts';
import { drawAugmentation, warpMargin } from './augment.ts';
import type { NnUnetPlan } from './plan.ts';
import type { PreparedSample } from './prepare.ts';

/** Share of a batch, its end, whose middles are pixels of a class, as far as the image's border allows. */
const FOREGROUND_SHARE = 0.33;

/** Whether a patch of a batch is among them: one of two, four of twelve, as nnU-Net rounds. */
export function showsClass(n: number, batch: number): boolean {
  return n >= Math.round(batch * (1 - FOREGROUND_SHARE));
}

/** A patch of an image: where its top left pixel lies, which may be outside of a small image. */
export interface PatchPlace {
  readonly top: number;
  readonly left: number;
}

/** Size of what is cut out around a patch: no more than warps may read, or the images have. */
export function cropSize({ patch }: NnUnetPlan, samples: readonly Size[]): Size {
  const margin = warpMargin(patch);
  const side = (name: keyof Size): number => {
    const beyond = Math.max(0, ...samples.map((sample) => sample[name] - patch[name]));
    return patch[name] + 2 * Math.min(margin[name], beyond);
  };
  return { height: side('height'), width: side('width') };
}

export function drawPlace(
  rng: Rng,
  sample: Pick<PreparedSample, keyof Size | 'places'>,
  patch: Size,
  isForeground: boolean,
): PatchPlace {
  const { places } = sample;
  const pixels = isForeground && places.length > 0 ? places[rng.below(places.length)]! : undefined;
  const pixel = pixels?.[rng.below(pixels.length)];
  const along = (length: number, part: number, middle: number | undefined): number => {
    const spare = length - part;
    // An image that is smaller than the patch lies in its middle.
    if (spare <= 0) return Math.ceil(spare / 2);
    return middle === undefined
      ? rng.below(spare + 1)
      : Math.min(Math.max(middle - Math.floor(part / 2), 0), spare);
  };
  return {
    top: along(sample.height, patch.height, pixel && Math.floor(pixel / sample.width)),
    left: along(sample.width, patch.width, pixel && pixel % sample.width),
  };
}

/** A part of planes [C, height, width] from any place, with zeros beyond them, written to `into`. */
export function cutPlanes<T extends Float32Array | Uint8Array>(
  planes: T,
  from: Size,
  { top, left }: PatchPlace,
  into: T,
  size: Size,
): void {
  const count = planes.length / (from.height * from.width);
  const [firstColumn, lastColumn] = [Math.max(0, -left), Math.min(size.width, from.width - left)];
  if (firstColumn >= lastColumn) return;
  for (let plane = 0; plane < count; plane++) {
    for (let row = Math.max(0, -top); row < Math.min(size.height, from.height - top); row++) {
      const source = (plane * from.height + top + row) * from.width + left;
      into.set(
        planes.subarray(source + firstColumn, source + lastColumn) as never,
        (plane * size.height + row) * size.width + firstColumn,
      );
    }
  }
}

/** Batches of patches with their augmentation: `image` [N, 1, h, w] and `target` [N, T, h, w] of the crops' size. */
export function patchSource(
  plan: NnUnetPlan,
  samples: readonly PreparedSample[],
  batch: number,
  seed: number,
  rng: Rng,
): BatchSource {
  const { patch, head, classes, mirror } = plan;
  const crop = cropSize(plan, samples);
  const margin = { top: (crop.height - patch.height) / 2, left: (crop.width - patch.width) / 2 };
  const pixels = crop.height * crop.width;
  const channels = head === 'exclusive' ? 1 : classes.length;
  const noise = makeNoiseBank(createRng(seed).child('noise'), batch, patch);
  return (): Feeds => {
    const image = new Float32Array(batch * pixels);
    const target = new Uint8Array(batch * channels * pixels);
    const flipped: boolean[] = [];
    for (let n = 0; n < batch; n++) {
      const sample = samples[rng.below(samples.length)]!;
      const place = drawPlace(rng, sample, patch, showsClass(n, batch));
      const corner = { top: place.top - margin.top, left: place.left - margin.left };
      flipped.push(mirror !== undefined && rng.uniform() < 0.5);
      cutPlanes(sample.data, sample, corner, image.subarray(n * pixels, (n + 1) * pixels), crop);
      const own = target.subarray(n * channels * pixels, (n + 1) * channels * pixels);
      cutPlanes(sample.target, sample, corner, own, crop);
      if (flipped[n]) own.set(mirroredTarget(own, head, pixels, mirror!));
    }
    return {
      image: float32([batch, 1, crop.height, crop.width], image),
      target: { dtype: 'uint8', shape: [batch, channels, crop.height, crop.width], data: target },
      ...drawAugmentation(rng, flipped, patch, crop, noise),
    };
  };
}
