import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emptyMask, type Mask } from '../../src/masks/mask.ts';
import { dice, maskOverlap } from '../../src/masks/overlap.ts';
import { outlinePath } from '../../src/report/outline.ts';

const maskOf = (...rows: string[]): Mask => ({
  height: rows.length,
  width: rows[0]!.length,
  data: Uint8Array.from(rows.join(''), Number),
});

/** Loops of a path as points in half pixels. */
function loopsOf(path: string): [number, number][][] {
  return [...path.matchAll(/M(-?\d+) (-?\d+)l([^z]*)z/g)].map((match) => {
    const points: [number, number][] = [[Number(match[1]), Number(match[2])]];
    const steps = [...match[3]!.matchAll(/-?\d+/g)].map(Number);
    for (let i = 0; i < steps.length; i += 2) {
      const [x, y] = points.at(-1)!;
      points.push([x + steps[i]!, y + steps[i + 1]!]);
    }
    return points;
  });
}

/** The mask that an even-odd fill of the path gives at pixel centres. */
function filled(path: string, { height, width }: Mask): Mask {
  const mask = emptyMask({ height, width });
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [cx, cy] = [2 * x + 1.001, 2 * y + 1.003];
      let inside = false;
      for (const loop of loopsOf(path)) {
        loop.forEach(([ax, ay], i) => {
          const [bx, by] = loop[(i + 1) % loop.length]!;
          if (ay > cy !== by > cy && cx < ax + ((bx - ax) * (cy - ay)) / (by - ay)) inside = !inside;
        });
      }
      mask.data[y * width + x] = inside ? 1 : 0;
    }
  }
  return mask;
}

describe('outlinePath', () => {
  it('is empty for an empty mask and a diamond around one pixel', () => {
    expect(outlinePath(maskOf('000', '000'))).toBe('');
    expect(outlinePath(maskOf('000', '010', '000'), 0)).toBe('M3 2l1 1-1 1-1-1z');
  });

  it('keeps holes open and diagonal neighbours apart', () => {
    const ring = maskOf('11111', '10001', '10001', '10001', '11111');
    expect(loopsOf(outlinePath(ring))).toHaveLength(2);
    expect(filled(outlinePath(ring), ring).data).toEqual(ring.data);
    expect(loopsOf(outlinePath(maskOf('10', '01')))).toHaveLength(2);
  });

  it('without tolerance gives back any mask when filled', () => {
    const masks = fc
      .array(fc.integer({ min: 0, max: 1 }), { minLength: 63, maxLength: 63 })
      .map((bits): Mask => ({ height: 7, width: 9, data: Uint8Array.from(bits) }));
    fc.assert(
      fc.property(masks, (mask) => {
        expect(filled(outlinePath(mask, 0), mask).data).toEqual(mask.data);
      }),
    );
  });

  it('with its tolerance keeps a round shape nearly as it is, in far fewer points', () => {
    const disk = emptyMask({ height: 80, width: 80 });
    for (let y = 0; y < 80; y++)
      for (let x = 0; x < 80; x++) if (Math.hypot(x - 40, y - 38) < 30) disk.data[y * 80 + x] = 1;
    const path = outlinePath(disk);
    expect(dice(maskOverlap(disk, filled(path, disk)))!).toBeGreaterThan(0.98);
    expect(loopsOf(path)[0]!.length).toBeLessThan(40);
    expect(loopsOf(outlinePath(disk, 0))[0]!.length).toBeGreaterThan(60);
  });
});
