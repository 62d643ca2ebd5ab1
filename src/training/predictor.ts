/** @file Runs a trained network on images of any size. */
import { readFile } from 'node:fs/promises';
import { CheckpointError, GraphError } from '../base/errors.ts';
import { decodeModel } from '../graph/onnx/decode.ts';
import type { OnnxModel } from '../graph/onnx/model.ts';
import type { Image } from '../imaging/image.ts';
import { resizeMaps } from '../imaging/resample.ts';
import type { ClassMask } from '../masks/mask.ts';
import { type ComputeOptions, openSession } from '../runtime/session.ts';
import { float32 } from '../tensor/array.ts';
import { planOfModel } from './network.ts';
import { networkImage } from './sample-cache.ts';
import type { Head, NetworkPlan, ProbabilityMaps } from './types.ts';

/** Pixels of which all classes are compared at once: maps are read plane by plane, as they lie in memory. */
const BLOCK = 4096;

export interface Predictor {
  readonly plan: NetworkPlan;
  /** Probabilities at the image's own resolution, interpolated from the network's. Blocks the thread, see Session.run. */
  predict(image: Image): Promise<ProbabilityMaps>;
  /** Probabilities at the network's resolution. Blocks the thread too. */
  predictCoarse(image: Image): Promise<ProbabilityMaps>;
  close(): Promise<void>;
}

/** Opens a model.onnx that Packmule exported. Blocks the thread while ONNX Runtime loads it. */
export async function openPredictor(path: string, options: ComputeOptions = {}): Promise<Predictor> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new CheckpointError(
      {
        seen: `The network ${path} cannot be read`,
        need: 'The model.onnx of a finished training',
        fix: 'Train first (packmule train), or name another run',
      },
      { cause },
    );
  });
  const { model, plan } = decodeNetwork(bytes, path);
  const session = await openSession(model, options);
  const predictCoarse = async (image: Image): Promise<ProbabilityMaps> => {
    const { height, width } = plan.inputSize;
    const feeds = { image: float32([1, 1, height, width], networkImage(image, plan)) };
    const { probabilities } = await session.run(feeds);
    return { classes: plan.classes.length, height, width, data: probabilities!.data as Float32Array };
  };
  return {
    plan,
    predictCoarse,
    predict: async (image) => {
      const { classes, data } = await predictCoarse(image);
      const size = { height: image.height, width: image.width };
      return { classes, ...size, data: resizeMaps(data, classes, plan.inputSize, size) };
    },
    close: () => session.close(),
  };
}

function decodeNetwork(bytes: Uint8Array, path: string): { model: OnnxModel; plan: NetworkPlan } {
  try {
    const model = decodeModel(bytes);
    return { model, plan: planOfModel(model, path) };
  } catch (cause) {
    if (!(cause instanceof GraphError)) throw cause;
    throw new CheckpointError(
      {
        seen: `The network ${path} is damaged: ${cause.seen}`,
        need: 'The model.onnx of a finished training',
        fix: 'Copy it again, or delete it and start the run again, which then trains it anew',
      },
      { cause },
    );
  }
}

/**
 * The masks of probability maps; classes without a pixel are left out.
 * - exclusive: a pixel belongs to its most probable class, if that is likelier than background (1 - the sum).
 * - overlapping: every class with a probability above 0.5.
 */
export function probabilitiesToMasks(maps: ProbabilityMaps, head: Head): ClassMask[] {
  const { classes, height, width } = maps;
  const masks = Array.from({ length: classes }, () => new Uint8Array(height * width));
  const seen = head === 'exclusive' ? markLikeliest(maps, masks) : markLikely(maps, masks);
  return masks.flatMap((mask, classIndex) =>
    seen[classIndex] === 1 ? [{ classIndex, mask: { height, width, data: mask } }] : [],
  );
}

/** Sets pixels of overlapping classes, and returns 1 for each class that has one. */
function markLikely({ classes, height, width, data }: ProbabilityMaps, masks: Uint8Array[]): Uint8Array {
  const pixels = height * width;
  const seen = new Uint8Array(classes);
  for (const [c, mask] of masks.entries()) {
    for (let pixel = 0; pixel < pixels; pixel++) {
      if (data[c * pixels + pixel]! > 0.5) mask[pixel] = seen[c] = 1;
    }
  }
  return seen;
}

/** Sets pixels of classes that exclude each other, and returns 1 for each class that has one. */
function markLikeliest({ classes, height, width, data }: ProbabilityMaps, masks: Uint8Array[]): Uint8Array {
  const pixels = height * width;
  const seen = new Uint8Array(classes);
  const best = new Int32Array(BLOCK);
  const bestValue = new Float32Array(BLOCK);
  const total = new Float64Array(BLOCK);
  for (let from = 0; from < pixels; from += BLOCK) {
    const length = Math.min(BLOCK, pixels - from);
    bestValue.fill(0);
    total.fill(0);
    for (let c = 0; c < classes; c++) {
      const plane = c * pixels + from;
      for (let i = 0; i < length; i++) {
        const value = data[plane + i]!;
        total[i]! += value;
        if (value > bestValue[i]!) [best[i], bestValue[i]] = [c, value];
      }
    }
    for (let i = 0; i < length; i++) {
      const isForeground = bestValue[i]! > 0 && bestValue[i]! > 1 - total[i]!;
      if (isForeground) masks[best[i]!]![from + i] = seen[best[i]!] = 1;
    }
  }
  return seen;
}
