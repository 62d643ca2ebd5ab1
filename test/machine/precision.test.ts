/** @file In which numbers promptable models multiply, and what is said about it. */
import { describe, expect, it } from 'vitest';
import { choosePrecision } from '../../src/machine/precision.ts';
import { machineWith } from './machine.ts';

const fast = machineWith({}, { gainsFromBytes: async () => true });
const slow = machineWith({}, { gainsFromBytes: async () => false });
const unasked = machineWith({}, { gainsFromBytes: () => Promise.reject(new Error('asked')) });

describe('auto', () => {
  it.each([
    ['bytes where the CPU gains from them', 'cpu', fast, undefined, 'int8', /8-bit.*sam\.precision=float32/],
    ['float32 where it does not, without a word', 'cpu', slow, undefined, 'float32', undefined],
    ['float32 on other devices', 'cuda', unasked, undefined, 'float32', undefined],
    ['what the run did before: float32', 'cpu', unasked, 'float32', 'float32', undefined],
    ['what the run did before: bytes', 'cpu', fast, 'int8', 'int8', /8-bit/],
    ['float32 in a run that came here with bytes', 'cpu', slow, 'int8', 'float32', /processor.*again/],
    ['float32 in a run of bytes that goes on elsewhere', 'cuda', unasked, 'int8', 'float32', /cuda.*again/],
  ] as const)('takes %s', async (_what, device, machine, before, precision, note) => {
    const choice = await choosePrecision('auto', device, { machine, ...(before && { before }) });
    expect(choice.precision).toBe(precision);
    expect(choice.note ?? '').toMatch(note ?? /^$/);
  });
});

it.each(['float32', 'int8'] as const)('a named precision is taken as it is: %s', async (precision) => {
  const machine = unasked;
  expect(await choosePrecision(precision, 'cpu', { machine, before: 'float32' })).toEqual({ precision });
});
