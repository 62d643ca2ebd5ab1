import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AnnotationError } from '../../src/base/errors.ts';
import type { PointXy } from '../../src/base/geometry.ts';
import { maskArea } from '../../src/masks/mask.ts';
import { cocoPolygonToRle, polygonToRle, rasterizePolygon } from '../../src/masks/polygon.ts';
import { rleArea, rleBox, rleToString } from '../../src/masks/rle.ts';
import cases from './polygon-cases.json' with { type: 'json' };

const square: PointXy[] = [
  [1, 1],
  [3, 1],
  [3, 2],
  [1, 2],
];
const size = { height: 20, width: 30 };
// Quarters are exact in binary, so that shifting a polygon does not change how its edges round.
const coordinate = fc.integer({ min: -20, max: 100 }).map((value) => value / 4);
const polygon = fc.array(fc.tuple(coordinate, coordinate), { minLength: 3, maxLength: 8 });

describe('polygonToRle', () => {
  it('has edges and vertices inside', () => {
    const mask = rasterizePolygon(square, { height: 4, width: 5 });
    expect([...mask.data]).toEqual([0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0]);
  });

  it('is scikit-image’s polygon2mask on random polygons', () => {
    for (const one of cases) {
      expect(rleToString(polygonToRle(one.points as unknown as PointXy[], one))).toBe(one.polygon2mask);
    }
  });

  it('does not depend on direction, start or a repeated first point', () => {
    fc.assert(
      fc.property(polygon, fc.nat({ max: 7 }), (points, start) => {
        const expected = polygonToRle(points, size);
        const k = start % points.length;
        expect(polygonToRle([...points].reverse(), size)).toEqual(expected);
        expect(polygonToRle([...points.slice(k), ...points.slice(0, k)], size)).toEqual(expected);
        expect(polygonToRle([...points, points[0]!], size)).toEqual(expected);
      }),
    );
  });

  it('moves with whole pixels', () => {
    fc.assert(
      fc.property(
        polygon,
        fc.integer({ min: 0, max: 9 }),
        fc.integer({ min: 0, max: 9 }),
        (points, dx, dy) => {
          const wide = { height: 60, width: 60 };
          const inside = points.map(([x, y]): PointXy => [x + 6, y + 6]);
          const moved = inside.map(([x, y]): PointXy => [x + dx, y + dy]);
          const [before, after] = [polygonToRle(inside, wide), polygonToRle(moved, wide)];
          expect(rleArea(after)).toBe(rleArea(before));
          const box = rleBox(before);
          if (box !== undefined)
            expect(rleBox(after)).toEqual([box[0] + dx, box[1] + dy, box[2] + dx, box[3] + dy]);
        },
      ),
    );
  });

  it('draws a star of 400 points over 3000 x 3000 pixels', () => {
    const star = Array.from({ length: 400 }, (_, i): PointXy => {
      const radius = i % 2 === 0 ? 1490 : 900;
      const angle = (i / 400) * 2 * Math.PI;
      return [1500 + radius * Math.cos(angle), 1500 + radius * Math.sin(angle)];
    });
    const rle = polygonToRle(star, { height: 3000, width: 3000 });
    // The area of the star is that of 400 triangles with its centre.
    const area = 400 * 0.5 * 1490 * 900 * Math.sin((2 * Math.PI) / 400);
    expect(Math.abs(rleArea(rle) / area - 1)).toBeLessThan(0.01);
  });
});

describe('cocoPolygonToRle', () => {
  it('takes pixels as squares', () => {
    expect(
      rleArea(
        cocoPolygonToRle(
          [
            [0, 0],
            [2, 0],
            [2, 2],
            [0, 2],
          ],
          { height: 4, width: 4 },
        ),
      ),
    ).toBe(4);
  });

  it('is pycocotools’ frPyObjects on random polygons', () => {
    for (const one of cases) {
      expect(rleToString(cocoPolygonToRle(one.points as unknown as PointXy[], one))).toBe(one.coco);
    }
  });

  it('fills about the area of a convex polygon', () => {
    const hexagon = (radius: number) =>
      Array.from({ length: 6 }, (_, i): PointXy => [50 + radius * Math.cos(i), 50 + radius * Math.sin(i)]);
    fc.assert(
      fc.property(fc.double({ min: 20, max: 45, noNaN: true }), (radius) => {
        const points = hexagon(radius);
        const exact = Math.abs(
          points.reduce((sum, [x, y], i) => {
            const [nextX, nextY] = points[(i + 1) % 6]!;
            return sum + (x * nextY - nextX * y) / 2;
          }, 0),
        );
        expect(
          Math.abs(rleArea(cocoPolygonToRle(points, { height: 100, width: 100 })) / exact - 1),
        ).toBeLessThan(0.02);
      }),
    );
  });
});

describe.each([polygonToRle, cocoPolygonToRle])('%o', (draw) => {
  it.each([
    [
      'two points',
      [
        [0, 0],
        [1, 1],
      ],
    ],
    [
      'no number',
      [
        [0, 0],
        [1, 1],
        [Number.NaN, 2],
      ],
    ],
    [
      'infinity',
      [
        [0, 0],
        [1, 1],
        [Number.POSITIVE_INFINITY, 2],
      ],
    ],
    [
      'a point of another image',
      [
        [0, 0],
        [1, 1],
        [900, 2],
      ],
    ],
  ] as [string, PointXy[]][])('refuses %s', (_, points) => {
    expect(() => draw(points, size, 'Annotation 3')).toThrow(AnnotationError);
    expect(() => draw(points, size, 'Annotation 3')).toThrow(/^Annotation 3 /);
  });

  it('refuses an image of a billion pixels before it allocates', () => {
    expect(() => draw(square, { height: 50_000, width: 50_000 })).toThrow(AnnotationError);
  });

  it('gives an empty mask for a polygon beside the image', () => {
    const beside = square.map(([x, y]): PointXy => [x - 10, y]);
    expect(rleArea(draw(beside, size))).toBe(0);
    expect(maskArea(rasterizePolygon(beside, size))).toBe(0);
  });
});
