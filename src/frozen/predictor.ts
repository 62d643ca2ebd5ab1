/** @file Runs a trained head on images of any size. */
import { join } from 'node:path';
import type { Image } from '../imaging/image.ts';
import { resizeMaps } from '../imaging/resample.ts';
import { type ComputeOptions, openSession } from '../runtime/session.ts';
import { float32 } from '../tensor/array.ts';
import type { ProbabilityMaps } from '../training/types.ts';
import { cellsOf, type FrozenEncoder } from './features.ts';

export interface HeadPredictor {
  /** Probabilities at the image's own resolution. `imageKey` is the hash of the image's content. */
  predict(image: Image, imageKey: string): Promise<ProbabilityMaps>;
  close(): Promise<void>;
}

/** Opens the head that trainHead left in a folder, over the encoder that it was trained on. */
export async function openHead(
  directory: string,
  encoder: FrozenEncoder,
  compute: ComputeOptions = {},
): Promise<HeadPredictor> {
  const session = await openSession(join(directory, 'model.onnx'), compute);
  const { width, gridSize, early } = encoder.shape;
  const side = cellsOf(encoder.shape);
  return {
    predict: async (image, imageKey) => {
      const { shown, ...maps } = await encoder.maps(image, imageKey);
      const { probabilities } = await session.run({
        features: float32([1, width, gridSize, gridSize], maps.features),
        ...(early > 0 && { early: float32([1, early, side, side], maps.early) }),
      });
      const classes = probabilities!.shape[1]!;
      const size = { height: image.height, width: image.width };
      const cropped = topLeft(probabilities!.data as Float32Array, classes, side, shown);
      return { classes, ...size, data: resizeMaps(cropped, classes, shown, size) };
    },
    close: () => session.close(),
  };
}

/** The top left part of square maps, which shows the image. */
function topLeft(
  maps: Float32Array,
  count: number,
  side: number,
  { height, width }: { readonly height: number; readonly width: number },
): Float32Array {
  const out = new Float32Array(count * height * width);
  for (let row = 0; row < count * height; row++) {
    const from = Math.floor(row / height) * side * side + (row % height) * side;
    out.set(maps.subarray(from, from + width), row * width);
  }
  return out;
}
