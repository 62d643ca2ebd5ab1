/** @file Where patches are cut, and how their answers are put together. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRng } from '../../src/base/rng.ts';
import { cropSize, cutPlanes, drawPlace, patchSource, showsClass } from '../../src/nnunet/patches.ts';
import type { NnUnetPlan } from '../../src/nnunet/plan.ts';
import { gaussianWeights, slide, windowStarts } from '../../src/nnunet/sliding-window.ts';

describe('windows', () => {
  it('cover a side from end to end and overlap by a half at least', () => {
    const length = fc.integer({ min: 1, max: 700 });
    fc.assert(
      fc.property(length, length, (a, b) => {
        const [side, patch] = [Math.max(a, b), Math.min(a, b)];
        const starts = windowStarts(side, patch);
        expect(starts[0]).toBe(0);
        expect(starts.at(-1)).toBe(side - patch);
        starts.slice(1).forEach((start, i) => {
          expect(start - starts[i]!).toBeLessThanOrEqual(Math.ceil(patch / 2));
        });
      }),
    );
    expect(windowStarts(100, 40)).toEqual([0, 20, 40, 60]);
  });

  it('weigh by a Gaussian around the middle of the patch', () => {
    const weights = gaussianWeights({ height: 16, width: 32 });
    const at = (row: number, column: number): number => weights[row * 32 + column]!;
    expect(at(8, 16)).toBeCloseTo(at(7, 15), 6);
    // One deviation is an eighth of the side: 4 columns, 2 rows.
    expect(at(7, 19.5 + 0.5) / at(7, 16)).toBeCloseTo(Math.exp((0.5 ** 2 - 4.5 ** 2) / 32), 5);
    expect(at(0, 0)).toBeGreaterThan(0);
    expect(at(0, 0)).toBeLessThan(1e-5);
  });
});

describe('slide', () => {
  const image = (height: number, width: number) => {
    const rng = createRng(5);
    return { height, width, data: Float32Array.from({ length: height * width }, () => rng.normal()) };
  };

  it.each([
    [20, 30],
    [8, 8],
    [5, 40],
    [3, 4],
  ])('gives back an image of %i x %i px that is copied patch by patch', async (height, width) => {
    const own = image(height, width);
    const copied = await slide(own, { height: 8, width: 8 }, 2, async (part) =>
      Float32Array.from([...part, ...part.map((value) => -value)]),
    );
    own.data.forEach((value, at) => {
      expect(copied[at]).toBeCloseTo(value, 5);
      expect(copied[own.data.length + at]).toBeCloseTo(-value, 5);
    });
  });

  it('trusts each patch most in its middle', async () => {
    let calls = 0;
    const said = await slide(image(8, 12), { height: 8, width: 8 }, 1, async (part) =>
      part.map(() => 0).fill(calls++),
    );
    const row = [...said.subarray(3 * 12, 4 * 12)];
    expect(calls).toBe(2);
    expect(row.slice(0, 4)).toEqual([0, 0, 0, 0]);
    expect(row.slice(8)).toEqual([1, 1, 1, 1]);
    // Column 4 is next to the middle of the first patch and at the edge of the second one: no plain mean of both.
    expect(row[4]).toBeLessThan(0.01);
    expect(row[7]).toBeGreaterThan(0.99);
    expect(row[4]! + row[7]!).toBeCloseTo(1, 5);
  });
});

describe('patches', () => {
  const size = { height: 40, width: 60 };
  const plan = {
    head: 'exclusive',
    classes: ['left', 'right'],
    patch: { height: 8, width: 8 },
    stages: [],
    scale: 1,
    networks: 1,
  } as NnUnetPlan;
  const target = new Uint8Array(40 * 60);
  target[35 * 60 + 50] = 1;
  const sample = {
    id: 'a',
    ...size,
    data: Float32Array.from(target, (_, at) => at),
    target,
    places: [Int32Array.of(35 * 60 + 50)],
  };

  it('of a batch show a class, the last one of two and four of twelve', () => {
    const showing = (batch: number) => Array.from({ length: batch }, (_, n) => showsClass(n, batch));
    expect(showing(2)).toEqual([false, true]);
    expect(showing(12).filter((shown) => shown)).toHaveLength(4);
    expect(showing(3)).toEqual([false, false, true]);
  });

  it('show a class where they are to, and by chance in hardly any draw', () => {
    const rng = createRng(2);
    const places = Array.from({ length: 3000 }, (_, n) => drawPlace(rng, sample, plan.patch, n % 3 === 0));
    const showing = places.filter(
      ({ top, left }) => top <= 35 && 35 < top + 8 && left <= 50 && 50 < left + 8,
    );
    const byChance = (places.length * 64) / (33 * 53);
    expect(showing.length).toBeGreaterThan(0.3 * places.length);
    expect(showing.length).toBeLessThan(0.37 * places.length + 2 * byChance);
    for (const { top, left } of places) {
      expect(top >= 0 && top <= 32 && left >= 0 && left <= 52).toBe(true);
    }
  });

  it('of an image that is smaller lie around it', () => {
    const small = { height: 4, width: 6, places: [] };
    expect(drawPlace(createRng(1), small, plan.patch, true)).toEqual({ top: -2, left: -1 });
  });

  it('are cut with zeros beyond the image', () => {
    const planes = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
    const into = new Uint8Array(18);
    cutPlanes(planes, { height: 2, width: 2 }, { top: -1, left: 1 }, into, { height: 3, width: 3 });
    expect([...into]).toEqual([0, 0, 0, 2, 0, 0, 4, 0, 0, 0, 0, 0, 6, 0, 0, 8, 0, 0]);
  });

  it('come with what warps may read around them, no more than there is', () => {
    const { height, width } = cropSize(plan, [size]);
    expect([height, width]).toEqual([8 + 2 * 4, 8 + 2 * 4]);
    expect(cropSize(plan, [{ height: 8, width: 9 }])).toEqual({ height: 8, width: 10 });
  });

  it('that are flipped have the other class', () => {
    const mirrored = { ...plan, mirror: [1, 0], patch: size };
    const next = patchSource(mirrored, [sample], 1, 3, createRng(4));
    const seen = new Map<number, number>();
    for (let i = 0; i < 20; i++) {
      const { target: labels, affine } = next(0);
      const label = Math.max(...(labels!.data as Uint8Array));
      const direction = Math.sign(Number(affine!.data[0]!));
      if (Math.abs(Number(affine!.data[0])) > 0.9) seen.set(direction, label);
    }
    expect(seen).toEqual(
      new Map([
        [1, 1],
        [-1, 2],
      ]),
    );
    const never = patchSource({ ...plan, patch: size }, [sample], 1, 3, createRng(4));
    for (let i = 0; i < 20; i++) expect(Math.max(...(never(0).target!.data as Uint8Array))).toBe(1);
  });
});
