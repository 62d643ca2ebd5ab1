import { describe, expect, it } from 'vitest';
import { createRng } from '../../src/base/rng.ts';
import { CROP_CELLS, CROP_REACH, cropCloseUp, squareAbout } from '../../src/closeup/crop.ts';
import { drawLook, LOOK_CELLS, lookAt, STRAIGHT } from '../../src/closeup/look.ts';
import { drawSketch } from '../../src/closeup/sketch.ts';
import { drawLesson, straightView, VIEW_CELLS } from '../../src/closeup/view.ts';
import { emptyMask, type Mask } from '../../src/masks/mask.ts';
import { countCoverage } from '../../src/masks/overlap.ts';

const SIZE = { height: 90, width: 120 };

function rectangle(x0: number, y0: number, x1: number, y1: number): Mask {
  const mask = emptyMask(SIZE);
  for (let y = y0; y <= y1; y++) mask.data.fill(1, y * SIZE.width + x0, y * SIZE.width + x1 + 1);
  return mask;
}

const intensities = (of: (x: number, y: number) => number): Float32Array =>
  Float32Array.from({ length: SIZE.height * SIZE.width }, (_, i) =>
    of(i % SIZE.width, Math.floor(i / SIZE.width)),
  );

const mean = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((a, b) => a + b, 0) / values.length;

describe('a close-up', () => {
  it('is a square of so many longest sides about the middle of the mask, which may reach beyond the image', () => {
    const square = squareAbout(rectangle(10, 20, 29, 59))!;
    expect(square.side).toBe(Math.ceil(CROP_REACH * 40));
    expect(square.x0 + square.side / 2).toBeCloseTo(20, 0);
    expect(square.y0 + square.side / 2).toBeCloseTo(40, 0);
    expect(square.x0).toBeLessThan(0);
  });

  it('has none for an empty mask', () => {
    expect(squareAbout(emptyMask(SIZE))).toBeUndefined();
  });

  it('shows the mask and what others cover beside it in place, and nothing beyond the image', () => {
    const own = rectangle(2, 30, 21, 49);
    const other = rectangle(12, 30, 31, 49);
    const square = squareAbout(own)!;
    const {
      image,
      own: mine,
      others,
    } = cropCloseUp(
      intensities(() => 0.5),
      own,
      countCoverage([own, other]),
      square,
    );
    const cells = CROP_CELLS / square.side;
    const at = (plane: ArrayLike<number>, x: number, y: number): number =>
      plane[Math.floor((y - square.y0) * cells) * CROP_CELLS + Math.floor((x - square.x0) * cells)]!;
    expect(at(mine, 12, 40)).toBe(255);
    expect(at(others, 15, 40)).toBe(0);
    expect(at(others, 27, 40)).toBe(255);
    expect(at(mine, 27, 40)).toBe(0);
    expect(at(image, 10, 40)).toBeCloseTo(0.5, 5);
    expect(at(image, square.x0 + 1, 40)).toBe(0);
    const shown = mean(mine) / 255;
    expect(shown).toBeCloseTo((20 * 20) / square.side ** 2, 2);
  });
});

describe('a look', () => {
  it('shows straight what is there', () => {
    const plane = new Float32Array(CROP_CELLS ** 2).map((_, i) => i % CROP_CELLS);
    const seen = lookAt(plane, STRAIGHT);
    const middle = (LOOK_CELLS / 2) * LOOK_CELLS + LOOK_CELLS / 2;
    expect((seen[middle]! + seen[middle - 1]!) / 2).toBeCloseTo((CROP_CELLS - 1) / 2, 4);
    const perCell = (STRAIGHT[0] * CROP_CELLS) / LOOK_CELLS;
    expect(seen[middle + 10]! - seen[middle]!).toBeCloseTo(10 * perCell, 3);
  });
});

describe('a sketch', () => {
  const disc = Float32Array.from({ length: VIEW_CELLS }, (_, i) => {
    const [x, y] = [(i % LOOK_CELLS) - 40, Math.floor(i / LOOK_CELLS) - 48];
    return Number(x * x + y * y < 20 * 20);
  });
  const neighbour = Float32Array.from({ length: VIEW_CELLS }, (_, i) => Number(i % LOOK_CELLS > 62));

  it('is rough, but of the same structure; never where it says others are', () => {
    const agreements = Array.from({ length: 60 }, (_, seed) => {
      const { own, others } = drawSketch(createRng(seed), disc, neighbour);
      let [both, area, wrong] = [0, 0, 0];
      own.forEach((value, i) => {
        if ((value !== 0 && value !== 1) || value * others[i]! !== 0) wrong++;
        both += value * disc[i]!;
        area += value + disc[i]!;
      });
      expect(wrong).toBe(0);
      return (2 * both) / area;
    });
    expect(mean(agreements)).toBeGreaterThan(0.7);
    expect(mean(agreements)).toBeLessThan(0.95);
    expect(Math.min(...agreements)).toBeLessThan(0.8);
  });

  it('is the same for the same generator', () => {
    expect(drawSketch(createRng(4), disc, neighbour)).toEqual(drawSketch(createRng(4), disc, neighbour));
  });
});

describe('what the network is shown', () => {
  const own = rectangle(40, 20, 69, 69);
  const image = intensities((x, y) => (x >= 40 && x < 70 && y >= 20 && y < 70 ? 0.8 : 0.3));
  const closeUp = cropCloseUp(image, own, countCoverage([own]), squareAbout(own)!);

  it('has intensities of mean 0 and deviation 1, whatever the exposure', () => {
    const seen = straightView(closeUp).subarray(0, VIEW_CELLS);
    const dark = cropCloseUp(
      image.map((value) => value / 3),
      own,
      countCoverage([own]),
      squareAbout(own)!,
    );
    expect(mean(seen)).toBeCloseTo(0, 4);
    expect(mean(seen.map((value) => value * value))).toBeCloseTo(1, 3);
    straightView(dark)
      .subarray(0, VIEW_CELLS)
      .forEach((value, i) => {
        expect(value).toBeCloseTo(seen[i]!, 3);
      });
  });

  it('is learnt from with the true mask turned as the image is', () => {
    for (let seed = 0; seed < 5; seed++) {
      const { view, target } = drawLesson(createRng(seed), closeUp);
      const [inside, outside] = [1, 0].map((label) =>
        mean(view.subarray(0, VIEW_CELLS).filter((_, i) => target[i] === label)),
      ) as [number, number];
      expect(inside - outside).toBeGreaterThan(1);
    }
  });

  it('is turned both ways and mirrored', () => {
    const looks = Array.from({ length: 40 }, (_, seed) => drawLook(createRng(seed)));
    expect(looks.some(([a]) => a < 0)).toBe(true);
    expect(looks.some(([a]) => a > 0)).toBe(true);
    expect(looks.some(([, b]) => b < 0) && looks.some(([, b]) => b > 0)).toBe(true);
  });
});
