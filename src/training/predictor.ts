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

export interface Predictor {
  readonly plan: NetworkPlan;
  /** Probabilities at the image's own resolution, interpolated from the network's. */
  predict(image: Image): Promise<ProbabilityMaps>;
  /** Probabilities at the network's resolution. */
  predictCoarse(image: Image): Promise<ProbabilityMaps>;
  close(): Promise<void>;
}

/** Opens a model.onnx that Packmule exported. */
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
  const { classes, height, width, data } = maps;
  const pixels = height * width;
  const masks = Array.from({ length: classes }, () => new Uint8Array(pixels));
  const seen = new Uint8Array(classes);
  for (let pixel = 0; pixel < pixels; pixel++) {
    let [best, bestValue, total] = [-1, 0, 0];
    for (let c = 0; c < classes; c++) {
      const value = data[c * pixels + pixel]!;
      total += value;
      if (value > bestValue) [best, bestValue] = [c, value];
      if (head === 'overlapping' && value > 0.5) {
        masks[c]![pixel] = 1;
        seen[c] = 1;
      }
    }
    if (head === 'exclusive' && best >= 0 && bestValue > 1 - total) {
      masks[best]![pixel] = 1;
      seen[best] = 1;
    }
  }
  return masks.flatMap((mask, classIndex) =>
    seen[classIndex] === 1 ? [{ classIndex, mask: { height, width, data: mask } }] : [],
  );
}
