/**
 * @file LR-ASPP, the light segmentation head of MobileNetV3 (Howard et al. 2019, section 6.4), over the features of an
 * encoder: a 1 x 1 convolution with norm and ReLU, weighed channel by channel by a gate that sees the mean of the whole
 * image, and beside it a 1 x 1 convolution of early, sharper features. The norm is instance norm where the paper has
 * batch norm: few images make poor statistics of batches.
 *
 * The paper enlarges the gated features and classifies them then; both are linear, so classes are enlarged here, which
 * are fewer.
 */
import type { Size } from '../base/geometry.ts';
import { add, mul } from '../graph/ops/elementwise.ts';
import { mean } from '../graph/ops/reduce.ts';
import { resizeBilinear } from '../graph/ops/resize.ts';
import { sigmoid } from '../graph/ops/unary.ts';
import type { Tensor } from '../graph/tensor.ts';
import { withCoordinates } from './coordinates.ts';
import { convLayer, normLeaky } from './layers.ts';
import type { ParameterSource } from './parameters.ts';

export interface LrAsppConfig {
  readonly outputChannels: number;
  /** Append two channels that hold each place's x and y to the features. */
  readonly coordinates: boolean;
}

/** Features of the gated branch, as in the paper. */
const FEATURES = 128;

/**
 * Logits [N, outputChannels, height, width].
 *
 * @param high features [N, C, h, w] of the encoder's end
 * @param low early features [N, c, height, width], where the encoder has them
 */
export function lrAspp(
  config: LrAsppConfig,
  source: ParameterSource,
  high: Tensor,
  low: Tensor | undefined,
  { height, width }: Size,
): Tensor {
  const x = config.coordinates ? withCoordinates(high) : high;
  const options = { features: FEATURES, kernel: 1, bias: false };
  const branch = normLeaky(source, 'branch.norm', convLayer(source, 'branch.conv', x, options), 0);
  const whole = mean(x, { axes: [2, 3], keepAxes: true });
  const gate = sigmoid(convLayer(source, 'gate', whole, options));
  const classes = { features: config.outputChannels, kernel: 1 };
  const coarse = convLayer(source, 'head', mul(branch, gate), { ...classes, bias: true });
  const logits = resizeBilinear(coarse, height, width);
  return low === undefined ? logits : add(logits, convLayer(source, 'low', low, { ...classes, bias: false }));
}
