import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  bfloat16ToFloat32,
  float16ToFloat32,
  float16ToNumber,
  float32ToFloat16,
  halvesWithin,
  numberToFloat16,
  prepareFloat16,
  widenHalves,
} from '../../src/tensor/float16.ts';

test.each([
  [0, 0x0000],
  [-0, 0x8000],
  [1, 0x3c00],
  [-2, 0xc000],
  [65504, 0x7bff],
  [2 ** -14, 0x0400],
  [2 ** -24, 0x0001],
  [0.333251953125, 0x3555],
  [Number.POSITIVE_INFINITY, 0x7c00],
  [Number.NEGATIVE_INFINITY, 0xfc00],
])('%d is the half %i', (value, bits) => {
  expect(numberToFloat16(value)).toBe(bits);
  expect(float16ToNumber(bits)).toBe(value);
});

test('rounding is to nearest, ties to even, and overflow is infinity', () => {
  expect(numberToFloat16(1 + 2 ** -11)).toBe(0x3c00);
  expect(numberToFloat16(1 + 3 * 2 ** -11)).toBe(0x3c02);
  expect(numberToFloat16(1 + 2 ** -11 + 2 ** -20)).toBe(0x3c01);
  expect(numberToFloat16(65519.99)).toBe(0x7bff);
  expect(numberToFloat16(65520)).toBe(0x7c00);
  expect(numberToFloat16(2 ** -25)).toBe(0x0000);
  expect(numberToFloat16(1.5 * 2 ** -24)).toBe(0x0002);
  expect(float16ToNumber(numberToFloat16(Number.NaN))).toBeNaN();
});

test('every half survives the way through float32', () => {
  const all = Uint16Array.from({ length: 65536 }, (_, pattern) => pattern);
  const back = float32ToFloat16(float16ToFloat32(all));
  for (let pattern = 0; pattern < 65536; pattern++) {
    const isNaNPattern = (pattern & 0x7fff) > 0x7c00;
    if (!isNaNPattern && back[pattern] !== pattern) expect(back[pattern]).toBe(pattern);
  }
});

test.each([1, 2, 5, 4096])('%d halves widen in place, before and after the table is ready', (count) => {
  const halves = Uint16Array.from({ length: count }, (_, i) => (i * 40_503) % 0x7c00);
  for (const prepare of [() => {}, prepareFloat16]) {
    prepare();
    const floats = new Float32Array(count);
    halvesWithin(floats).set(halves);
    widenHalves(floats);
    expect([...floats]).toEqual(Array.from(halves, float16ToNumber));
  }
});

test('a rounded value is no further than any neighbouring half', () => {
  fc.assert(
    fc.property(fc.float({ min: -65000, max: 65000, noNaN: true }), (value) => {
      const bits = numberToFloat16(value);
      const error = Math.abs(float16ToNumber(bits) - value);
      for (const neighbour of [bits - 1, bits + 1]) {
        const other = float16ToNumber(neighbour & 0xffff);
        if (Number.isFinite(other)) expect(error).toBeLessThanOrEqual(Math.abs(other - value));
      }
    }),
  );
});

test('bfloat16 is the upper half of a float32', () => {
  expect([...bfloat16ToFloat32(Uint16Array.of(0x3f80, 0xc000, 0x4049, 0x7f80))]).toEqual([
    1,
    -2,
    3.140625,
    Number.POSITIVE_INFINITY,
  ]);
});
