/** @file What Foal makes of the images of a training step. */
import { input } from '../graph/tensor.ts';
import type { ParameterSource } from '../nn/parameters.ts';
import type { SamConfig } from '../sam/config.ts';
import { type EncodedFeatures, encodePixels } from '../sam/image-encoder.ts';

/** From the input `pixels` [images, 1, imageSize, imageSize], grey, as the encoder takes them. */
export function pixelFeatures(
  config: SamConfig,
  images: number,
): (source: ParameterSource) => EncodedFeatures {
  return (source) =>
    encodePixels(config, source, input('pixels', [images, 1, config.imageSize, config.imageSize]));
}
