/**
 * @file The U-Net of nnU-Net (Isensee et al. 2021): stages of two 3 x 3 convolutions with instance norm and leaky ReLU
 * 0.01, the first of which steps into the stage, perhaps along one axis only; transposed convolutions of the same steps
 * up, skips concatenated as [up, skip], and a 1 x 1 convolution that gives logits at every resolution of the decoder.
 *
 * Convolutions before a norm have no bias, as the norm would take it away again.
 */
import { GraphError } from '../base/errors.ts';
import { convTranspose2d } from '../graph/ops/conv.ts';
import { concat } from '../graph/ops/join.ts';
import type { Tensor } from '../graph/tensor.ts';
import { convLayer, normLeaky } from './layers.ts';
import type { Initializer, ParameterSource } from './parameters.ts';

export interface PlainConvUNetConfig {
  readonly inputChannels: number;
  readonly outputChannels: number;
  /** From the resolution of the image down. */
  readonly stages: readonly Stage[];
}

export interface Stage {
  readonly features: number;
  /** Step into the stage along rows and columns, [1, 1] for the first. */
  readonly stride: Stride;
}

export type Stride = readonly [rows: 1 | 2, columns: 1 | 2];

const LEAKY_SLOPE = 0.01;

/**
 * Logits [N, outputChannels, h, w] of images x [N, inputChannels, H, W], the finest first.
 *
 * @param heads at so many resolutions of the decoder, which has one less than there are stages
 */
export function plainConvUNet(
  { inputChannels, outputChannels, stages }: PlainConvUNetConfig,
  source: ParameterSource,
  x: Tensor,
  heads: number,
): Tensor[] {
  const [, channels, height, width] = x.shape as [number, number, number, number];
  const [rows, columns] = stepsOf(stages);
  if (channels !== inputChannels || height % rows !== 0 || width % columns !== 0) {
    throw new GraphError({
      seen: `The network was given patches of [${x.shape}]`,
      need: `${inputChannels} channels, a multiple of ${rows} rows and of ${columns} columns`,
      fix: 'Change the size of patches or the stages',
    });
  }
  const skips: Tensor[] = [];
  let h = x;
  stages.forEach((stage, level) => {
    h = doubleConv(source, `encoder.${level}`, h, stage);
    skips.push(h);
  });
  const logits: Tensor[] = [];
  for (let level = stages.length - 2; level >= 0; level--) {
    const { features } = stages[level]!;
    const up = upLayer(source, `decoder.${level}.up`, h, features, stages[level + 1]!.stride);
    h = doubleConv(source, `decoder.${level}`, concat([up, skips[level]!], 1), { features, stride: [1, 1] });
    if (level >= heads) continue;
    const options = { features: outputChannels, kernel: 1, bias: true };
    logits.unshift(convLayer(source, `decoder.${level}.head`, h, options));
  }
  return logits;
}

/** Rows and columns of the image that one of the last stage stands for. */
export function stepsOf(stages: readonly Stage[]): [rows: number, columns: number] {
  return stages.reduce<[number, number]>(
    ([rows, columns], { stride }) => [rows * stride[0], columns * stride[1]],
    [1, 1],
  );
}

/** He et al. (2015) for the slope, uniform: deviation sqrt(2 / (1 + slope^2) / fan in). */
const he = (fanIn: number): Initializer => ({ uniform: Math.sqrt(6 / ((1 + LEAKY_SLOPE ** 2) * fanIn)) });

function doubleConv(source: ParameterSource, name: string, x: Tensor, { features, stride }: Stage): Tensor {
  let h = x;
  for (const i of [0, 1]) {
    h = convLayer(source, `${name}.conv${i}`, h, {
      features,
      kernel: 3,
      bias: false,
      padding: 1,
      stride: i === 0 ? stride : 1,
      initializer: he(9 * h.shape[1]!),
    });
    h = normLeaky(source, `${name}.norm${i}`, h, LEAKY_SLOPE);
  }
  return h;
}

/** A transposed convolution whose kernel is its step. */
function upLayer(source: ParameterSource, name: string, x: Tensor, features: number, stride: Stride): Tensor {
  const kernel = stride[0] * stride[1];
  const weight = source(`${name}.weight`, [x.shape[1]!, features, ...stride], he(features * kernel));
  return convTranspose2d(x, weight, source(`${name}.bias`, [features], { constant: 0 }), { stride });
}
