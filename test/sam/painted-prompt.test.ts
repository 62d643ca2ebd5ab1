import { describe, expect, it } from 'vitest';
import { paintPrompt } from '../../src/sam/painted-prompt.ts';

/** 8 x 8 cells of 4 px. */
const GRID = { imageSize: 32, gridSize: 2 };
const NOTHING = { points: [], box: undefined, mask: undefined };

describe('a painted prompt', () => {
  it('has the box inside and outside, and in between where the box cuts a cell', () => {
    const cells = paintPrompt(GRID, { ...NOTHING, box: [4, 8, 17, 15] });
    const row = (y: number) => [...cells.subarray(8 * y, 8 * y + 8)];
    expect(row(1)).toEqual(new Array(8).fill(-8));
    // Pixels 4 to 17: three whole cells and half of a fourth.
    expect(row(2)).toEqual([-8, 4, 4, 4, -2, -8, -8, -8]);
    expect(row(3)).toEqual(row(2));
    expect(row(4)).toEqual(row(1));
  });

  it('has disks at points, over the earlier mask', () => {
    const mask = new Float32Array(64).fill(3);
    const points = [
      { xy: [1.5, 1.5], positive: false },
      { xy: [31, 31], positive: true },
    ] as const;
    const cells = paintPrompt(GRID, { points, box: [4, 8, 17, 15], mask });
    expect(mask.every((value) => value === 3)).toBe(true);
    expect([cells[0], cells[2], cells[3], cells[18], cells[63], cells[61]]).toEqual([-12, -12, 3, 3, 12, 12]);
  });

  it('is 0 where nothing is said', () => {
    const points = [{ xy: [16, 16], positive: true }] as const;
    const cells = paintPrompt(GRID, { ...NOTHING, points });
    expect(new Set(cells)).toEqual(new Set([0, 12]));
  });
});
