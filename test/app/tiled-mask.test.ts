/** Masks in tiles: beside plain masks, whatever is done to them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  combined,
  emptyTiled,
  fromRle,
  isSet,
  type Span,
  TILE,
  type TiledMask,
  tiledArea,
  tiledBox,
  toRle,
  withSpans,
} from '../../app/src/masks/tiled-mask.ts';
import type { Size } from '../../src/base/geometry.ts';
import { type Mask, maskArea, maskBox } from '../../src/masks/mask.ts';
import { encodeRle } from '../../src/masks/rle.ts';

/** Sizes at which tiles are cut off, met exactly and overstepped by a pixel. */
const side = fc.oneof(
  fc.integer({ min: 1, max: 40 }),
  fc.constantFrom(TILE - 1, TILE, TILE + 1, 2 * TILE + 3),
);
const size = fc.record({ height: side, width: side });

/** A few rectangles, some of them holes. */
const mask = size.chain(({ height, width }) =>
  fc
    .array(fc.tuple(fc.nat(width - 1), fc.nat(height - 1), fc.nat(width), fc.nat(height), fc.boolean()), {
      maxLength: 6,
    })
    .map((rectangles): Mask => {
      const data = new Uint8Array(height * width);
      for (const [x0, y0, w, h, value] of rectangles) {
        for (let y = y0; y < Math.min(height, y0 + h); y++) {
          data.fill(value ? 1 : 0, y * width + x0, y * width + Math.min(width, x0 + w));
        }
      }
      return { height, width, data };
    }),
);

const spans = (reach: number): fc.Arbitrary<Span[]> =>
  fc.array(
    fc
      .tuple(
        fc.integer({ min: -3, max: reach }),
        fc.integer({ min: -5, max: reach }),
        fc.integer({ min: -2, max: reach }),
      )
      .map(([y, x0, length]) => ({ y, x0, x1: x0 + length })),
    { maxLength: 12 },
  );

const tiled = (plain: Mask): TiledMask => fromRle(encodeRle(plain));

function withSpansPlainly({ height, width, data }: Mask, list: readonly Span[], value: 0 | 1): Mask {
  const out = data.slice();
  for (const { y, x0, x1 } of list) {
    for (let x = Math.max(0, x0); x < Math.min(width, x1); x++) {
      if (y >= 0 && y < height) out[y * width + x] = value;
    }
  }
  return { height, width, data: out };
}

describe('a mask in tiles', () => {
  it('is the mask it was made from: runs, pixels, area and box', () => {
    fc.assert(
      fc.property(mask, fc.nat(), (plain, seed) => {
        const made = tiled(plain);
        expect(toRle(made)).toEqual(encodeRle(plain));
        expect(tiledArea(made)).toBe(maskArea(plain));
        expect(tiledBox(made)).toEqual(maskBox(plain));
        const at = seed % plain.data.length;
        const [x, y] = [at % plain.width, Math.floor(at / plain.width)];
        expect(isSet(made, x, y)).toBe(plain.data[at] === 1);
        for (const tile of made.tiles.values()) expect(tile.includes(1)).toBe(true);
      }),
    );
  });

  it('outside of its image has no pixels', () => {
    const full = tiled({ height: 2, width: 3, data: new Uint8Array(6).fill(1) });
    expect([isSet(full, -1, 0), isSet(full, 3, 0), isSet(full, 0, -1), isSet(full, 0, 2)]).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });

  it('takes spans as a plain mask does, and leaves the mask before as it was', () => {
    fc.assert(
      fc.property(mask, spans(2 * TILE), fc.constantFrom<0 | 1>(0, 1), (plain, list, value) => {
        const before = tiled(plain);
        const after = withSpans(before, list, value);
        expect(toRle(after)).toEqual(encodeRle(withSpansPlainly(plain, list, value)));
        expect(toRle(before)).toEqual(encodeRle(plain));
      }),
    );
  });

  it('shares every tile that an edit did not change, and is the same mask where nothing changed', () => {
    const wide: Size = { height: TILE, width: 4 * TILE };
    const before = withSpans(emptyTiled(wide), [{ y: 3, x0: 0, x1: wide.width }], 1);
    const after = withSpans(before, [{ y: 9, x0: TILE + 1, x1: TILE + 4 }], 1);
    expect([0, 1, 2, 3].map((index) => before.tiles.get(index) === after.tiles.get(index))).toEqual([
      true,
      false,
      true,
      true,
    ]);
    expect(withSpans(before, [{ y: 3, x0: 5, x1: 50 }], 1)).toBe(before);
    expect(withSpans(before, [{ y: 4, x0: 5, x1: 50 }], 0)).toBe(before);
    expect(withSpans(before, [{ y: 3, x0: 0, x1: wide.width }], 0).tiles.size).toBe(0);
  });

  it('unites and cuts as plain masks do', () => {
    fc.assert(
      fc.property(mask, fc.constantFrom<0 | 1>(0, 1), fc.nat(), (plain, value, shift) => {
        const { height, width } = plain;
        const other: Mask = {
          height,
          width,
          data: plain.data.map((_, i) => plain.data[(i + shift) % plain.data.length]!),
        };
        const wanted = plain.data.map((was, i) => (other.data[i] === 1 ? value : was));
        expect(toRle(combined(tiled(plain), tiled(other), value))).toEqual(
          encodeRle({ height, width, data: wanted }),
        );
      }),
    );
  });
});
