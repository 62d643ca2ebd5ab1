import { expect, it } from 'vitest';
import { formatBytes } from '../../src/base/bytes.ts';

it.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 kB'],
  [9_949, '9.9 kB'],
  [9_960, '10 kB'],
  [375_042_383, '375 MB'],
  [999_600_000, '1.0 GB'],
  [2_564_550_879, '2.6 GB'],
])('%d bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});
