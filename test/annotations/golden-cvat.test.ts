import { describe, expect, it } from 'vitest';
import { goldenCvat } from '../../tools/golden/cvat.ts';
import { sharedPath } from '../shared.ts';

const dir = sharedPath('golden', 'cvat');

describe.skipIf(dir === undefined)('the reference’s wrist annotations (absent where ../shared is)', () => {
  it('have exactly its masks', async () => {
    const rows = await goldenCvat(dir!);
    expect(rows).toHaveLength(4);
    expect(rows.filter((row) => !row.ok)).toEqual([]);
  });
});
