/** @file Graphs that cannot be built: every shape rule says so with a GraphError that shows the shapes. */
import { describe, expect, it } from 'vitest';
import { GraphError } from '../../src/base/errors.ts';
import { buildModel } from '../../src/graph/build.ts';
import { channelAffine } from '../../src/graph/ops/channel-affine.ts';
import { conv2d, convTranspose2d } from '../../src/graph/ops/conv.ts';
import { add, where } from '../../src/graph/ops/elementwise.ts';
import { gridSample } from '../../src/graph/ops/grid-sample.ts';
import { concat, gather, pad, slice, split } from '../../src/graph/ops/join.ts';
import { matmul, softmax } from '../../src/graph/ops/matmul.ts';
import { instanceNorm, layerNorm } from '../../src/graph/ops/norm.ts';
import { maxPool2d, upsampleNearest } from '../../src/graph/ops/pool.ts';
import { sum } from '../../src/graph/ops/reduce.ts';
import { expand, reshape, transpose } from '../../src/graph/ops/reshape.ts';
import { resizeBilinear, resizeNearest } from '../../src/graph/ops/resize.ts';
import { gatherElements, scatterAdd } from '../../src/graph/ops/scatter.ts';
import { constant, input, scalar, type Tensor } from '../../src/graph/tensor.ts';
import { float32 } from '../../src/tensor/array.ts';

const of = (...shape: number[]): Tensor => input('x', shape);
const whole = (...shape: number[]): Tensor => input('i', shape, 'int64');
const image = of(1, 2, 4, 6);

/** What is refused, how, and a part of the message. */
const refusals: readonly (readonly [title: string, build: () => Tensor | readonly Tensor[], says: string])[] =
  [
    ['shapes that do not broadcast', () => add(of(2, 3), of(2)), 'add(float32[2,3], float32[2])'],
    ['operands of two dtypes', () => add(of(2), whole(2)), 'one dtype'],
    ['a condition that is not bool', () => where(of(2), of(2), of(2)), 'bool'],
    ['branches that do not broadcast', () => where(input('c', [2], 'bool'), of(3), of(2)), 'where'],
    ['an axis out of range', () => sum(of(2, 3), { axes: [2] }), 'Axis 2'],
    ['an axis that is not whole', () => softmax(of(2, 3), 0.5), 'Axis 0.5'],
    ['a reshape to another count', () => reshape(of(2, 3), [4]), '6 elements'],
    ['an open size that does not divide', () => reshape(of(4), [3, -1]), 'whole numbers'],
    ['two open sizes', () => reshape(of(4), [-1, -1]), 'reshape'],
    ['an order that misses an axis', () => transpose(of(2, 3), [0]), 'each axis once'],
    ['an order with an axis twice', () => transpose(of(2, 3), [1, 1]), 'each axis once'],
    ['an expansion of a size that is not 1', () => expand(of(2), [4]), 'expand'],
    ['an expansion to fewer axes', () => expand(of(1, 2), [2]), 'expand'],
    ['no parts to join', () => concat([], 0), 'at least one'],
    ['parts of two widths', () => concat([of(2, 3), of(2, 4)], 0), 'concat'],
    ['parts of two ranks', () => concat([of(2, 3), of(2)], 0), 'concat'],
    ['an axis of one part out of range', () => concat([of(2)], 1), 'Axis 1'],
    ['parts that do not add up', () => split(of(5), [2, 2], 0), 'add up to 5'],
    ['one part that is too small', () => split(of(5), [4], 0), 'add up to 5'],
    ['a negative part', () => split(of(5), [6, -1], 0), 'whole numbers'],
    ['a slice past the end', () => slice(of(5), [0], [6]), 'inside'],
    ['a slice that ends before it starts', () => slice(of(5), [3], [2]), 'inside'],
    ['a slice with too few axes', () => slice(of(5, 2), [0], [5]), 'inside'],
    ['a slice with more ends than axes', () => slice(of(5), [0], [4, 1]), 'inside'],
    ['pads for another rank', () => pad(of(5), [1, 0], [0, 0]), 'a number per axis'],
    ['pads that cut off more than there is', () => pad(of(5), [-3], [-3]), 'whole numbers'],
    ['indices that are not whole', () => gather(of(5), of(2)), 'int64'],
    ['an axis to gather from out of range', () => gather(of(5), whole(2), 1), 'Axis 1'],
    ['indices of another rank', () => gatherElements(of(5), whole(2, 2), 0), 'gatherElements'],
    ['indices of another width', () => gatherElements(of(5, 2), whole(5, 3), 0), 'gatherElements'],
    ['a slice too few to scatter', () => scatterAdd([5], whole(3), of(2), 0), 'reshape'],
    ['float indices to scatter to', () => scatterAdd([5], of(3), of(3), 0), 'int64'],
    ['matrices that do not fit', () => matmul(of(2, 3), of(2, 3)), 'matmul(float32[2,3], float32[2,3])'],
    ['a vector as a matrix', () => matmul(of(3), of(3, 2)), 'matmul'],
    ['batches that do not broadcast', () => matmul(of(2, 2, 3), of(3, 3, 2)), 'matmul'],
    ['matrices of two dtypes', () => matmul(of(2, 3), whole(3, 2)), 'one dtype'],
    ['a filter of other channels', () => conv2d(image, of(3, 1, 3, 3)), 'conv2d'],
    ['an image of rank 3', () => conv2d(of(2, 4, 6), of(3, 2, 3, 3)), 'conv2d'],
    ['groups that do not divide', () => conv2d(image, of(3, 1, 1, 1), undefined, { groups: 2 }), '2 groups'],
    ['a kernel larger than the image', () => conv2d(image, of(3, 2, 5, 5)), 'a kernel larger'],
    ['a stride of 0', () => conv2d(image, of(3, 2, 3, 3), undefined, { stride: 0 }), 'stride 0 x 0'],
    ['a negative padding', () => conv2d(image, of(3, 2, 3, 3), undefined, { padding: -1 }), 'padding -1'],
    ['a bias of another size', () => conv2d(image, of(3, 2, 3, 3), of(2)), 'a bias of shape [3]'],
    [
      'a transposed filter of other channels',
      () => convTranspose2d(image, of(3, 2, 2, 2)),
      'convTranspose2d',
    ],
    ['a transposed bias of another size', () => convTranspose2d(image, of(2, 3, 2, 2), of(2)), 'a bias'],
    [
      'half a stride',
      () => convTranspose2d(image, of(2, 3, 2, 2), undefined, { stride: [1, 0.5] }),
      'stride 1 x 0.5',
    ],
    ['too few scales', () => channelAffine(image, of(1), of(2)), 'channelAffine'],
    [
      'an addend of another shape',
      () => channelAffine(image, of(2), of(2), { addend: of(2) }),
      'channelAffine',
    ],
    ['scales of other channels', () => instanceNorm(image, of(3), of(3)), 'reshape'],
    ['a norm of rank 3', () => instanceNorm(of(2, 3, 4), of(3), of(3)), 'Axis 3'],
    ['layer norm of another width', () => layerNorm(of(2, 3), of(2), of(3)), 'layerNorm'],
    ['windows that do not fit', () => maxPool2d(of(1, 1, 5, 4)), 'multiples of 2'],
    ['windows of 0', () => maxPool2d(image, 0), 'windows of 0'],
    ['half a factor', () => upsampleNearest(image, 0.5), 'a whole factor'],
    ['an image to repeat of rank 2', () => upsampleNearest(of(4, 4), 2), 'upsampleNearest'],
    ['a size of 0', () => resizeBilinear(image, 0, 4), 'at least 1 x 1'],
    ['a size that is not whole', () => resizeNearest(image, 2.5, 4), 'whole numbers'],
    ['an image to resize of rank 3', () => resizeNearest(of(1, 4, 4), 2, 2), 'resizeNearest'],
    ['a grid of three coordinates', () => gridSample(image, of(1, 2, 2, 3)), 'gridSample'],
    ['a grid for another batch', () => gridSample(image, of(2, 2, 2, 2)), 'gridSample'],
    ['an input of a negative size', () => of(2, -1), 'whole numbers'],
    ['a constant of another size', () => constant(float32([3], [1, 2])), '8 bytes'],
  ];

describe('what cannot be built', () => {
  for (const [title, build, says] of refusals) {
    it(`is refused: ${title}`, () => {
      expect(build).toThrow(GraphError);
      expect(build).toThrow(says);
    });
  }
});

describe('names in a model', () => {
  it('mean one thing each', () => {
    const [a, b] = [input('a', []), input('b', [])];
    const weight = (value: number): Tensor => constant(float32([], [value]), 'w');
    expect(() => buildModel({ y: add(a, input('a', [])) })).toThrow(GraphError);
    expect(() => buildModel({ a: add(a, b) })).toThrow('named a');
    expect(() => buildModel({ y: add(weight(1), weight(2)) })).toThrow('named w');
    expect(() => buildModel({ w: add(weight(1), a) })).toThrow('named w');
    expect(() => buildModel({ y: add(constant(float32([], [1]), 'a'), a) })).toThrow('named a');
  });

  it('may be those that the builder would choose', () => {
    const model = buildModel({ Add_1: add(add(input('Add_0', []), 1), 1) });
    const names = model.nodes.flatMap(({ outputs }) => outputs);
    expect(names.at(-1)).toBe('Add_1');
    expect(new Set(['Add_0', ...names]).size).toBe(names.length + 1);
  });

  it('allow a weight to be used twice', () => {
    const array = float32([2], [1, 2]);
    const model = buildModel({ y: add(constant(array, 'w'), constant(array, 'w')) });
    expect([...model.initializers.keys()]).toEqual(['w']);
  });

  it('do not depend on what was built before', () => {
    const build = () =>
      buildModel({ y: add(add(input('x', [2]), constant(float32([2], [1, 2]))), scalar(3)) });
    expect(build()).toEqual(build());
  });
});
