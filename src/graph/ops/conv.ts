/**
 * @file Convolutions of [N, C, H, W] tensors and their gradients.
 *
 * The three products of a convolution (output, gradient of the input, gradient of the filter) are written with
 * plain operators that ONNX Runtime runs fast:
 * - input: for stride 1 a convolution of the gradient with the filter turned by 180 degrees and its channel axes
 *   swapped; otherwise a transposed convolution.
 * - filter: see filter-gradient.ts.
 */
import { GraphError } from '../../base/errors.ts';
import { elementCount, int64 } from '../../tensor/array.ts';
import { int, ints } from '../onnx/model.ts';
import { apply, constant, type Operator, shapeError, type Tensor } from '../tensor.ts';
import { filterGradient } from './filter-gradient.ts';
import { gather } from './join.ts';
import { sum } from './reduce.ts';
import { reshape, transpose } from './reshape.ts';

type Strides = readonly [rows: number, columns: number];

export interface ConvOptions {
  /** Step in px from row to row and from column to column, one number for both or two; 1 by default. */
  readonly stride?: number | Strides;
  /** Zeros added on each side in px; 0 by default. */
  readonly padding?: number;
  /** Channels are cut into this many groups that see only themselves; 1 by default. */
  readonly groups?: number;
}

export interface ConvAttributes {
  readonly stride: Strides;
  readonly padding: number;
  readonly groups: number;
}

function onnxAttributes({ stride, padding, groups }: ConvAttributes) {
  return {
    strides: ints(stride),
    pads: ints([padding, padding, padding, padding]),
    group: int(groups),
  };
}

const convOperator: Operator<ConvAttributes> = {
  name: 'conv2d',
  infer: (inputs, { stride, padding, groups }) => {
    const [x, w, bias] = inputs as [Tensor, Tensor, Tensor | undefined];
    const [batch, channels, height, width] = x.shape;
    const [features, groupChannels, kernelHeight, kernelWidth] = w.shape;
    checkSteps('conv2d', inputs, stride, padding);
    if (
      x.shape.length !== 4 ||
      w.shape.length !== 4 ||
      channels !== groupChannels! * groups ||
      features! % groups
    ) {
      throw shapeError('conv2d', inputs, `${groups} groups`, '[N, C, H, W] and [F, C / groups, kh, kw]');
    }
    checkBias('conv2d', inputs, bias, features!);
    const size = (length: number, kernel: number, step: number): number =>
      Math.floor((length + 2 * padding - kernel) / step) + 1;
    const rows = size(height!, kernelHeight!, stride[0]);
    const shape = [batch!, features!, rows, size(width!, kernelWidth!, stride[1])];
    if (Math.min(...shape.slice(2)) < 1) {
      throw shapeError(
        'conv2d',
        inputs,
        'a kernel larger than the image',
        `a smaller kernel than with padding ${padding}`,
      );
    }
    return [{ shape, dtype: x.dtype }];
  },
  emit: (emitter, { inputs, attributes }) =>
    emitter.node('Conv', inputs.map(emitter.name), onnxAttributes(attributes)),
  gradient: ({ inputs, attributes }, [g], needed) => {
    const [x, w] = inputs as [Tensor, Tensor];
    return [
      needed[0] ? inputGradient(x, w, g!, attributes) : undefined,
      needed[1] ? filterGradient(x, g!, w.shape, attributes) : undefined,
      needed[2] ? sum(g!, { axes: [0, 2, 3] }) : undefined,
    ];
  },
};

function checkSteps(name: string, inputs: readonly Tensor[], stride: Strides, padding: number): void {
  const areSteps = stride.every((step) => Number.isInteger(step) && step >= 1);
  if (areSteps && Number.isInteger(padding) && padding >= 0) return;
  throw shapeError(
    name,
    inputs,
    `stride ${stride.join(' x ')}, padding ${padding}`,
    'whole numbers, the stride at least 1',
  );
}

function checkBias(
  name: string,
  inputs: readonly Tensor[],
  bias: Tensor | undefined,
  features: number,
): void {
  if (bias === undefined || (bias.shape.length === 1 && bias.shape[0] === features)) return;
  throw shapeError(name, inputs, `a bias of shape [${bias.shape}]`, `a bias of shape [${features}]`);
}

function inputGradient(x: Tensor, w: Tensor, g: Tensor, { stride, padding, groups }: ConvAttributes): Tensor {
  const [kernelHeight, kernelWidth] = w.shape.slice(2) as [number, number];
  const fewPixels = elementCount(w.shape) > elementCount(g.shape);
  const isDense = stride.every((step) => step === 1);
  if (isDense && groups === 1 && kernelHeight === kernelWidth && padding < kernelHeight && !fewPixels) {
    return conv2d(g, turnedFilter(w), undefined, { padding: kernelHeight - 1 - padding });
  }
  const full = (g.shape[2]! - 1) * stride[0] - 2 * padding + kernelHeight;
  const fullWidth = (g.shape[3]! - 1) * stride[1] - 2 * padding + kernelWidth;
  return apply(convTransposeOperator, [g, w], {
    stride,
    padding,
    groups,
    extra: [x.shape[2]! - full, x.shape[3]! - fullWidth],
  });
}

/** [F, C, kh, kw] -> [C, F, kh, kw], each kernel turned by 180 degrees. */
function turnedFilter(w: Tensor): Tensor {
  const [features, channels, height, width] = w.shape as [number, number, number, number];
  const swapped = transpose(w, [1, 0, 2, 3]);
  const taps = height * width;
  if (taps === 1) return swapped;
  const reversed = Array.from({ length: taps }, (_, i) => taps - 1 - i);
  const turned = gather(reshape(swapped, [channels, features, taps]), constant(int64([taps], reversed)), 2);
  return reshape(turned, [channels, features, height, width]);
}

/**
 * 2D convolution (cross-correlation) of x [N, C, H, W] with w [F, C / groups, kh, kw] and an optional bias [F].
 * The result is [N, F, floor((H + 2 padding - kh) / stride) + 1, ...].
 */
export function conv2d(x: Tensor, w: Tensor, bias?: Tensor, options: ConvOptions = {}): Tensor {
  const { stride = 1, padding = 0, groups = 1 } = options;
  return apply(convOperator, bias ? [x, w, bias] : [x, w], { stride: perAxis(stride), padding, groups });
}

const perAxis = (stride: number | Strides): Strides =>
  typeof stride === 'number' ? [stride, stride] : stride;

interface ConvTransposeAttributes extends ConvAttributes {
  /** Rows and columns added at the end, where the stride left the input size open. */
  readonly extra: readonly [number, number];
}

const convTransposeOperator: Operator<ConvTransposeAttributes> = {
  name: 'convTranspose2d',
  infer: (inputs, { stride, padding, groups, extra }) => {
    const [x, w, bias] = inputs as [Tensor, Tensor, Tensor | undefined];
    checkSteps('convTranspose2d', inputs, stride, padding);
    if (x.shape.length !== 4 || w.shape.length !== 4 || x.shape[1] !== w.shape[0] || x.shape[1]! % groups) {
      throw shapeError(
        'convTranspose2d',
        inputs,
        'tensors that do not fit',
        '[N, C, H, W], [C, F / groups, kh, kw]',
      );
    }
    checkBias('convTranspose2d', inputs, bias, w.shape[1]! * groups);
    const size = (axis: 0 | 1): number =>
      (x.shape[2 + axis]! - 1) * stride[axis] - 2 * padding + w.shape[2 + axis]! + extra[axis];
    return [{ shape: [x.shape[0]!, w.shape[1]! * groups, size(0), size(1)], dtype: x.dtype }];
  },
  emit: (emitter, { inputs, attributes }) =>
    emitter.node('ConvTranspose', inputs.map(emitter.name), {
      ...onnxAttributes(attributes),
      output_padding: ints(attributes.extra),
    }),
  gradient: ({ inputs, attributes }, [g], needed) => {
    const [x, w] = inputs as [Tensor, Tensor];
    if (attributes.groups !== 1) {
      throw new GraphError({
        seen: `The gradient of a transposed convolution in ${attributes.groups} groups`,
        need: 'Transposed convolutions are trained in one group',
        fix: 'Use groups = 1',
      });
    }
    return [
      needed[0] ? apply(convOperator, [g!, w], attributes) : undefined,
      needed[1] ? filterGradient(g!, x, w.shape, attributes) : undefined,
      needed[2] ? sum(g!, { axes: [0, 2, 3] }) : undefined,
    ];
  },
};

/** Transposed 2D convolution of x [N, C, H, W] with w [C, F, kh, kw] and an optional bias [F]. */
export function convTranspose2d(x: Tensor, w: Tensor, bias?: Tensor, options: ConvOptions = {}): Tensor {
  const { stride = 1, padding = 0, groups = 1 } = options;
  return apply(convTransposeOperator, bias ? [x, w, bias] : [x, w], {
    stride: perAxis(stride),
    padding,
    groups,
    extra: [0, 0],
  });
}
