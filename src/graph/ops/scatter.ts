/** @file The transpose of gather: adds slices into zeros at given places. */
import { elementCount } from '../../tensor/array.ts';
import { int, string } from '../onnx/model.ts';
import { apply, type Operator, type Shape, scalar, type Tensor } from '../tensor.ts';
import { expand, reshape } from './reshape.ts';

interface ScatterAttributes {
  readonly axis: number;
}

const scatterOperator: Operator<ScatterAttributes> = {
  name: 'scatterAdd',
  infer: ([zeros]) => [{ shape: zeros!.shape, dtype: zeros!.dtype }],
  emit: (emitter, { inputs: [zeros, indices, values], attributes: { axis } }) =>
    emitter.node('ScatterElements', [zeros, indices, values].map((x) => emitter.name(x!)), {
      axis: int(axis),
      reduction: string('add'),
    }),
  gradient: ({ inputs: [, indices], attributes: { axis } }, [g]) => [
    undefined,
    undefined,
    gatherElements(g!, indices!, axis),
  ],
};

const gatherElementsOperator: Operator<ScatterAttributes> = {
  name: 'gatherElements',
  infer: ([x, indices]) => [{ shape: indices!.shape, dtype: x!.dtype }],
  emit: (emitter, { inputs: [x, indices], attributes: { axis } }) =>
    emitter.node('GatherElements', [emitter.name(x!), emitter.name(indices!)], { axis: int(axis) }),
  gradient: ({ inputs: [x, indices], attributes: { axis } }, [g]) => [
    apply(scatterOperator, [expand(scalar(0), x!.shape), indices!, g!], { axis }),
    undefined,
  ],
};

/** y[.., i, ..] = x[.., indices[.., i, ..], ..] along `axis`; x and indices have equal rank. */
export function gatherElements(x: Tensor, indices: Tensor, axis: number): Tensor {
  return apply(gatherElementsOperator, [x, indices], { axis });
}

/** Zeros of `shape` plus, for each index along `axis`, the slice of `values` that gather had taken from there. */
export function scatterAdd(shape: Shape, indices: Tensor, values: Tensor, axis: number): Tensor {
  const count = elementCount(indices.shape);
  const flat = reshape(values, [...shape.slice(0, axis), count, ...shape.slice(axis + 1)]);
  const column = reshape(
    indices,
    flat.shape.map((_, i) => (i === axis ? count : 1)),
  );
  return apply(scatterOperator, [expand(scalar(0), shape), expand(column, flat.shape), flat], { axis });
}
