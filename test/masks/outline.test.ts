import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { PointXy } from '../../src/base/geometry.ts';
import { labelComponents } from '../../src/masks/components.ts';
import { maskOutlines } from '../../src/masks/outline.ts';
import { rasterizePolygon } from '../../src/masks/polygon.ts';
import { anyMask, drawn, picture } from './grids.ts';

it('goes along pixel edges from corner to corner, clockwise', () => {
  expect(maskOutlines(drawn('....', '.##.', '.#..'))).toEqual([
    [
      [3, 1],
      [3, 2],
      [2, 2],
      [2, 3],
      [1, 3],
      [1, 1],
    ],
  ]);
});

it('lets holes in, and keeps parts apart that touch at a corner alone', () => {
  const ring = drawn('###', '#.#', '###');
  expect(maskOutlines(ring)).toHaveLength(1);
  expect(maskOutlines(ring)[0]).toHaveLength(4 + 4 + 2);
  expect(maskOutlines(drawn('#.', '.#'))).toHaveLength(2);
  expect(maskOutlines(drawn('..'))).toEqual([]);
});

it('encloses exactly the mask, one ring a part', () => {
  fc.assert(
    fc.property(anyMask(), (mask) => {
      const rings = maskOutlines(mask);
      expect(rings).toHaveLength(labelComponents(mask, 4).count);
      // The rule of this rasteriser has pixel centres at whole numbers.
      const filled = rings.map((ring) =>
        rasterizePolygon(
          ring.map(([x, y]): PointXy => [x - 0.5, y - 0.5]),
          mask,
        ),
      );
      const data = mask.data.map((_, i) => filled.reduce((sum, part) => sum + part.data[i]!, 0));
      expect(picture({ ...mask, data })).toEqual(picture(mask));
    }),
    { numRuns: 300 },
  );
});
