/**
 * @file y = scale x + shift per sample and channel, with the activation that follows, in one pass over the pixels.
 *
 * It is a 1 x 1 convolution in N * C groups: ONNX Runtime threads it over planes and fuses the sum and the
 * activation into it, where Mul, Add and LeakyRelu would each read and write the whole tensor. It carries no
 * gradient rule of its own; instanceNorm, its user, has one.
 */
import { elementCount } from '../../tensor/array.ts';
import { float, int } from '../onnx/model.ts';
import { apply, type Operator, shapeError, type Tensor } from '../tensor.ts';

/** 'leaky': z > 0 ? z : slope * z. 'slope': its derivative, the slope at z (for a steep z, see below). */
export interface Activation {
  readonly kind: 'leaky' | 'slope';
  readonly slope: number;
}

interface AffineAttributes {
  readonly activation: Activation | undefined;
}

const affineOperator: Operator<AffineAttributes> = {
  name: 'channelAffine',
  infer: (inputs) => {
    const [x, scale, shift, addend] = inputs as [Tensor, Tensor, Tensor, Tensor | undefined];
    const planes = x.shape[0]! * x.shape[1]!;
    const fits = elementCount(scale.shape) === planes && elementCount(shift.shape) === planes;
    if (x.shape.length !== 4 || !fits || (addend && addend.shape.join() !== x.shape.join())) {
      throw shapeError(
        'channelAffine',
        inputs,
        'tensors that do not fit',
        'x [N, C, H, W], N * C scales and shifts',
      );
    }
    return [{ shape: x.shape, dtype: x.dtype }];
  },
  emit: (emitter, { inputs, attributes: { activation } }) => {
    const [x, scale, shift, addend] = inputs as [Tensor, Tensor, Tensor, Tensor | undefined];
    const [batch, channels, height, width] = x.shape as [number, number, number, number];
    const planes = batch * channels;
    const reshaped = (name: string, shape: readonly number[]): string =>
      emitter.node('Reshape', [name, emitter.int64(shape)])[0]!;
    const flat = (tensor: Tensor): string => reshaped(emitter.name(tensor), [1, planes, height, width]);
    const weights = [
      reshaped(emitter.name(scale), [planes, 1, 1, 1]),
      reshaped(emitter.name(shift), [planes]),
    ];
    let name = emitter.node('Conv', [flat(x), ...weights], { group: int(planes) })[0]!;
    if (addend) name = emitter.node('Add', [name, flat(addend)])[0]!;
    if (activation?.kind === 'leaky') {
      name = emitter.node('LeakyRelu', [name], { alpha: float(activation.slope) })[0]!;
    } else if (activation?.kind === 'slope') {
      name = emitter.node('Clip', [name, emitter.scalar(activation.slope), emitter.scalar(1)])[0]!;
    }
    return [reshaped(name, x.shape)];
  },
};

/**
 * scale x + shift (+ addend), then the activation.
 * @param x [N, C, H, W].
 * @param scale N * C values in any shape, as shift.
 * @param addend Of x's shape.
 */
export function channelAffine(
  x: Tensor,
  scale: Tensor,
  shift: Tensor,
  options: { readonly addend?: Tensor; readonly activation?: Activation } = {},
): Tensor {
  const inputs = options.addend ? [x, scale, shift, options.addend] : [x, scale, shift];
  return apply(affineOperator, inputs, { activation: options.activation });
}
