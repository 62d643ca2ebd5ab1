import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type RandomWalkProblem, randomWalk } from '../../src/refine/random-walk.ts';
import { goldenRandomWalker } from '../../tools/golden/random-walker.ts';
import { sharedPath } from '../shared.ts';

/** All pixels, seeds as equations x = m; Gaussian elimination with partial pivoting. */
function solveDirectly(problem: RandomWalkProblem, label: number): number[] {
  const { height, width, intensities, seeds, sigma, prior } = problem;
  const n = height * width;
  const rows = Array.from({ length: n }, (_, i) => {
    const row = new Array<number>(n + 1).fill(0);
    if (seeds[i] !== 0) {
      row[i] = 1;
      row[n] = seeds[i] === label ? 1 : 0;
      return row;
    }
    const strength = prior?.strength ?? 0;
    row[i] = 1e-5 + strength;
    row[n] = strength === 0 ? 0 : strength * prior!.probabilities(label)[i]!;
    const x = i % width;
    for (const [next, inside] of [
      [i - 1, x > 0],
      [i + 1, x < width - 1],
      [i - width, i >= width],
      [i + width, i + width < n],
    ] as const) {
      if (!inside) continue;
      const weight = Math.exp(-((intensities[i]! - intensities[next]!) ** 2) / sigma ** 2);
      row[i]! += weight;
      row[next]! -= weight;
    }
    return row;
  });
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let r = k + 1; r < n; r++) if (Math.abs(rows[r]![k]!) > Math.abs(rows[pivot]![k]!)) pivot = r;
    [rows[k], rows[pivot]] = [rows[pivot]!, rows[k]!];
    for (let r = 0; r < n; r++) {
      if (r === k) continue;
      const factor = rows[r]![k]! / rows[k]![k]!;
      if (factor !== 0) for (let c = k; c <= n; c++) rows[r]![c]! -= factor * rows[k]![c]!;
    }
  }
  return rows.map((row, i) => row[n]! / row[i]!);
}

const anyProblem: fc.Arbitrary<RandomWalkProblem> = fc
  .record({
    height: fc.integer({ min: 1, max: 7 }),
    width: fc.integer({ min: 1, max: 7 }),
    contrast: fc.constantFrom(0, 1, 10, 255),
    strength: fc.constantFrom(0, 0.01, 1),
    sigma: fc.constantFrom(0.5, 5, 30),
  })
  .chain(({ height, width, contrast, strength, sigma }) => {
    const length = { minLength: height * width, maxLength: height * width };
    const unit = fc.double({ min: 0, max: 1, noNaN: true });
    return fc
      .record({
        intensities: fc.array(unit, length),
        // Mostly unseeded, and often a label that has no seed at all.
        seeds: fc.array(fc.constantFrom(0, 0, 0, 0, 1, 2, 3), length),
        priors: fc.array(unit, length),
      })
      .map(({ intensities, seeds, priors }) => ({
        height,
        width,
        sigma,
        seeds,
        intensities: intensities.map((value) => value * contrast),
        ...(strength > 0 && { prior: { strength, probabilities: () => priors } }),
      }));
  });

describe('randomWalk', () => {
  it('interpolates linearly along a line without contrast', () => {
    const [map] = randomWalk(
      { height: 1, width: 5, intensities: new Float32Array(5), seeds: [1, 0, 0, 0, 2], sigma: 10 },
      [1],
    );
    for (const [i, expected] of [1, 0.75, 0.5, 0.25, 0].entries()) expect(map![i]).toBeCloseTo(expected, 4);
  });

  it('changes at a step of the image, not in the middle', () => {
    const intensities = [0, 0, 0, 0, 100, 100, 100];
    const [map] = randomWalk(
      { height: 1, width: 7, intensities, seeds: [1, 0, 0, 0, 0, 0, 2], sigma: 30 },
      [1],
    );
    expect(Math.min(...map!.subarray(0, 4))).toBeGreaterThan(0.99);
    expect(Math.max(...map!.subarray(4))).toBeLessThan(0.01);
  });

  it('gives 0 where no seed of the label can be reached', () => {
    const [map] = randomWalk(
      { height: 1, width: 5, intensities: new Float32Array(5), seeds: [1, 0, 2, 0, 2], sigma: 10 },
      [1],
    );
    expect(map![1]).toBeCloseTo(0.5, 4);
    expect(map![3]).toBe(0);
  });

  it('equals a direct solver', () => {
    fc.assert(
      fc.property(anyProblem, (problem) => {
        const maps = randomWalk(problem, [1, 2]);
        for (const [k, map] of maps.entries()) {
          for (const [i, expected] of solveDirectly(problem, k + 1).entries()) {
            expect(Math.abs(map[i]! - expected)).toBeLessThan(1e-4);
          }
        }
      }),
    );
  });

  it('gives probabilities that sum to 1 and stay in [0, 1] where every region has seeds', () => {
    const width = 40;
    const seeds = Uint8Array.from({ length: width * width }, (_, i) =>
      i === 5 ? 1 : i === 900 ? 2 : i === 1570 ? 3 : 0,
    );
    const intensities = Float32Array.from(seeds, (_, i) => 128 + 20 * Math.sin(i * 0.37));
    const maps = randomWalk({ height: width, width, intensities, seeds, sigma: 20 }, [1, 2, 3]);
    for (let i = 0; i < seeds.length; i++) {
      const parts = maps.map((map) => map[i]!);
      expect(Math.min(...parts)).toBeGreaterThanOrEqual(0);
      expect(parts.reduce((sum, part) => sum + part, 0)).toBeGreaterThan(0.9);
      expect(parts.reduce((sum, part) => sum + part, 0)).toBeLessThan(1.0001);
    }
  });

  const golden = sharedPath('golden', 'random-walker');
  it.skipIf(golden === undefined)(
    'equals the reference (needs the reference data beside the repository)',
    async () => {
      const rows = await goldenRandomWalker(golden!);
      expect(rows).toHaveLength(5);
      expect(rows.filter((row) => !row.ok)).toEqual([]);
    },
  );
});
