/** Moments from runs against those of the pixels, one by one. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { momentsOf } from '../../src/masks/moments.ts';
import { encodeRle } from '../../src/masks/rle.ts';

it('are those of the pixels as unit squares', () => {
  const masks = fc
    .tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 }))
    .chain(([height, width]) =>
      fc
        .array(fc.integer({ min: 0, max: 1 }), { minLength: height * width, maxLength: height * width })
        .map((bits) => ({ height, width, data: Uint8Array.from(bits) })),
    );
  fc.assert(
    fc.property(masks, (mask) => {
      const places = [...mask.data.keys()]
        .filter((i) => mask.data[i] === 1)
        .map((i) => [(i % mask.width) + 0.5, Math.floor(i / mask.width) + 0.5] as const);
      const found = momentsOf(encodeRle(mask));
      if (places.length === 0) {
        expect(found).toBeUndefined();
        return;
      }
      const mean = (of: (place: readonly [number, number]) => number): number =>
        places.reduce((sum, place) => sum + of(place), 0) / places.length;
      const [x, y] = [mean((p) => p[0]), mean((p) => p[1])];
      expect(found!.area).toBe(places.length);
      expect(found!.centre[0]).toBeCloseTo(x, 9);
      expect(found!.centre[1]).toBeCloseTo(y, 9);
      expect(found!.spread.xx).toBeCloseTo(mean((p) => (p[0] - x) ** 2) + 1 / 12, 9);
      expect(found!.spread.xy).toBeCloseTo(
        mean((p) => (p[0] - x) * (p[1] - y)),
        9,
      );
      expect(found!.spread.yy).toBeCloseTo(mean((p) => (p[1] - y) ** 2) + 1 / 12, 9);
    }),
  );
});

it('of a rectangle are its middle and a twelfth of its squared sides', () => {
  const data = new Uint8Array(60).map((_, i) => Number(i % 10 >= 2 && i % 10 < 8 && i >= 10 && i < 40));
  const { area, centre, spread } = momentsOf(encodeRle({ height: 6, width: 10, data }))!;
  expect([area, centre]).toEqual([18, [5, 2.5]]);
  expect([spread.xx, spread.xy, spread.yy].map((value) => value * 12)).toEqual([
    expect.closeTo(36),
    expect.closeTo(0),
    expect.closeTo(9),
  ]);
});
