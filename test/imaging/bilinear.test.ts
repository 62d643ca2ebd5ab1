import fc from 'fast-check';
import { expect, it } from 'vitest';
import { bilinear } from '../../src/imaging/bilinear.ts';

it('a plane is interpolated between its pixels and is 0 beyond them', () => {
  const size = { height: 3, width: 4 };
  const plane = Float32Array.from({ length: 12 }, (_, i) => 1 + (i % 4) + 10 * Math.floor(i / 4));
  const place = fc.double({ min: -3, max: 6, noNaN: true });
  fc.assert(
    fc.property(place, place, (x, y) => {
      const value = bilinear(plane, size, x, y);
      if (x <= -1 || x >= 4 || y <= -1 || y >= 3) expect(value).toBe(0);
      else if (x >= 0 && x <= 3 && y >= 0 && y <= 2) expect(value).toBeCloseTo(1 + x + 10 * y, 5);
      else expect(value).toBeLessThan(24.001);
    }),
  );
});
