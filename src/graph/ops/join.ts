/** @file Operators that cut tensors apart and put them together: concat, split, slice, pad, gather. */
import { int, string } from '../onnx/model.ts';
import { normalizeAxis, sameShape } from '../shape.ts';
import { apply, applyAll, type Operator, type Shape, scalar, shapeError, type Tensor } from '../tensor.ts';
import { expand } from './reshape.ts';
import { scatterAdd } from './scatter.ts';

interface AxisAttributes {
  readonly axis: number;
}

const concatOperator: Operator<AxisAttributes> = {
  name: 'concat',
  infer: (inputs, { axis }) => {
    const [first] = inputs;
    const fits = (x: Tensor): boolean =>
      x.dtype === first!.dtype &&
      x.shape.length === first!.shape.length &&
      x.shape.every((size, i) => i === axis || size === first!.shape[i]);
    if (!inputs.every(fits)) {
      throw shapeError(
        'concat',
        inputs,
        'parts that do not fit',
        `one dtype and equal sizes but on axis ${axis}`,
      );
    }
    const total = inputs.reduce((size, x) => size + x.shape[axis]!, 0);
    return [{ shape: first!.shape.with(axis, total), dtype: first!.dtype }];
  },
  emit: (emitter, { inputs, attributes: { axis } }) =>
    emitter.node('Concat', inputs.map(emitter.name), { axis: int(axis) }),
  gradient: ({ inputs, attributes: { axis } }, [g]) =>
    split(
      g!,
      inputs.map((x) => x.shape[axis]!),
      axis,
    ),
};

/** Puts tensors behind each other along an axis. */
export function concat(parts: readonly Tensor[], axis: number): Tensor {
  const [first] = parts;
  if (first === undefined) throw shapeError('concat', parts, 'no parts', 'at least one');
  const normal = normalizeAxis(axis, first.shape.length);
  return parts.length === 1 ? first : apply(concatOperator, parts, { axis: normal });
}

interface SplitAttributes extends AxisAttributes {
  readonly sizes: readonly number[];
}

const splitOperator: Operator<SplitAttributes> = {
  name: 'split',
  infer: ([x], { axis, sizes }) => {
    if (sizes.reduce((total, size) => total + size, 0) !== x!.shape[axis]) {
      throw shapeError('split', [x!], `parts of [${sizes}]`, `parts that add up to ${x!.shape[axis]}`);
    }
    return sizes.map((size) => ({ shape: x!.shape.with(axis, size), dtype: x!.dtype }));
  },
  emit: (emitter, { inputs: [x], attributes: { axis, sizes } }) =>
    emitter.node('Split', [emitter.name(x!), emitter.int64(sizes)], { axis: int(axis) }, sizes.length),
  gradient: ({ outputs, attributes: { axis } }, gradients) => [
    concat(
      outputs.map((output, i) => gradients[i] ?? expand(scalar(0), output.shape)),
      axis,
    ),
  ],
};

/** Cuts a tensor into parts of the given sizes along an axis. */
export function split(x: Tensor, sizes: readonly number[], axis: number): readonly Tensor[] {
  const normal = normalizeAxis(axis, x.shape.length);
  const whole = sizes.length === 1 && sizes[0] === x.shape[normal];
  return whole ? [x] : applyAll(splitOperator, [x], { sizes, axis: normal });
}

interface SliceAttributes {
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

const sliceOperator: Operator<SliceAttributes> = {
  name: 'slice',
  infer: ([x], { starts, ends }) => {
    const inside = starts.every((start, i) => 0 <= start && start <= ends[i]! && ends[i]! <= x!.shape[i]!);
    if (!inside || starts.length !== x!.shape.length || ends.length !== starts.length) {
      throw shapeError('slice', [x!], `the range [${starts}] to [${ends}]`, 'a range inside the tensor');
    }
    return [{ shape: starts.map((start, i) => ends[i]! - start), dtype: x!.dtype }];
  },
  emit: (emitter, { inputs: [x], attributes: { starts, ends } }) => {
    const axes = starts.flatMap((start, i) => (start === 0 && ends[i] === x!.shape[i] ? [] : [i]));
    const at = (list: readonly number[]): string => emitter.int64(axes.map((axis) => list[axis]!));
    return emitter.node('Slice', [emitter.name(x!), at(starts), at(ends), emitter.int64(axes)]);
  },
  gradient: ({ inputs: [x], attributes: { starts, ends } }, [g]) => [
    pad(
      g!,
      starts,
      x!.shape.map((size, i) => size - ends[i]!),
    ),
  ],
};

/** The block from starts (inclusive) to ends (exclusive), one entry per axis. */
export function slice(x: Tensor, starts: readonly number[], ends: readonly number[]): Tensor {
  const whole = starts.every((start) => start === 0) && sameShape(ends, x.shape);
  return whole && starts.length === x.shape.length ? x : apply(sliceOperator, [x], { starts, ends });
}

interface PadAttributes {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

const padOperator: Operator<PadAttributes> = {
  name: 'pad',
  infer: ([x], { before, after }) => {
    if (before.length !== x!.shape.length || after.length !== x!.shape.length) {
      throw shapeError('pad', [x!], `[${before}] before and [${after}] after`, 'a number per axis');
    }
    return [{ shape: x!.shape.map((size, i) => size + before[i]! + after[i]!), dtype: x!.dtype }];
  },
  emit: (emitter, { inputs: [x], attributes: { before, after } }) =>
    emitter.node('Pad', [emitter.name(x!), emitter.int64([...before, ...after])], {
      mode: string('constant'),
    }),
  gradient: ({ attributes: { before, after } }, [g]) => [
    pad(
      g!,
      before.map((size) => -size),
      after.map((size) => -size),
    ),
  ],
};

/** Puts zeros before and after each axis; negative numbers cut off instead. */
export function pad(x: Tensor, before: readonly number[], after: readonly number[]): Tensor {
  return [...before, ...after].every((size) => size === 0) && before.length === x.shape.length
    ? x
    : apply(padOperator, [x], { before, after });
}

const gatherOperator: Operator<AxisAttributes> = {
  name: 'gather',
  infer: ([x, indices], { axis }) => {
    if (indices!.dtype !== 'int64' && indices!.dtype !== 'int32') {
      throw shapeError('gather', [x!, indices!], `indices of ${indices!.dtype}`, 'indices of int64 or int32');
    }
    const shape: Shape = [...x!.shape.slice(0, axis), ...indices!.shape, ...x!.shape.slice(axis + 1)];
    return [{ shape, dtype: x!.dtype }];
  },
  emit: (emitter, { inputs: [x, indices], attributes: { axis } }) =>
    emitter.node('Gather', [emitter.name(x!), emitter.name(indices!)], { axis: int(axis) }),
  gradient: ({ inputs: [x, indices], attributes: { axis } }, [g]) => [
    scatterAdd(x!.shape, indices!, g!, axis),
    undefined,
  ],
};

/** Picks slices along an axis: the axis is replaced by the axes of `indices` (int64 or int32). */
export function gather(x: Tensor, indices: Tensor, axis = 0): Tensor {
  return apply(gatherOperator, [x, indices], { axis: normalizeAxis(axis, x.shape.length) });
}
