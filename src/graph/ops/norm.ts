/**
 * @file Instance norm (Ulyanov et al. 2016) with the leaky ReLU behind it, and layer norm (Ba et al. 2016).
 *
 * Instance norm is bound by memory, not by arithmetic: it is written in as few passes over the pixels as standard
 * operators allow. With m and r the mean and 1 / deviation of a plane, z = a x + b where a = gamma r and
 * b = beta - m a: one affine pass, leaky ReLU included.
 *
 * Backward, with u = (x - m) r the normalised plane and h = dL/dz times the slope of the leaky ReLU at z:
 *   dgamma = sum(h u),  dbeta = sum(h),  dx = a (h - mean(h) - u mean(h u)),
 * and the last is affine in h and x again: dx = a h + p x + q, with p = -a r mean(h u), q = -a mean(h) - p m.
 */
import { customGradient } from '../custom-gradient.ts';
import { float, int } from '../onnx/model.ts';
import { apply, type Operator, shapeError, type Tensor } from '../tensor.ts';
import { channelAffine } from './channel-affine.ts';
import { add, div, maximum, mul, sub, sumTo } from './elementwise.ts';
import { mean, sum, sumSquares } from './reduce.ts';
import { reshape } from './reshape.ts';
import { neg, sqrt } from './unary.ts';

export interface InstanceNormOptions {
  /** Added to the variance; 1e-5 by default. */
  readonly epsilon?: number;
  /** Slope of a leaky ReLU behind the norm; none by default. */
  readonly leakySlope?: number;
}

/** Multiplied by this, all of z but a hair around 0 lies beyond [slope, 1], so that clipping gives the slope at z. */
const STEEP = 1e20;

/**
 * Normalises each plane of x [N, C, H, W] to mean 0 and variance 1, then scales by gamma [C] and shifts by beta [C].
 */
export function instanceNorm(
  x: Tensor,
  gamma: Tensor,
  beta: Tensor,
  options: InstanceNormOptions = {},
): Tensor {
  const { epsilon = 1e-5, leakySlope } = options;
  const perPlane = { axes: [2, 3], keepAxes: true } as const;
  const perChannel = [1, x.shape[1]!, 1, 1];
  const pixels = x.shape[2]! * x.shape[3]!;
  const [scale, shift] = [reshape(gamma, perChannel), reshape(beta, perChannel)];

  const m = mean(x, perPlane);
  const variance = maximum(sub(mul(sumSquares(x, perPlane), 1 / pixels), mul(m, m)), 0);
  const r = div(1, sqrt(add(variance, epsilon)));
  const a = mul(r, scale);
  const b = sub(shift, mul(m, a));
  const z = channelAffine(
    x,
    a,
    b,
    leakySlope === undefined ? {} : { activation: { kind: 'leaky', slope: leakySlope } },
  );

  return customGradient(z, [x, gamma, beta], (g) => {
    const h = leakySlope === undefined ? g : mul(g, slopeAt(x, a, b, leakySlope));
    const sumH = sum(h, perPlane);
    // sum(h u) from sum(h x), which needs no normalised plane.
    const sumHu = mul(r, sub(sum(mul(h, x), perPlane), mul(m, sumH)));
    const p = neg(mul(mul(a, r), mul(sumHu, 1 / pixels)));
    const q = neg(add(mul(a, mul(sumH, 1 / pixels)), mul(p, m)));
    return [
      channelAffine(h, a, q, { addend: mul(x, p) }),
      reshape(sumTo(sumHu, perChannel), gamma.shape),
      reshape(sumTo(sumH, perChannel), beta.shape),
    ];
  });
}

function slopeAt(x: Tensor, a: Tensor, b: Tensor, slope: number): Tensor {
  return channelAffine(x, mul(a, STEEP), mul(b, STEEP), { activation: { kind: 'slope', slope } });
}

interface LayerNormAttributes {
  readonly epsilon: number;
}

const layerNormOperator: Operator<LayerNormAttributes> = {
  name: 'layerNorm',
  infer: (inputs) => {
    const [x, gamma, beta] = inputs as [Tensor, Tensor, Tensor];
    const fits = [gamma, beta].every(({ shape }) => shape.length === 1 && shape[0] === x.shape.at(-1));
    if (!fits)
      throw shapeError('layerNorm', inputs, 'tensors that do not fit', 'x [..., C], gamma [C] and beta [C]');
    return [{ shape: x.shape, dtype: x.dtype }];
  },
  emit: (emitter, { inputs, attributes: { epsilon } }) =>
    emitter.node('LayerNormalization', inputs.map(emitter.name), { axis: int(-1), epsilon: float(epsilon) }),
  gradient: ({ inputs, attributes: { epsilon } }, [g]) => {
    const [x, gamma, beta] = inputs as [Tensor, Tensor, Tensor];
    const last = { axes: [x.shape.length - 1], keepAxes: true } as const;
    const centred = sub(x, mean(x, last));
    const r = div(1, sqrt(add(mean(mul(centred, centred), last), epsilon)));
    const u = mul(centred, r);
    const h = mul(g!, gamma);
    const dx = mul(r, sub(sub(h, mean(h, last)), mul(u, mean(mul(h, u), last))));
    return [dx, sumTo(mul(g!, u), gamma.shape), sumTo(g!, beta.shape)];
  },
};

/** Normalises the last axis of x to mean 0 and variance 1, then scales by gamma and shifts by beta. */
export function layerNorm(x: Tensor, gamma: Tensor, beta: Tensor, epsilon = 1e-5): Tensor {
  return apply(layerNormOperator, [x, gamma, beta], { epsilon });
}
