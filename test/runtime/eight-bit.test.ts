import { expect, test } from 'vitest';
import { requireExactBytes } from '../../src/runtime/eight-bit.ts';

test('sums of the largest products are exact on this machine, or refused with what to do', async () => {
  const outcome = await requireExactBytes().then(
    () => 'exact',
    (error: unknown) => String(error),
  );
  expect(outcome === 'exact' || outcome.includes('Set sam.precision to float32')).toBe(true);
});
