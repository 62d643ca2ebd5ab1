import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AnnotationError } from '../../src/base/errors.ts';
import { createRng } from '../../src/base/rng.ts';
import { type Mask, maskArea, maskBox } from '../../src/masks/mask.ts';
import {
  decodeRle,
  encodeRle,
  rleArea,
  rleBox,
  rleFromCounts,
  rleFromString,
  rleToString,
  rleUnion,
} from '../../src/masks/rle.ts';

const size = fc.record({ height: fc.integer({ min: 1, max: 20 }), width: fc.integer({ min: 1, max: 20 }) });

function maskOf({ height, width }: { height: number; width: number }): fc.Arbitrary<Mask> {
  return fc
    .array(fc.nat({ max: 1 }), { minLength: height * width, maxLength: height * width })
    .map((bits) => ({ height, width, data: Uint8Array.from(bits) }));
}
const mask = size.chain(maskOf);
const twoMasks = size.chain((s) => fc.tuple(maskOf(s), maskOf(s)));

describe('encodeRle and decodeRle', () => {
  it('takes pixels column by column, zeros first', () => {
    // 0 1 1
    // 1 1 0
    const rle = encodeRle({ height: 2, width: 3, data: Uint8Array.of(0, 1, 1, 1, 1, 0) });
    expect([...rle.counts]).toEqual([1, 4, 1]);
    expect([...encodeRle({ height: 1, width: 2, data: Uint8Array.of(1, 1) }).counts]).toEqual([0, 2]);
    expect([...encodeRle({ height: 1, width: 2, data: Uint8Array.of(0, 0) }).counts]).toEqual([2]);
  });

  it('give the same mask, area and box back', () => {
    fc.assert(
      fc.property(mask, (m) => {
        const rle = encodeRle(m);
        expect(decodeRle(rle)).toEqual(m);
        expect(rleArea(rle)).toBe(maskArea(m));
        expect(rleBox(rle)).toEqual(maskBox(m));
      }),
    );
  });

  it('are quick enough for 32 masks of 904 x 512', () => {
    const rng = createRng(1);
    const masks = Array.from({ length: 32 }, () => {
      const data = new Uint8Array(904 * 512);
      const [cx, cy] = [rng.between(60, 840), rng.between(60, 450)];
      for (let y = 0; y < 512; y++)
        for (let x = 0; x < 904; x++) if ((x - cx) ** 2 + (y - cy) ** 2 < 2500) data[y * 904 + x] = 1;
      return { height: 512, width: 904, data };
    });
    for (const m of masks) expect(decodeRle(encodeRle(m)).data).toHaveLength(904 * 512);
  });
});

describe('rleUnion', () => {
  it('is the union of the pixels, in canonical runs', () => {
    fc.assert(
      fc.property(twoMasks, ([a, b]) => {
        const union: Mask = { ...a, data: a.data.map((value, i) => value | b.data[i]!) };
        expect(rleUnion(encodeRle(a), [encodeRle(b)])).toEqual(encodeRle(union));
      }),
    );
  });

  it('takes any number of masks', () => {
    const one = rleFromCounts([40, 1, 40], { height: 9, width: 9 });
    const other = rleFromCounts([0, 1, 80], one);
    expect([...rleUnion(other, new Array(200_000).fill(one)).counts]).toEqual([0, 1, 39, 1, 40]);
  });

  it('refuses masks of different sizes', () => {
    const [a, b] = [rleFromCounts([4], { height: 2, width: 2 }), rleFromCounts([6], { height: 2, width: 3 })];
    expect(() => rleUnion(a, [b])).toThrow(AnnotationError);
  });
});

describe('rleToString and rleFromString', () => {
  it('write what the COCO API writes', () => {
    // By hand: 5 -> '5'; 16 needs a second group, 0b110000 then 0; -13 from 3 - 16 is 0b10011 with its sign bit.
    const rle = rleFromCounts([5, 16, 2, 3, 4], { height: 5, width: 6 });
    expect(rleToString(rle)).toBe('5`02C2');
    expect([...rleFromString('5`02C2', { height: 5, width: 6 }).counts]).toEqual([5, 16, 2, 3, 4]);
  });

  it('give the same runs back', () => {
    const runs = fc.array(fc.integer({ min: 1, max: 5_000_000 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(mask, (m) => {
        const rle = encodeRle(m);
        expect(rleFromString(rleToString(rle), m)).toEqual(rle);
      }),
    );
    fc.assert(
      fc.property(runs, (counts) => {
        const total = { height: counts.reduce((sum, run) => sum + run, 0), width: 1 };
        const rle = rleFromCounts(counts, total);
        expect([...rleFromString(rleToString(rle), total).counts]).toEqual(counts);
      }),
    );
  });

  it.each([
    ['a character below the code', '5 1', { height: 3, width: 3 }],
    ['a character above the code', '5\u00ff', { height: 3, width: 3 }],
    ['a number cut off', '4P', { height: 3, width: 3 }],
    ['a negative run', 'O', { height: 3, width: 3 }],
    ['an overrun', '55', { height: 3, width: 3 }],
    ['too few pixels', '44', { height: 3, width: 3 }],
    ['an endless number', 'P'.repeat(40), { height: 3, width: 3 }],
    ['no runs', '', { height: 3, width: 3 }],
    ['a billion pixels', '0', { height: 50_000, width: 20_000 }],
    ['no height', '0', { height: 0, width: 3 }],
    ['a broken height', '0', { height: Number.NaN, width: 3 }],
  ])('refuse %s', (_, text, shape) => {
    expect(() => rleFromString(text, shape, 'Annotation 7')).toThrow(AnnotationError);
    expect(() => rleFromString(text, shape, 'Annotation 7')).toThrow(/^Annotation 7 /);
  });

  it('never crash on any string', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), size, (text, s) => {
        try {
          expect(rleArea(rleFromString(text, s))).toBeLessThanOrEqual(s.height * s.width);
        } catch (error) {
          expect(error).toBeInstanceOf(AnnotationError);
        }
      }),
    );
  });
});

describe('rleFromCounts', () => {
  it('joins runs around empty ones', () => {
    expect([...rleFromCounts([1, 2, 0, 3, 2, 0], { height: 2, width: 4 }).counts]).toEqual([1, 5, 2]);
  });
  it.each([[[-1, 5]], [[1.5, 2.5]], [[3]], [[2, 3]], [[Number.NaN]], [[]]])('refuses %j', (counts) => {
    expect(() => rleFromCounts(counts, { height: 2, width: 2 })).toThrow(AnnotationError);
  });
});
