/**
 * @file The U-Net (Ronneberger et al. 2015) in the form the paper uses: double 3 x 3 convolutions without bias, each
 * with instance norm and leaky ReLU 0.01; 2 x 2 max pooling down, 2 x 2 transposed convolution up, skips
 * concatenated as [skip, up], and a 1 x 1 convolution with bias at the end.
 */

import { GraphError } from '../base/errors.ts';
import { concat } from '../graph/ops/join.ts';
import { maxPool2d } from '../graph/ops/pool.ts';
import type { Tensor } from '../graph/tensor.ts';
import { withCoordinates } from './coordinates.ts';
import { convLayer, normLeaky, upConvLayer } from './layers.ts';
import type { ParameterSource } from './parameters.ts';

export interface UNetConfig {
  /** Image channels: 1 for grey. */
  readonly inputChannels: number;
  /** Output channels, one logit map each. */
  readonly outputChannels: number;
  /** Features of the first level; each level below has twice as many. */
  readonly base: number;
  /** Levels, the bottom included; height and width must be multiples of 2 ** (levels - 1). */
  readonly levels: number;
  /** Append two channels that hold each pixel's x and y in [-1, 1], so that position can tell look-alikes apart. */
  readonly coordinates: boolean;
}

const LEAKY_SLOPE = 0.01;

/** Logits [N, outputChannels, H, W] of images x [N, inputChannels, H, W], already normalised. */
export function unet(config: UNetConfig, source: ParameterSource, x: Tensor): Tensor {
  const [, channels, height, width] = x.shape as [number, number, number, number];
  const multiple = 2 ** (config.levels - 1);
  if (channels !== config.inputChannels || height % multiple !== 0 || width % multiple !== 0) {
    throw new GraphError({
      seen: `A U-Net of ${config.levels} levels was given images of [${x.shape}]`,
      need: `${config.inputChannels} channels, height and width multiples of ${multiple}`,
      fix: 'Change the input size or the number of levels',
    });
  }
  const features = (level: number): number => config.base * 2 ** level;
  const skips: Tensor[] = [];
  let h = config.coordinates ? withCoordinates(x) : x;
  for (let level = 0; level < config.levels; level++) {
    h = doubleConv(source, `encoder.${level}`, level === 0 ? h : maxPool2d(h), features(level));
    skips.push(h);
  }
  for (let level = config.levels - 2; level >= 0; level--) {
    const up = upConvLayer(source, `decoder.${level}.up`, h, features(level));
    h = doubleConv(source, `decoder.${level}`, concat([skips[level]!, up], 1), features(level));
  }
  return convLayer(source, 'head', h, { features: config.outputChannels, kernel: 1, bias: true });
}

function doubleConv(source: ParameterSource, name: string, x: Tensor, features: number): Tensor {
  let h = x;
  for (const i of [0, 1]) {
    h = convLayer(source, `${name}.conv${i}`, h, { features, kernel: 3, bias: false, padding: 1 });
    h = normLeaky(source, `${name}.norm${i}`, h, LEAKY_SLOPE);
  }
  return h;
}
