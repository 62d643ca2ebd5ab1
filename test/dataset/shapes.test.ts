import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { alignment, classShapes, shapeOf, shapesByClass } from '../../src/dataset/shapes.ts';
import { encodeRle } from '../../src/masks/rle.ts';
import { anyMask, drawn } from '../masks/grids.ts';

/** A block of 2 x 2 px at a place of an image of 20 x 10 px. */
function block(classIndex: number, x: number, y: number) {
  const data = new Uint8Array(200);
  for (const i of [0, 1, 20, 21]) data[y * 20 + x + i] = 1;
  return { classIndex, rle: encodeRle({ height: 10, width: 20, data }) };
}

describe('shapeOf', () => {
  it('gives area and centre as parts of the image', () => {
    const shape = shapeOf(encodeRle(drawn('....', '.##.', '.##.', '....')))!;
    expect(shape.logArea).toBeCloseTo(Math.log(4 / 16));
    expect(shape.centre).toEqual([0.5, 0.5]);
    expect(shapeOf(encodeRle(drawn('..', '..')))).toBeUndefined();
  });

  it('agrees with a walk over the pixels', () => {
    fc.assert(
      fc.property(anyMask(), (mask) => {
        const shape = shapeOf(encodeRle(mask));
        let [area, sumX, sumY] = [0, 0, 0];
        mask.data.forEach((value, i) => {
          area += value;
          sumX += value * ((i % mask.width) + 0.5);
          sumY += value * (Math.floor(i / mask.width) + 0.5);
        });
        if (area === 0) expect(shape).toBeUndefined();
        else {
          expect(shape!.centre[0]).toBeCloseTo(sumX / area / mask.width, 10);
          expect(shape!.centre[1]).toBeCloseTo(sumY / area / mask.height, 10);
        }
      }),
    );
  });
});

describe('classShapes', () => {
  const row = (shift: number) => [0, 1, 2, 3].map((index) => block(index, 2 + 4 * index + shift, 4));

  it('counts how often a class is shown, and knows nothing of one that never is', () => {
    const { frequency, classes } = classShapes([row(0), row(0).slice(1)], 5);
    expect(frequency).toEqual([0.5, 1, 1, 1, 0]);
    expect(classes[4]).toBeUndefined();
    expect(classes[0]!.images).toBe(1);
  });

  it('does not take the shift of a whole image for a deviation of its classes', () => {
    const { classes } = classShapes([row(-1), row(0), row(2)], 4);
    for (const shape of classes) expect(shape!.deviation.centre).toEqual([0.01, 0.01]);
    const moved = [row(0), row(0), [...row(0).slice(0, 3), block(3, 16, 4)]];
    expect(classShapes(moved, 4).classes[3]!.deviation.centre[0]).toBeGreaterThan(0.02);
  });

  it('aligns by the median, which one wrong name does not move', () => {
    const { classes } = classShapes([row(0), row(0)], 4);
    const usual = (index: number) => classes[index]?.mean.centre;
    const shift = alignment(shapesByClass([...row(1).slice(0, 3), block(3, 2, 8)]), usual);
    expect(shift[0]).toBeCloseTo(1 / 20);
    expect(shift[1]).toBeCloseTo(0);
    expect(alignment(shapesByClass(row(1).slice(0, 2)), usual)).toEqual([0, 0]);
  });
});
