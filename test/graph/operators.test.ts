/** @file Every operator by its cases, and that every operator has some. */
import { readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { customGradient } from '../../src/graph/custom-gradient.ts';
import { mul } from '../../src/graph/ops/elementwise.ts';
import { convCases } from './cases/conv.ts';
import { elementwiseCases } from './cases/elementwise.ts';
import { joinCases } from './cases/join.ts';
import { matmulCases } from './cases/matmul.ts';
import { normPoolCases } from './cases/norm-pool.ts';
import { reduceCases } from './cases/reduce-reshape.ts';
import { unaryCases } from './cases/unary.ts';
import { checkOperator, drawn, f32 } from './check-operator.ts';

const cases = [
  ...elementwiseCases,
  ...unaryCases,
  ...reduceCases,
  ...joinCases,
  ...matmulCases,
  ...convCases,
  ...normPoolCases,
];

describe('operators', () => {
  for (const row of cases) {
    it([row.operator, row.title].filter((part) => part !== undefined).join(': '), () => checkOperator(row));
  }

  it('all have a case computed by hand', async () => {
    const folder = new URL('../../src/graph/ops/', import.meta.url);
    const exported: string[] = [];
    for (const file of await readdir(folder)) {
      const module = (await import(new URL(file, folder).href)) as Record<string, unknown>;
      for (const [name, value] of Object.entries(module))
        if (typeof value === 'function') exported.push(name);
    }
    const covered = new Set(cases.filter(({ hand }) => hand !== undefined).map(({ operator }) => operator));
    expect(exported.length).toBeGreaterThan(40);
    expect(exported.filter((name) => !covered.has(name))).toEqual([]);
  });
});

describe('the check of operators', () => {
  const square = { operator: 'square', build: mul, random: [drawn([3])] };

  it('fails on a wrong value', async () => {
    const hand = { inputs: [f32([1], [3])], outputs: [f32([1], [9.001])] };
    await expect(checkOperator({ operator: 'square', build: (x) => mul(x!, x!), hand })).rejects.toThrow(
      'beside',
    );
  });

  it('fails on a wrong shape', async () => {
    const hand = { inputs: [f32([1], [3])], outputs: [f32([], [9])] };
    await expect(checkOperator({ operator: 'square', build: (x) => mul(x!, x!), hand })).rejects.toThrow();
  });

  it('fails on a gradient rule that is 1 % off', async () => {
    const build = (x: Parameters<typeof mul>[0]) => {
      const tensor = x as Exclude<typeof x, number>;
      return customGradient(mul(tensor, tensor), [tensor], (g) => [mul(mul(g, tensor), 2.02)]);
    };
    await expect(checkOperator({ ...square, build: (x) => build(x!) })).rejects.toThrow(
      'gradient of input 0',
    );
  });
});
