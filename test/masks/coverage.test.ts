import { describe, expect, it } from 'vitest';
import { createRng } from '../../src/base/rng.ts';
import { coverage } from '../../src/masks/coverage.ts';
import { drawn } from './grids.ts';

describe('coverage', () => {
  it('is the share of each cell, also where pixels lie in two cells', () => {
    const mask = drawn('.##.', '.##.', '....');
    const whole = { x: 0, y: 0, height: 3, width: 4 };
    // Cells of 2 x 1.5 px: one column of each is set, over 1.5 and 0.5 rows.
    const halves = [0.5, 0.5, 1 / 6, 1 / 6];
    coverage(mask, whole, { height: 2, width: 2 }).forEach((share, i) => {
      expect(share).toBeCloseTo(halves[i]!, 6);
    });
    const finer = coverage(mask, { x: 1, y: 1, height: 2, width: 1 }, { height: 4, width: 2 });
    expect([...finer]).toEqual([1, 1, 1, 1, 0, 0, 0, 0]);
  });

  it('adds up to the area of the window, at every size', () => {
    const rng = createRng(1);
    for (let i = 0; i < 20; i++) {
      const [height, width] = [5 + rng.below(9), 5 + rng.below(9)];
      const data = Uint8Array.from({ length: height * width }, () => rng.below(2));
      const window = { x: 1, y: 2, height: height - 3, width: width - 1 };
      let area = 0;
      for (let y = 2; y < height - 1; y++) for (let x = 1; x < width; x++) area += data[y * width + x]!;
      const cells = { height: 1 + rng.below(15), width: 1 + rng.below(15) };
      const shares = coverage({ height, width, data }, window, cells);
      const sum = shares.reduce((total, share) => total + share, 0);
      const cellArea = (window.height * window.width) / (cells.height * cells.width);
      expect(sum * cellArea).toBeCloseTo(area, 3);
      expect(Math.max(...shares)).toBeLessThanOrEqual(1 + 1e-6);
    }
  });
});
