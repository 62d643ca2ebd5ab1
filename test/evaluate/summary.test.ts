import { describe, expect, it } from 'vitest';
import type { AnnotatedImage, AnnotationSet, Structure } from '../../src/annotations/types.ts';
import { DatasetError } from '../../src/base/errors.ts';
import { classDistance, compareEvaluations, evaluateSet } from '../../src/evaluate/summary.ts';
import { encodeRle } from '../../src/masks/rle.ts';

const classes = ['radius', 'ulna', 'lunate'];

/** A mask of one row: '110' and so on. */
const structure = (classIndex: number, row: string): Structure => ({
  classIndex,
  rle: encodeRle({ height: 1, width: row.length, data: Uint8Array.from(row, Number) }),
});

const image = (fileName: string, ...structures: Structure[]): AnnotatedImage => ({
  fileName,
  height: 1,
  width: 4,
  structures,
});

const set = (...images: AnnotatedImage[]): AnnotationSet => ({ classes, images });

/*
 * By hand, Dice (IoU):      radius            ulna           lunate
 * a.png                     2/3 (1/2)         1 (1)          absent, invented: skipped | 0
 * b.png                     missed: 0 (0)     absent, not predicted: skipped | skipped
 */
const truth = set(
  image('a.png', structure(0, '1100'), structure(1, '0011')),
  image('b.png', structure(0, '1111'), structure(2, '0000')),
);
const predicted = set(
  image('b.png'),
  image('a.png', structure(0, '1000'), structure(1, '0011'), structure(2, '0100')),
  image('not-labelled.png', structure(0, '1111')),
);

describe('evaluateSet', () => {
  const result = evaluateSet(truth, predicted);

  it('averages over all entries that count under each rule', () => {
    expect(result.overall.dice.present).toMatchObject({
      mean: expect.closeTo((2 / 3 + 1 + 0) / 3, 12),
      n: 3,
    });
    expect(result.overall.dice.counted).toMatchObject({
      mean: expect.closeTo((2 / 3 + 1 + 0) / 4, 12),
      n: 4,
    });
    expect(result.overall.iou.present.mean).toBeCloseTo(1.5 / 3, 12);
    expect(result.overall.iou.counted.mean).toBeCloseTo(1.5 / 4, 12);
  });

  it('averages per image, and over the images', () => {
    expect(result.images.map((i) => i.fileName)).toEqual(['a.png', 'b.png']);
    expect(result.images[0]!.dice.present).toBeCloseTo(5 / 6, 12);
    expect(result.images[0]!.dice.counted).toBeCloseTo(5 / 9, 12);
    expect(result.images[1]!.dice).toEqual({ present: 0, counted: 0 });
    expect(result.overall.dice.present.perImageMean).toBeCloseTo(5 / 12, 12);
    expect(result.overall.dice.present.perImageStd).toBeCloseTo(5 / 12, 12);
  });

  it('averages per class and counts detected, missed and invented structures', () => {
    const [radius, ulna, lunate] = result.perClass;
    expect(radius).toMatchObject({
      name: 'radius',
      presentIn: 2,
      detectedIn: 1,
      detectionRate: 0.5,
      missedIn: 1,
    });
    expect(radius!.dice.present).toEqual({ mean: expect.closeTo(1 / 3, 12), n: 2 });
    expect(ulna!.dice.counted).toEqual({ mean: 1, n: 1 });
    expect(lunate).toMatchObject({ presentIn: 0, detectionRate: null, inventedIn: 1 });
    expect(lunate!.dice).toEqual({ present: { mean: null, n: 0 }, counted: { mean: 0, n: 1 } });
  });

  it('leaves out entries in which nothing was to be found and nothing was', () => {
    expect(result.images.map((i) => i.entries.map((e) => e.classIndex))).toEqual([[0, 1, 2], [0]]);
    expect(result.images[0]!.entries[2]).toEqual({
      classIndex: 2,
      truthPx: 0,
      predictedPx: 1,
      intersectionPx: 0,
      dice: 0,
      iou: 0,
    });
  });

  it('gives an interval around the mean and survives JSON unchanged', () => {
    const { mean, interval } = result.overall.dice.present;
    expect(interval!.low).toBeLessThanOrEqual(mean!);
    expect(interval!.high).toBeGreaterThanOrEqual(mean!);
    expect(JSON.parse(JSON.stringify(result))).toEqual(result);
  });

  it('measures surface distances on request, in px or mm', () => {
    expect(result.surface).toBeUndefined();
    const inPx = evaluateSet(truth, predicted, { surface: {} });
    expect(inPx.surface).toEqual({
      unit: 'px',
      hd95: { mean: expect.closeTo(0.475, 9), n: 2 },
      assd: { mean: expect.closeTo(1 / 6, 9), n: 2 },
    });
    expect(inPx.images[0]!.entries.map((entry) => entry.assd)).toEqual([
      expect.closeTo(1 / 3, 9),
      0,
      undefined,
    ]);
    expect(inPx.classes.map((_, k) => classDistance(inPx, k, 'assd'))).toEqual([
      { mean: expect.closeTo(1 / 3, 9), n: 1 },
      { mean: 0, n: 1 },
      { mean: null, n: 0 },
    ]);
    expect(classDistance(result, 0, 'assd')).toEqual({ mean: null, n: 0 });
    const inMm = evaluateSet(truth, predicted, { surface: { spacingMm: () => [1, 0.1] } });
    expect(inMm.surface).toMatchObject({ unit: 'mm', assd: { mean: expect.closeTo(1 / 60, 9) } });
  });

  it('has null where there is nothing to average', () => {
    const empty = evaluateSet(set(image('a.png')), set(image('a.png')));
    expect(empty.overall.dice.counted).toEqual({
      mean: null,
      n: 0,
      interval: null,
      perImageMean: null,
      perImageStd: null,
    });
    expect(evaluateSet(set(), set()).images).toEqual([]);
  });

  it.each([
    ['a missing prediction', set(image('a.png')), /b\.png has a ground truth but no prediction/],
    ['other classes', { ...predicted, classes: ['radius', 'ulna'] }, /same classes in the same order/],
    ['a name twice', set(image('a.png'), image('b.png'), image('a.png')), /a\.png occurs twice/],
    ['another size', set(image('a.png'), { ...image('b.png'), width: 5 }), /b\.png is 4 x 1 px.*5 x 1 px/],
    [
      'two masks of a class',
      set(image('a.png', structure(0, '1000'), structure(0, '0100')), image('b.png')),
      /two masks/,
    ],
    [
      'a mask of another size',
      set(image('a.png', structure(0, '10000')), image('b.png')),
      /a\.png holds a mask/,
    ],
  ])('refuses %s', (_, prediction, message) => {
    expect(() => evaluateSet(truth, prediction)).toThrow(DatasetError);
    expect(() => evaluateSet(truth, prediction)).toThrow(message);
  });
});

describe('compareEvaluations', () => {
  it('pairs images by name and takes second minus first', () => {
    const worse = evaluateSet(truth, predicted);
    const perfect = evaluateSet(set(...[...truth.images].reverse()), truth);
    const result = compareEvaluations(worse, perfect, 'present')!;
    expect(result.difference).toBeCloseTo(1 - 5 / 9, 12);
    expect(compareEvaluations(perfect, worse, 'present')!.difference).toBeCloseTo(5 / 9 - 1, 12);
  });
});
