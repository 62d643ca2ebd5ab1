import { expect, test } from 'vitest';
import { goldenSam } from '../../tools/golden/sam.ts';
import { sharedPath } from '../shared.ts';
import { type Fixture, fixturePath } from './fixtures.ts';

const folder = sharedPath('golden/sam-tiny');

test.skipIf(folder === undefined)('a small SAM gives what the original implementation gives', async () => {
  const rows = await goldenSam(folder!);
  expect(rows.filter(({ ok }) => !ok)).toEqual([]);
  expect(rows.length).toBe(2 * (4 + 6 * 4));
});

test.each<[Fixture, number]>([
  ['mobile-sam', 1],
  ['sam-hq-vit', 3],
  ['sam-hq-tiny', 3],
])('a small %s gives what the original implementation gives', async (name, features) => {
  const rows = await goldenSam(fixturePath(name));
  expect(rows.filter(({ ok }) => !ok)).toEqual([]);
  expect(rows.length).toBe(3 + features + 6 * 4);
});
