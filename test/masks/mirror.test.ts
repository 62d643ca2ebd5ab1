import fc from 'fast-check';
import { expect, it } from 'vitest';
import { emptyMask, maskBox } from '../../src/masks/mask.ts';
import { mirrorBox, mirrorPoint, mirrorRle } from '../../src/masks/mirror.ts';
import { decodeRle, encodeRle } from '../../src/masks/rle.ts';

it('masks, boxes and points go to the other side together, and back', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 9 }),
      fc.infiniteStream(fc.boolean()),
      (width, height, bits) => {
        const mask = emptyMask({ height, width });
        for (let i = 0; i < mask.data.length; i++) mask.data[i] = bits.next().value ? 1 : 0;
        const rle = encodeRle(mask);
        const other = decodeRle(mirrorRle(rle));
        mask.data.forEach((value, i) => {
          const [x, y] = mirrorPoint([i % width, Math.floor(i / width)], width);
          expect(other.data[y * width + x]).toBe(value);
        });
        const box = maskBox(mask);
        expect(maskBox(other)).toEqual(box && mirrorBox(box, width));
        expect(mirrorRle(mirrorRle(rle))).toEqual(rle);
      },
    ),
    { numRuns: 50 },
  );
});
