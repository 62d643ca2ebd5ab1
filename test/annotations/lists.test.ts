import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { anyObject, list, numbers } from '../../src/annotations/lists.ts';

describe('list', () => {
  const points = z.object({ points: list(list(z.number())) });

  it('gives the elements as their schema has them', () => {
    const withDefault = list(z.object({ a: z.number().default(3) }));
    expect(withDefault.parse([{ a: 1 }, {}])).toEqual([{ a: 1 }, { a: 3 }]);
  });

  it('tells of the first bad element, where it is and what is wrong, and of no other', () => {
    const { error } = points.safeParse({ points: [[1, 2], [3, ...new Array<string>(1e5).fill('x')], 4] });
    expect(error?.issues).toHaveLength(1);
    expect(error?.issues[0]?.path).toEqual(['points', 1, 1]);
    expect(error?.issues[0]?.message).toMatch(/expected number, received string/);
  });

  it('refuses what is no list', () => {
    expect(points.safeParse({ points: { length: 1 } }).error?.issues[0]?.message).toMatch(/expected array/);
    expect(points.safeParse({}).error?.issues[0]?.path).toEqual(['points']);
  });
});

it('takes lists of finite numbers as they are, and tells of bad ones once', () => {
  const values = [1, 2.5, -3];
  expect(numbers.parse(values)).toBe(values);
  for (const bad of [[1, '2'], [Number.POSITIVE_INFINITY], [null], '1,2', undefined]) {
    expect(numbers.safeParse(bad).success).toBe(false);
  }
  expect(numbers.safeParse(new Array<string>(1e5).fill('x')).error?.issues).toHaveLength(1);
});

it('takes objects as they are, and neither lists nor null for one', () => {
  const value = { a: [1] };
  expect(anyObject.parse(value)).toBe(value);
  for (const bad of [[value], null, 'a', undefined]) expect(anyObject.safeParse(bad).success).toBe(false);
});
