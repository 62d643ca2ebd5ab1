import { expect, test } from 'vitest';
import type { Image } from '../../src/imaging/image.ts';
import {
  inputSize,
  normalizeForSam,
  resizeForSam,
  toInputBox,
  toInputPoint,
} from '../../src/sam/preprocess.ts';

test('the longest side becomes the input size, the other is rounded', () => {
  expect(inputSize({ height: 300, width: 204 }, 128, 'sam')).toEqual({ height: 128, width: 87 });
  expect(inputSize({ height: 1, width: 4000 }, 1024, 'sam')).toEqual({ height: 1, width: 1024 });
  expect(inputSize({ height: 512, width: 904 }, 1024, 'sam')).toEqual({ height: 580, width: 1024 });
  expect(inputSize({ height: 300, width: 204 }, 128, 'medsam')).toEqual({ height: 128, width: 128 });
});

test('pixels are normalised per channel and padded with zeros right and below', () => {
  const image: Image = { height: 2, width: 1, bits: 8, data: Uint8Array.of(0, 255) };
  const { shape, data } = normalizeForSam(image, 2);
  expect(shape).toEqual([1, 3, 2, 2]);
  const expected = [-123.675 / 58.395, 0, (255 - 123.675) / 58.395, 0];
  expected.push(-116.28 / 57.12, 0, (255 - 116.28) / 57.12, 0);
  expected.push(-103.53 / 57.375, 0, (255 - 103.53) / 57.375, 0);
  data.forEach((value, i) => {
    expect(value).toBeCloseTo(expected[i]!, 5);
  });
});

test('MedSAM stretches to [0, 1] and does not pad', () => {
  const image: Image = { height: 2, width: 4, bits: 8, data: Uint8Array.of(10, 10, 60, 60, 10, 10, 60, 60) };
  const resized = resizeForSam(image, 2, 'medsam');
  expect(resized).toMatchObject({ height: 2, width: 2 });
  const { data } = normalizeForSam(resized, 2, 'medsam');
  expect([...data.subarray(0, 4)]).toEqual([0, 1, 0, 1]);
  expect([...data.subarray(8, 12)]).toEqual([0, 1, 0, 1]);
});

test('16 bits are windowed by percentiles: one bright marker does not take the contrast', () => {
  const data = Uint16Array.from({ length: 1024 }, (_, i) => 1000 + i);
  data[5] = 65535;
  const resized = resizeForSam({ height: 32, width: 32, bits: 16, data }, 32);
  expect(resized.data[5]).toBe(255);
  expect(resized.data[0]).toBe(0);
  expect(resized.data[512]).toBeGreaterThan(120);
  expect(resized.data[512]).toBeLessThan(135);
});

test('a constant 16-bit image stays finite', () => {
  const image: Image = { height: 4, width: 4, bits: 16, data: new Uint16Array(16).fill(777) };
  expect(new Set(resizeForSam(image, 4).data).size).toBe(1);
  expect(normalizeForSam(resizeForSam(image, 4), 4, 'medsam').data.every(Number.isFinite)).toBe(true);
});

test('coordinates scale with the sides as they were rounded', () => {
  const [original, resized] = [
    { height: 300, width: 204 },
    { height: 128, width: 87 },
  ];
  expect(toInputPoint([204, 300], original, resized)).toEqual([87, 128]);
  expect(toInputBox([0, 0, 102, 150], original, resized)).toEqual([0, 0, 43.5, 64]);
});
