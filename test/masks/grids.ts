/** @file Masks written as rows of characters, and random ones. */
import fc from 'fast-check';
import type { Mask } from '../../src/masks/mask.ts';

/** One string per row; `#` is set. */
export function drawn(...rows: readonly string[]): Mask {
  const width = rows[0]?.length ?? 0;
  const data = Uint8Array.from(rows.join(''), (char) => (char === '#' ? 1 : 0));
  return { height: rows.length, width, data };
}

/** The mask as `drawn` takes it. */
export function picture(mask: Mask): string[] {
  return Array.from({ length: mask.height }, (_, y) =>
    Array.from(mask.data.subarray(y * mask.width, (y + 1) * mask.width), (value) =>
      value === 1 ? '#' : '.',
    ).join(''),
  );
}

/** Random masks of up to `largest` px a side, sparse to dense. */
export function anyMask(largest = 14): fc.Arbitrary<Mask> {
  return fc
    .record({
      height: fc.integer({ min: 1, max: largest }),
      width: fc.integer({ min: 1, max: largest }),
      density: fc.constantFrom(1, 3, 5, 7, 9, 10),
    })
    .chain(({ height, width, density }) =>
      fc
        .array(fc.integer({ min: 0, max: 9 }), { minLength: height * width, maxLength: height * width })
        .map((values) => ({
          height,
          width,
          data: Uint8Array.from(values, (value) => (value < density ? 1 : 0)),
        })),
    );
}
