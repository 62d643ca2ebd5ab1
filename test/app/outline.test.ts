import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { outlineTiles, tileOutline } from '../../app/src/masks/outline.ts';
import {
  emptyTiled,
  fromRle,
  isSet,
  type Span,
  TILE,
  type TiledMask,
  withSpans,
} from '../../app/src/masks/tiled-mask.ts';
import { rleFromCounts } from '../../src/masks/rle.ts';

/** The unit lines of all tiles, each as `x y direction`. */
function unitLines(mask: TiledMask): string[] {
  return [...outlineTiles(mask)].flatMap((index) => {
    const lines = tileOutline(mask, index);
    const units: string[] = [];
    for (let i = 0; i < lines.length; i += 4) {
      const [x0, y0, x1, y1] = lines.slice(i, i + 4) as [number, number, number, number];
      for (let x = x0; x < x1; x++) units.push(`${x} ${y0} right`);
      for (let y = y0; y < y1; y++) units.push(`${x0} ${y} down`);
    }
    return units;
  });
}

/** The same by looking at every pixel and its neighbours. */
function unitLinesPlainly(mask: TiledMask): string[] {
  const units: string[] = [];
  for (let y = 0; y <= mask.height; y++) {
    for (let x = 0; x <= mask.width; x++) {
      if (x < mask.width && isSet(mask, x, y) !== isSet(mask, x, y - 1)) units.push(`${x} ${y} right`);
      if (y < mask.height && isSet(mask, x, y) !== isSet(mask, x - 1, y)) units.push(`${x} ${y} down`);
    }
  }
  return units;
}

describe('the outline of a mask', () => {
  it('of one pixel is a square', () => {
    const mask = fromRle(rleFromCounts([4, 1, 4], { height: 3, width: 3 }));
    expect(unitLines(mask).sort()).toEqual(['1 1 down', '1 1 right', '1 2 right', '2 1 down']);
  });

  it('runs once between every two pixels of which one is set, over the borders of tiles and image', () => {
    const around = fc.integer({ min: TILE - 4, max: TILE + 4 });
    const span = fc
      .tuple(fc.oneof(fc.nat(5), around), fc.oneof(fc.nat(5), around), fc.integer({ min: 1, max: 9 }))
      .map(([y, x0, length]): Span => ({ y, x0, x1: x0 + length }));
    const side = fc.constantFrom(TILE - 1, TILE, TILE + 1, TILE + 5);
    fc.assert(
      fc.property(side, side, fc.array(span, { maxLength: 8 }), (height, width, spans) => {
        const mask = withSpans(emptyTiled({ height, width }), spans, 1);
        expect(unitLines(mask).sort()).toEqual(unitLinesPlainly(mask).sort());
      }),
      { numRuns: 40 },
    );
  });
});
