import fc from 'fast-check';
import { expect, it } from 'vitest';
import { blackened, mirrorImage } from '../../src/imaging/edit.ts';
import type { Image } from '../../src/imaging/image.ts';

const image: Image = { height: 2, width: 3, bits: 8, data: Uint8Array.of(1, 2, 3, 4, 5, 6) };

it('boxes are black, corners included, and may reach beyond the image', () => {
  expect([...blackened(image, [[1, 0, 1, 0]]).data]).toEqual([1, 0, 3, 4, 5, 6]);
  expect([...blackened(image, [[1, 1, 99, 99]]).data]).toEqual([1, 2, 3, 4, 0, 0]);
  expect([...blackened(image, [[7, 7, 9, 9]]).data]).toEqual([...image.data]);
  expect([...image.data]).toEqual([1, 2, 3, 4, 5, 6]);
});

it('a box beyond the right edge leaves the next row alone', () => {
  const anyBox = fc.tuple(...[0, 1, 2, 3].map(() => fc.integer({ min: 0, max: 9 })));
  fc.assert(
    fc.property(anyBox, ([a, b, c, d]) => {
      const [x0, x1] = [Math.min(a!, b!), Math.max(a!, b!)];
      const [y0, y1] = [Math.min(c!, d!), Math.max(c!, d!)];
      const { data } = blackened(image, [[x0, y0, x1, y1]]);
      data.forEach((value, i) => {
        const [x, y] = [i % 3, Math.floor(i / 3)];
        const inside = x >= x0 && x <= x1 && y >= y0 && y <= y1;
        expect(value).toBe(inside ? 0 : image.data[i]);
      });
    }),
  );
});

it('left becomes right', () => {
  expect([...mirrorImage(image).data]).toEqual([3, 2, 1, 6, 5, 4]);
});
