/** Where things are on the screen, and how grey they are. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  draggedWindow,
  firstWindow,
  type GreyImage,
  levelFor,
  pyramid,
  windowColours,
} from '../../app/src/view/grey.ts';
import {
  fitBox,
  fitImage,
  panBy,
  toImage,
  toScreen,
  type Viewport,
  zoomAt,
} from '../../app/src/view/viewport.ts';
import type { PointXy } from '../../src/base/geometry.ts';

const number = (min: number, max: number): fc.Arbitrary<number> => fc.double({ min, max, noNaN: true });
const point = fc.tuple(number(-500, 2000), number(-500, 2000)) as fc.Arbitrary<PointXy>;
const viewport: fc.Arbitrary<Viewport> = fc.record({
  scale: number(0.05, 40),
  x: number(-3000, 3000),
  y: number(-3000, 3000),
});
const close = (a: PointXy, b: PointXy): void => {
  expect(a[0]).toBeCloseTo(b[0], 6);
  expect(a[1]).toBeCloseTo(b[1], 6);
};

describe('a viewport', () => {
  it('leads from the image to the screen and back', () => {
    fc.assert(fc.property(viewport, point, (view, at) => close(toImage(view, toScreen(view, at)), at)));
  });

  it('zooms around the point under the pointer, and pans by what the pointer moved', () => {
    fc.assert(
      fc.property(viewport, point, number(0.2, 5), (view, at, factor) => {
        close(toImage(zoomAt(view, at, factor), at), toImage(view, at));
        close(toImage(panBy(view, 30, -7), [at[0] + 30, at[1] - 7]), toImage(view, at));
      }),
    );
  });

  it('stays within scales at which something can be seen', () => {
    expect(zoomAt({ scale: 1, x: 0, y: 0 }, [0, 0], 1e9).scale).toBe(64);
    expect(zoomAt({ scale: 1, x: 0, y: 0 }, [0, 0], 1e-9).scale).toBe(0.02);
  });

  it('fits an image into the middle of the screen, all of it and as large as can be', () => {
    const screen = { width: 1000, height: 600 };
    const view = fitImage({ width: 300, height: 400 }, screen);
    close(toImage(view, [500, 300]), [149.5, 199.5]);
    const [, top] = toScreen(view, [0, -0.5]);
    const [, bottom] = toScreen(view, [0, 399.5]);
    expect([top, bottom].map(Math.round)).toEqual([36, 564]);
    close(toImage(fitBox([10, 20, 29, 39], screen, 2), [500, 300]), [19.5, 29.5]);
    expect(fitBox([10, 20, 29, 39], screen, 2).scale).toBe(2);
  });
});

describe('the grey window', () => {
  const image = (bits: 8 | 16, values: number[]): GreyImage => ({
    height: 1,
    width: values.length,
    bits,
    data: bits === 8 ? Uint8Array.from(values) : Uint16Array.from(values),
  });

  it('of bytes shows them as they are; of 16 bits the part that nearly all pixels lie in', () => {
    expect(firstWindow(image(8, [3, 4]))).toEqual({ low: 0, high: 255 });
    const values = Array.from({ length: 1000 }, (_, i) => 20_000 + i);
    expect(firstWindow(image(16, [0, 65_535, ...values]))).toEqual({ low: 20_004, high: 20_995 });
    expect(firstWindow(image(16, [7, 7, 7]))).toEqual({ low: 7, high: 8 });
  });

  it('makes its ends black and white, opaque', () => {
    const colours = windowColours({ low: 100, high: 200 }, 8);
    const grey = (value: number): number[] => [...new Uint8Array(Uint32Array.of(colours[value]!).buffer)];
    expect([grey(0), grey(100), grey(150), grey(200), grey(255)]).toEqual([
      [0, 0, 0, 255],
      [0, 0, 0, 255],
      [128, 128, 128, 255],
      [255, 255, 255, 255],
      [255, 255, 255, 255],
    ]);
  });

  it('grows wider to the right and brighter downwards, and never closes', () => {
    const from = { low: 50, high: 150 };
    const width = ({ low, high }: typeof from): number => high - low;
    expect(width(draggedWindow(from, 60, 0, 255))).toBeGreaterThan(100);
    expect(draggedWindow(from, 0, 60, 255).low).toBeLessThan(50);
    expect(width(draggedWindow(from, -1e6, 0, 255))).toBeGreaterThan(0);
  });
});

describe('the copies for looking from afar', () => {
  it('are of half the size each, down to a tile, and keep the mean', () => {
    const width = 1000;
    const data = Uint16Array.from({ length: 600 * width }, (_, i) => (i % 2 === 0 ? 1000 : 3000));
    const levels = pyramid({ height: 600, width, bits: 16, data });
    expect(levels.map((level) => [level.height, level.width])).toEqual([
      [600, 1000],
      [300, 500],
      [150, 250],
    ]);
    expect(new Set(levels[2]!.data)).toEqual(new Set([2000]));
  });

  it('are chosen so that no pixel of the copy is larger than one of the screen, if there is such a copy', () => {
    fc.assert(
      fc.property(number(0.02, 8), fc.integer({ min: 1, max: 6 }), (scale, count) => {
        const level = levelFor(scale, count);
        const shown = 2 ** level * scale;
        expect(shown <= 1 || level === 0).toBe(true);
        expect(shown > 0.5 || level === count - 1).toBe(true);
      }),
    );
  });
});
