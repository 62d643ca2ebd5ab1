/** Strokes, polygons, and undo. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { amend, mapHistory, redo, startHistory, step, undo } from '../../app/src/edit/history.ts';
import { strokeSpans, withPolygon } from '../../app/src/edit/stroke.ts';
import { emptyTiled, isSet, tiledArea, toRle, withSpans } from '../../app/src/masks/tiled-mask.ts';
import type { PointXy } from '../../src/base/geometry.ts';
import { decodeRle } from '../../src/masks/rle.ts';

const place = fc.double({ min: -10, max: 45, noNaN: true });
const point = fc.tuple(place, place) as fc.Arbitrary<PointXy>;

/** Distance of a point from the straight way between two others. */
function distance([px, py]: PointXy, [ax, ay]: PointXy, [bx, by]: PointXy): number {
  const length = (bx - ax) ** 2 + (by - ay) ** 2;
  const t =
    length === 0 ? 0 : Math.min(1, Math.max(0, ((px - ax) * (bx - ax) + (py - ay) * (by - ay)) / length));
  return Math.hypot(px - ax - t * (bx - ax), py - ay - t * (by - ay));
}

describe('a stroke', () => {
  it('covers the pixels whose centre is within its radius, and no others', () => {
    fc.assert(
      fc.property(point, point, fc.double({ min: 0.3, max: 12, noNaN: true }), (from, to, radius) => {
        const size = { height: 36, width: 33 };
        const mask = withSpans(emptyTiled(size), strokeSpans(from, to, radius), 1);
        const wrong: string[] = [];
        for (let y = 0; y < size.height; y++) {
          for (let x = 0; x < size.width; x++) {
            const reach = distance([x, y], from, to);
            // On the edge itself rounding decides.
            const isClear = Math.abs(reach - radius) > 1e-9;
            if (isClear && isSet(mask, x, y) !== reach < radius) wrong.push(`${x}, ${y}`);
          }
        }
        expect(wrong).toEqual([]);
      }),
    );
  });

  it('of half a pixel at a pixel is that pixel', () => {
    const mask = withSpans(emptyTiled({ height: 9, width: 9 }), strokeSpans([4, 5], [4, 5], 0.5), 1);
    expect([tiledArea(mask), isSet(mask, 4, 5)]).toEqual([1, true]);
  });
});

describe('a polygon', () => {
  const square: PointXy[] = [
    [2, 2],
    [6, 2],
    [6, 6],
    [2, 6],
  ];

  it('is filled, and cut out again', () => {
    const filled = withPolygon(emptyTiled({ height: 20, width: 20 }), square, 1);
    const { data } = decodeRle(toRle(filled));
    const rows = Array.from({ length: 9 }, (_, y) => data.slice(20 * y, 20 * y + 9).join(''));
    expect(rows).toEqual([
      '000000000',
      '000000000',
      '001111100',
      '001111100',
      '001111100',
      '001111100',
      '001111100',
      '000000000',
      '000000000',
    ]);
    expect(tiledArea(withPolygon(filled, square, 0))).toBe(0);
  });

  it('of two corners changes nothing, and one far outside the image is cut off', () => {
    const empty = emptyTiled({ height: 8, width: 8 });
    expect(withPolygon(empty, square.slice(0, 2), 1)).toBe(empty);
    const all = withPolygon(
      empty,
      [
        [-1e9, -1e9],
        [1e9, -1e9],
        [1e9, 1e9],
        [-1e9, 1e9],
      ],
      1,
    );
    expect(tiledArea(all)).toBe(64);
  });
});

describe('a history', () => {
  const command = fc.oneof(
    fc.integer({ min: 1, max: 99 }).map((value) => ({ kind: 'step' as const, value })),
    fc.constantFrom({ kind: 'undo' as const }, { kind: 'redo' as const }),
  );

  it('goes back and forth like a list with a place in it', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 40 }), (commands) => {
        let history = startHistory(0);
        let list = [0];
        let at = 0;
        for (const one of commands) {
          if (one.kind === 'step') {
            history = step(history, one.value);
            if (one.value !== list[at]) list = [...list.slice(0, ++at), one.value];
          } else if (one.kind === 'undo') {
            history = undo(history);
            at = Math.max(0, at - 1);
          } else {
            history = redo(history);
            at = Math.min(list.length - 1, at + 1);
          }
          expect([...history.past, history.present, ...history.future]).toEqual(list);
          expect(history.past).toHaveLength(at);
        }
      }),
    );
  });

  it('takes a whole stroke as one step', () => {
    const history = amend(amend(step(startHistory(0), 1), 2), 3);
    expect(history.present).toBe(3);
    expect(undo(history)).toEqual({ past: [], present: 0, future: [3] });
  });

  it('has no steps that change nothing after its values were changed', () => {
    const tens = (value: number): number => Math.floor(value / 10);
    const history = { past: [1, 2, 13, 14], present: 15, future: [16, 21, 22] };
    expect(mapHistory(history, tens, Object.is)).toEqual({ past: [0], present: 1, future: [2] });
  });
});
