/** @file Sampling images at the places of a grid. */
import { int, string } from '../onnx/model.ts';
import { apply, type Operator, shapeError, type Tensor } from '../tensor.ts';

interface GridSampleAttributes {
  readonly mode: 'bilinear' | 'nearest';
  readonly outside: 'zeros' | 'border';
}

const gridSampleOperator: Operator<GridSampleAttributes> = {
  name: 'gridSample',
  infer: ([x, grid]) => {
    const [batch, height, width, two] = grid!.shape;
    if (x!.shape.length !== 4 || grid!.shape.length !== 4 || two !== 2 || batch !== x!.shape[0]) {
      throw shapeError('gridSample', [x!, grid!], 'tensors that do not fit', '[N, C, H, W] and [N, h, w, 2]');
    }
    return [{ shape: [batch!, x!.shape[1]!, height!, width!], dtype: x!.dtype }];
  },
  emit: (emitter, { inputs, attributes: { mode, outside } }) =>
    emitter.node('GridSample', inputs.map(emitter.name), {
      mode: string(mode === 'bilinear' ? 'linear' : 'nearest'),
      padding_mode: string(outside),
      align_corners: int(0),
    }),
};

/**
 * Samples x [N, C, H, W] at grid [N, h, w, 2] (x, y in [-1, 1] from edge to edge of the image). Outside the
 * image lie zeros, or its border goes on. It is for images and labels, which have no gradient.
 */
export function gridSample(
  x: Tensor,
  grid: Tensor,
  mode: 'bilinear' | 'nearest' = 'bilinear',
  outside: 'zeros' | 'border' = 'zeros',
): Tensor {
  return apply(gridSampleOperator, [x, grid], { mode, outside });
}
