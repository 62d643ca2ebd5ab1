import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deepestPixel, squaredDistanceInside, squaredDistanceTo } from '../../src/masks/distance.ts';
import type { Mask } from '../../src/masks/mask.ts';
import { anyMask, drawn } from './grids.ts';

/** Every pixel against every feature. */
function bruteForce({ height, width, data }: Mask, rowSpacing: number, colSpacing: number): number[] {
  return Array.from({ length: height * width }, (_, i) => {
    let best = Number.POSITIVE_INFINITY;
    for (let j = 0; j < data.length; j++) {
      if (data[j] === 0) continue;
      const dy = (Math.floor(j / width) - Math.floor(i / width)) * rowSpacing;
      const dx = ((j % width) - (i % width)) * colSpacing;
      best = Math.min(best, dx * dx + dy * dy);
    }
    return best;
  });
}

describe('squaredDistanceTo', () => {
  it('measures to a single pixel', () => {
    expect([...squaredDistanceTo(drawn('...', '#..'))]).toEqual([1, 2, 5, 0, 1, 4]);
  });

  it('is infinite where nothing is set', () => {
    expect([...squaredDistanceTo(drawn('..', '..'))]).toEqual(new Array(4).fill(Number.POSITIVE_INFINITY));
  });

  it('equals an exhaustive search, whole numbers exactly', () => {
    fc.assert(
      fc.property(anyMask(), (mask) => {
        expect([...squaredDistanceTo(mask)]).toEqual(bruteForce(mask, 1, 1));
      }),
    );
  });

  it('equals an exhaustive search with unequal spacing', () => {
    const spacing = fc.constantFrom(0.25, 0.7, 1, 3);
    fc.assert(
      fc.property(anyMask(), spacing, spacing, (mask, row, col) => {
        const ours = squaredDistanceTo(mask, { spacing: [row, col] });
        for (const [i, expected] of bruteForce(mask, row, col).entries()) {
          if (expected === Number.POSITIVE_INFINITY) expect(ours[i]).toBe(expected);
          else expect(ours[i]).toBeCloseTo(expected, 9);
        }
      }),
    );
  });
});

describe('squaredDistanceInside', () => {
  const block = drawn('###', '###', '###');

  it('lets the outside of the image count as unset, or not', () => {
    expect([...squaredDistanceInside(block, true)]).toEqual([1, 1, 1, 1, 4, 1, 1, 1, 1]);
    expect([...squaredDistanceInside(block, false)]).toEqual(new Array(9).fill(Number.POSITIVE_INFINITY));
    expect([...squaredDistanceInside(drawn('##.'), false)]).toEqual([4, 1, 0]);
  });
});

describe('deepestPixel', () => {
  it('lies inside a concave shape', () => {
    expect(deepestPixel(drawn('.......', '.###...', '.###...', '.###...', '.#####.', '.......'))).toEqual([
      2, 2,
    ]);
  });

  it('keeps off the border of the image', () => {
    expect(deepestPixel(drawn('#####', '#####', '#####'))).toEqual([1, 1]);
  });

  it('is undefined for an empty mask', () => {
    expect(deepestPixel(drawn('...'))).toBeUndefined();
  });

  it('is a set pixel that no other one beats', () => {
    fc.assert(
      fc.property(anyMask(), (mask) => {
        const distance = squaredDistanceInside(mask, true);
        const point = deepestPixel(mask);
        const best = Math.max(...distance);
        if (point === undefined) expect(best).toBe(0);
        else expect(distance.indexOf(best)).toBe(point[1] * mask.width + point[0]);
      }),
    );
  });
});
