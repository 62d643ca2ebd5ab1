import { expect, test } from 'vitest';
import { goldenSam } from '../../tools/golden/sam.ts';
import { sharedPath } from '../shared.ts';

const folder = sharedPath('golden/sam-tiny');

test.skipIf(folder === undefined)('a small SAM gives what the original implementation gives', async () => {
  const rows = await goldenSam(folder!);
  expect(rows.filter(({ ok }) => !ok)).toEqual([]);
  expect(rows.length).toBe(2 * (4 + 6 * 4));
});
