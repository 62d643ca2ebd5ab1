/** @file Resizing [N, C, H, W] tensors to any height and width. */
import { int, string } from '../onnx/model.ts';
import { apply, constant, type Operator, shapeError, type Tensor } from '../tensor.ts';
import { matmul, swapLast } from './matmul.ts';

interface ResizeAttributes {
  readonly height: number;
  readonly width: number;
}

/** Source pixels and their weights for target pixel `at` of an axis resized from `from` to `to` px. */
type Interpolation = (
  at: number,
  from: number,
  to: number,
) => readonly (readonly [pixel: number, weight: number])[];

/** Resizing is a product with one matrix per axis, so its gradient is the product with their transposes. */
function resize(
  name: string,
  interpolation: Interpolation,
  emit: Operator<ResizeAttributes>['emit'],
): Operator<ResizeAttributes> {
  return {
    name,
    infer: ([x], { height, width }) => {
      if (x!.shape.length !== 4 || height < 1 || width < 1) {
        throw shapeError(name, [x!], `the size ${height} x ${width}`, '[N, C, H, W] and at least 1 x 1 px');
      }
      return [{ shape: [x!.shape[0]!, x!.shape[1]!, height, width], dtype: x!.dtype }];
    },
    emit,
    gradient: ({ inputs: [x] }, [g]) => {
      const [, , height, width] = x!.shape as [number, number, number, number];
      const rows = interpolationMatrix(interpolation, height, g!.shape[2]!);
      const columns = interpolationMatrix(interpolation, width, g!.shape[3]!);
      return [matmul(rows, matmul(g!, swapLast(columns)))];
    },
  };
}

/** W [from, to]: column j holds the weights of the source pixels of target pixel j. */
function interpolationMatrix(interpolation: Interpolation, from: number, to: number): Tensor {
  const data = new Float32Array(from * to);
  for (let j = 0; j < to; j++) {
    for (const [pixel, weight] of interpolation(j, from, to)) data[pixel * to + j]! += weight;
  }
  return constant({ dtype: 'float32', shape: [from, to], data });
}

const bilinearOperator = resize(
  'resizeBilinear',
  (at, from, to) => {
    const place = Math.min(Math.max(((at + 0.5) * from) / to - 0.5, 0), from - 1);
    const low = Math.floor(place);
    return [
      [low, 1 - (place - low)],
      [Math.min(low + 1, from - 1), place - low],
    ];
  },
  (emitter, { inputs: [x], outputs: [y] }) =>
    emitter.node('Resize', [emitter.name(x!), '', '', emitter.int64(y!.shape)], {
      mode: string('linear'),
      coordinate_transformation_mode: string('half_pixel'),
    }),
);

/** Bilinear resampling to height x width px, half-pixel centres, edge pixels repeated, no antialiasing. */
export function resizeBilinear(x: Tensor, height: number, width: number): Tensor {
  return apply(bilinearOperator, [x], { height, width });
}

const nearestPixel = (at: number, from: number, to: number): number => Math.floor((at * from) / to);

/** Two Gathers: ONNX's Resize rounds its scale to float32, and takes the wrong pixel where it falls on an edge. */
const nearestResizeOperator = resize(
  'resizeNearest',
  (at, from, to) => [[nearestPixel(at, from, to), 1]],
  (emitter, { inputs: [x], outputs: [y] }) => {
    const pick = (name: string, axis: 2 | 3): string => {
      const [from, to] = [x!.shape[axis]!, y!.shape[axis]!];
      const pixels = Array.from({ length: to }, (_, at) => nearestPixel(at, from, to));
      return emitter.node('Gather', [name, emitter.int64(pixels)], { axis: int(axis) })[0]!;
    };
    return [pick(pick(emitter.name(x!), 2), 3)];
  },
);

/** Nearest resampling to height x width px as PyTorch's 'nearest': target pixel j shows pixel floor(j * from / to). */
export function resizeNearest(x: Tensor, height: number, width: number): Tensor {
  return apply(nearestResizeOperator, [x], { height, width });
}
