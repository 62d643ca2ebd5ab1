/** @file Runs the ensemble on images of any size. */

import type { Image } from '../imaging/image.ts';
import { resizeMaps } from '../imaging/resample.ts';
import { type ComputeOptions, openSession } from '../runtime/session.ts';
import { float32 } from '../tensor/array.ts';
import { headChannels } from '../training/objective.ts';
import type { Head, ProbabilityMaps } from '../training/types.ts';
import type { NnUnetPlan } from './plan.ts';
import { prepareImage } from './prepare.ts';
import { slide } from './sliding-window.ts';

export interface NnUnetPredictor {
  /** Probabilities at the image's own resolution. */
  predict(image: Image): Promise<ProbabilityMaps>;
  close(): Promise<void>;
}

/** Opens the ensemble that trainNnUnet has written. */
export async function openNnUnet(
  path: string,
  plan: NnUnetPlan,
  compute: ComputeOptions = {},
): Promise<NnUnetPredictor> {
  const { head, classes, patch, mirror } = plan;
  const channels = headChannels(head, classes.length);
  const session = await openSession(path, compute);
  const logitsOf = async (pixels: Float32Array): Promise<Float32Array> => {
    const { logits } = await session.run({ image: float32([1, 1, patch.height, patch.width], pixels) });
    return logits!.data as Float32Array;
  };
  const run = async (pixels: Float32Array): Promise<Float32Array> => {
    const upright = await logitsOf(pixels);
    if (mirror === undefined) return upright;
    const turned = flipped(await logitsOf(flipped(pixels, patch.width)), patch.width);
    const plane = patch.height * patch.width;
    const order = mirroredChannels(head, mirror);
    return upright.map((value, at) => {
      const channel = Math.floor(at / plane);
      return (value + turned[order[channel]! * plane + (at % plane)]!) / 2;
    });
  };
  return {
    predict: async (image) => {
      const prepared = prepareImage(image, plan);
      const logits = await slide(prepared, patch, channels, run);
      const size = { height: image.height, width: image.width };
      const data = probabilities(head, resizeMaps(logits, channels, prepared, size), channels);
      return { classes: classes.length, ...size, data };
    },
    close: () => session.close(),
  };
}

/** Each row from right to left. */
function flipped(maps: Float32Array, width: number): Float32Array {
  return maps.map((_, at) => maps[at - 2 * (at % width) + width - 1]!);
}

/** The channel of the flipped image that speaks of each channel's class. */
function mirroredChannels(head: Head, mirror: readonly number[]): readonly number[] {
  return head === 'exclusive' ? [0, ...mirror.map((k) => k + 1)] : mirror;
}

/** Probabilities of the classes, background left out, of logits [channels, pixels]. */
function probabilities(head: Head, logits: Float32Array, channels: number): Float32Array {
  if (head === 'overlapping') return logits.map((value) => 1 / (1 + Math.exp(-value)));
  const pixels = logits.length / channels;
  const out = new Float32Array(logits.length - pixels);
  for (let pixel = 0; pixel < pixels; pixel++) {
    let [top, total] = [Number.NEGATIVE_INFINITY, 0];
    for (let c = 0; c < channels; c++) top = Math.max(top, logits[c * pixels + pixel]!);
    for (let c = 0; c < channels; c++) total += Math.exp(logits[c * pixels + pixel]! - top);
    for (let c = 1; c < channels; c++) {
      out[(c - 1) * pixels + pixel] = Math.exp(logits[c * pixels + pixel]! - top) / total;
    }
  }
  return out;
}
