import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DatasetError } from '../../src/base/errors.ts';
import { quantile } from '../../src/evaluate/bootstrap.ts';
import { surfaceDistances } from '../../src/evaluate/surface.ts';
import { emptyMask, type Mask } from '../../src/masks/mask.ts';

const rectangle = (x0: number, y0: number, x1: number, y1: number): Mask => {
  const mask = emptyMask({ height: 20, width: 24 });
  for (let y = y0; y <= y1; y++) for (let x = x0; x <= x1; x++) mask.data[y * 24 + x] = 1;
  return mask;
};

/** The definition, pixel by pixel, without a distance transform. */
function slowDistances(a: Mask, b: Mask, [rowStep, colStep]: readonly [number, number]) {
  const outline = ({ height, width, data }: Mask): [number, number][] => {
    const set = (y: number, x: number): boolean =>
      y >= 0 && x >= 0 && y < height && x < width && data[y * width + x] === 1;
    const points: [number, number][] = [];
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++)
        if (set(y, x) && !(set(y - 1, x) && set(y + 1, x) && set(y, x - 1) && set(y, x + 1)))
          points.push([y, x]);
    return points;
  };
  const nearest = (from: [number, number][], to: [number, number][]): number[] =>
    from.map(([y, x]) => Math.min(...to.map(([v, u]) => Math.hypot((y - v) * rowStep, (x - u) * colStep))));
  const [there, back] = [nearest(outline(a), outline(b)), nearest(outline(b), outline(a))];
  const all = [...there, ...back];
  return {
    hd95: Math.max(quantile(there, 0.95), quantile(back, 0.95)),
    assd: all.reduce((sum, value) => sum + value, 0) / all.length,
  };
}

describe('surfaceDistances', () => {
  it('is 0 for equal masks and undefined for an empty one', () => {
    const mask = rectangle(3, 4, 10, 9);
    expect(surfaceDistances(mask, mask)).toEqual({ hd95: 0, assd: 0 });
    expect(surfaceDistances(mask, emptyMask(mask))).toBeUndefined();
    expect(surfaceDistances(emptyMask(mask), mask)).toBeUndefined();
  });

  it('is the gap between two vertical lines, in px and in mm along columns', () => {
    const [left, right] = [rectangle(2, 5, 2, 14), rectangle(9, 5, 9, 14)];
    expect(surfaceDistances(left, right)).toEqual({ hd95: 7, assd: 7 });
    expect(surfaceDistances(left, right, [0.5, 0.2])).toEqual({
      hd95: expect.closeTo(1.4, 12),
      assd: expect.closeTo(1.4, 12),
    });
  });

  it('averages both ways: one pixel against a line of three', () => {
    const result = surfaceDistances(rectangle(5, 5, 5, 5), rectangle(5, 5, 7, 5))!;
    expect(result.assd).toBeCloseTo((0 + 0 + 1 + 2) / 4, 12);
    expect(result.hd95).toBeCloseTo(1.9, 12);
  });

  it('treats the edge of the image as an outline', () => {
    expect(surfaceDistances(rectangle(0, 0, 23, 19), rectangle(1, 1, 22, 18))!.assd).toBeGreaterThan(0.9);
  });

  it('agrees with the definition, and both ways round', () => {
    const masks = fc
      .array(fc.integer({ min: 0, max: 3 }), { minLength: 70, maxLength: 70 })
      .map((bits): Mask => ({ height: 7, width: 10, data: Uint8Array.from(bits, (v) => (v === 0 ? 1 : 0)) }))
      .filter((mask) => mask.data.includes(1));
    const spacings = fc.constantFrom([1, 1] as const, [0.4, 1.7] as const);
    fc.assert(
      fc.property(masks, masks, spacings, (a, b, spacing) => {
        const result = surfaceDistances(a, b, spacing)!;
        const expected = slowDistances(a, b, spacing);
        expect(result.hd95).toBeCloseTo(expected.hd95, 9);
        expect(result.assd).toBeCloseTo(expected.assd, 9);
        expect(surfaceDistances(b, a, spacing)!.hd95).toBeCloseTo(result.hd95, 9);
      }),
    );
  });

  it('refuses masks of different sizes', () => {
    expect(() => surfaceDistances(emptyMask({ height: 2, width: 2 }), rectangle(0, 0, 1, 1))).toThrow(
      DatasetError,
    );
  });
});
