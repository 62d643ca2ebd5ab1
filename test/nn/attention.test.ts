import { expect, test } from 'vitest';
import { createRng } from '../../src/base/rng.ts';
import { buildModel } from '../../src/graph/build.ts';
import { constant, input } from '../../src/graph/tensor.ts';
import { attention, gridAttention } from '../../src/nn/attention.ts';
import { openSession } from '../../src/runtime/session.ts';
import { float32 } from '../../src/tensor/array.ts';

const rng = createRng(5);
const random = (...shape: number[]) =>
  float32(
    shape,
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => rng.normal()),
  );

const [grids, height, width, heads, d] = [3, 4, 3, 2, 5] as const;
const places = height * width;
const qkv = random(grids, places, 3 * heads * d);
const rows = random(2 * height - 1, d);
const columns = random(2 * width - 1, d);

/** The definition, one score at a time. */
function reference(withPositions: boolean): Float32Array {
  const out = new Float32Array(grids * places * heads * d);
  const at = (grid: number, place: number, part: number, head: number, i: number): number =>
    qkv.data[((grid * places + place) * 3 * heads + part * heads + head) * d + i]!;
  for (let grid = 0; grid < grids; grid++) {
    for (let head = 0; head < heads; head++) {
      for (let q = 0; q < places; q++) {
        const scores = Array.from({ length: places }, (_, k) => {
          const dy = Math.floor(q / width) - Math.floor(k / width) + height - 1;
          const dx = (q % width) - (k % width) + width - 1;
          let score = 0;
          for (let i = 0; i < d; i++) {
            const query = at(grid, q, 0, head, i);
            score += (query * at(grid, k, 1, head, i)) / Math.sqrt(d);
            if (withPositions) score += query * (rows.data[dy * d + i]! + columns.data[dx * d + i]!);
          }
          return Math.exp(score);
        });
        const total = scores.reduce((sum, score) => sum + score, 0);
        for (let i = 0; i < d; i++) {
          const value = scores.reduce((sum, score, k) => sum + score * at(grid, k, 2, head, i), 0);
          out[((grid * places + q) * heads + head) * d + i] = value / total;
        }
      }
    }
  }
  return out;
}

// In one piece; a grid at a time; one row, two rows, and less than a row of queries at a time.
test.each([1e6, places * places, width * places, 2 * width * places, 1])(
  'grid attention in chunks of %d scores equals the definition',
  async (chunk) => {
    for (const withPositions of [true, false]) {
      const positions = withPositions ? { rows: constant(rows), columns: constant(columns) } : undefined;
      const out = gridAttention(input('qkv', qkv.shape), [height, width], heads, positions, chunk);
      const session = await openSession(buildModel({ out }), { threads: 1 });
      const result = (await session.run({ qkv })).out!;
      await session.close();
      const expected = reference(withPositions);
      expect(result.shape).toEqual([grids, places, heads * d]);
      result.data.forEach((value: number | bigint, i: number) => {
        expect(Math.abs(Number(value) - expected[i]!)).toBeLessThan(1e-4);
      });
    }
  },
);

test('attention weighs values by the softmax of scaled products', async () => {
  const q = constant(float32([1, 1, 4], [2, 0, 0, 0]));
  const k = constant(float32([1, 2, 4], [1, 0, 0, 0, 0, 1, 0, 0]));
  const v = constant(float32([1, 2, 1], [1, 3]));
  const session = await openSession(buildModel({ out: attention(q, k, v) }), { threads: 1 });
  const { out } = await session.run({});
  await session.close();
  const weight = Math.exp(1) / (Math.exp(1) + 1);
  expect(Number(out!.data[0])).toBeCloseTo(weight * 1 + (1 - weight) * 3, 5);
});
