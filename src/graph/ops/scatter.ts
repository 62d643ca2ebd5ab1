/** @file The transpose of gather: adds slices into zeros at given places. */
import { elementCount } from '../../tensor/array.ts';
import { int, string } from '../onnx/model.ts';
import { normalizeAxis, sameShape } from '../shape.ts';
import { apply, type Operator, type Shape, scalar, shapeError, type Tensor } from '../tensor.ts';
import { expand, reshape } from './reshape.ts';

interface ScatterAttributes {
  readonly axis: number;
}

const scatterOperator: Operator<ScatterAttributes> = {
  name: 'scatterAdd',
  infer: (inputs) => {
    const [zeros, indices, values] = inputs as [Tensor, Tensor, Tensor];
    const rank = zeros.shape.length;
    if (!sameShape(indices.shape, values.shape) || values.shape.length !== rank || !isIndex(indices)) {
      throw shapeError(
        'scatterAdd',
        inputs,
        'tensors that do not fit',
        'int64 or int32 indices, one slice for each',
      );
    }
    return [{ shape: zeros.shape, dtype: zeros.dtype }];
  },
  emit: (emitter, { inputs: [zeros, indices, values], attributes: { axis } }) =>
    emitter.node(
      'ScatterElements',
      [zeros, indices, values].map((x) => emitter.name(x!)),
      {
        axis: int(axis),
        reduction: string('add'),
      },
    ),
  gradient: ({ inputs: [, indices], attributes: { axis } }, [g]) => [
    undefined,
    undefined,
    gatherElements(g!, indices!, axis),
  ],
};

const gatherElementsOperator: Operator<ScatterAttributes> = {
  name: 'gatherElements',
  infer: ([x, indices], { axis }) => {
    const fits = x!.shape.every((size, i) => i === axis || indices!.shape[i]! <= size);
    if (!isIndex(indices!) || indices!.shape.length !== x!.shape.length || !fits) {
      throw shapeError(
        'gatherElements',
        [x!, indices!],
        'tensors that do not fit',
        'int64 or int32 indices inside x',
      );
    }
    return [{ shape: indices!.shape, dtype: x!.dtype }];
  },
  emit: (emitter, { inputs: [x, indices], attributes: { axis } }) =>
    emitter.node('GatherElements', [emitter.name(x!), emitter.name(indices!)], { axis: int(axis) }),
  gradient: ({ inputs: [x, indices], attributes: { axis } }, [g]) => [
    apply(scatterOperator, [expand(scalar(0), x!.shape), indices!, g!], { axis }),
    undefined,
  ],
};

const isIndex = ({ dtype }: Tensor): boolean => dtype === 'int64' || dtype === 'int32';

/** y[.., i, ..] = x[.., indices[.., i, ..], ..] along `axis`; x and indices have equal rank. */
export function gatherElements(x: Tensor, indices: Tensor, axis: number): Tensor {
  return apply(gatherElementsOperator, [x, indices], { axis: normalizeAxis(axis, x.shape.length) });
}

/** Zeros of `shape` plus, for each index along `axis`, the slice of `values` that gather had taken from there. */
export function scatterAdd(shape: Shape, indices: Tensor, values: Tensor, axis: number): Tensor {
  const normal = normalizeAxis(axis, shape.length);
  const count = elementCount(indices.shape);
  const flat = reshape(values, shape.with(normal, count));
  const column = reshape(
    indices,
    flat.shape.map((_, i) => (i === normal ? count : 1)),
  );
  return apply(scatterOperator, [expand(scalar(0), shape), expand(column, flat.shape), flat], {
    axis: normal,
  });
}
