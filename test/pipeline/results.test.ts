import { expect, it } from 'vitest';
import { createResults, joinResults } from '../../src/pipeline/results.ts';

it('are what was set, made anew for each who asks', () => {
  const results = createResults<{ counts: number[] }>([['a', { counts: [1] }]]);
  results.set('b', { counts: [] });
  const first = results.get('a')!;
  first.counts.push(2);
  expect(results.get('a')).toEqual({ counts: [1] });
  expect([results.has('b'), results.has('c'), results.get('c')]).toEqual([true, false, undefined]);
  expect([...results.ids()]).toEqual(['a', 'b']);
});

it('of several are those of all, the latter before the former', () => {
  const joined = joinResults([
    createResults([
      ['a', 1],
      ['b', 1],
    ]),
    createResults([
      ['b', 2],
      ['c', 2],
    ]),
  ]);
  expect([...joined.ids()].map((id) => [id, joined.get(id)])).toEqual([
    ['a', 1],
    ['b', 2],
    ['c', 2],
  ]);
  expect([joined.has('c'), joined.has('d'), joined.get('d')]).toEqual([true, false, undefined]);
});
