import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readImage } from '../../src/imaging/read.ts';
import {
  resizeBytes,
  resizeImage,
  resizeMaps,
  resizeMaskNearest,
  resizeValues,
} from '../../src/imaging/resample.ts';
import { readSafetensors } from '../../src/tensor/safetensors.ts';
import { sharedPath } from '../shared.ts';
import pillow from './pillow-cases.json' with { type: 'json' };

const cases = pillow.resize.map((one) => ({ ...one, to: { height: one.outHeight, width: one.outWidth } }));
const size = fc.record({ height: fc.integer({ min: 1, max: 30 }), width: fc.integer({ min: 1, max: 30 }) });

describe('Pillow 12 on the same bytes', () => {
  it.each(cases)('$width x $height to $outWidth x $outHeight', (one) => {
    const data = Uint8Array.from(one.data);
    expect([...resizeBytes(data, one, one.to)]).toEqual(one.bilinear);
    expect([...resizeMaskNearest({ ...one, data }, one.to).data]).toEqual(one.nearest);
    const floats = resizeValues(data, one, one.to);
    one.floatBilinear.forEach((value, i) => {
      expect(Math.abs(floats[i]! - value)).toBeLessThan(2e-4);
    });
  });

  it.skipIf(sharedPath('golden', 'sam-tiny') === undefined)(
    'resizes the reference’s image exactly',
    async () => {
      const image = await readImage(sharedPath('golden', 'sam-tiny', 'image.png')!);
      const expected = (await readSafetensors(sharedPath('golden', 'sam-tiny', 'expected.safetensors')!)).get(
        'resized_u8',
      )!;
      const [height, width] = expected.shape as [number, number];
      const ours = resizeImage(image, { height, width }).data;
      const grey = Uint8Array.from({ length: height * width }, (_, i) => Number(expected.data[3 * i]));
      expect(ours).toEqual(grey);
    },
  );
});

describe('resizing', () => {
  it('keeps constants', () => {
    fc.assert(
      fc.property(size, size, fc.nat({ max: 255 }), (from, to, value) => {
        const data = new Uint8Array(from.height * from.width).fill(value);
        const count = to.height * to.width;
        expect(resizeBytes(data, from, to)).toEqual(new Uint8Array(count).fill(value));
        for (const one of resizeValues(data, from, to)) expect(one).toBeCloseTo(value, 3);
        for (const one of resizeMaps(Float32Array.from(data), 1, from, to)) expect(one).toBeCloseTo(value, 3);
      }),
    );
  });

  it('keeps 16 bits', () => {
    const image = { height: 1, width: 4, bits: 16, data: Uint16Array.of(0, 1000, 60000, 65535) } as const;
    const half = resizeImage(image, { height: 1, width: 2 });
    expect(half.bits).toBe(16);
    // By hand: weights 3, 3, 1 of the four inputs within 2 px of the centre at 1, in sevenths.
    expect([...half.data]).toEqual([
      Math.round((3 * 1000 + 60000) / 7),
      Math.round((1000 + 3 * 60000 + 3 * 65535) / 7),
    ]);
  });

  it('interpolates every map of a stack on its own, edges repeated', () => {
    const maps = Float32Array.of(0, 1, 10, 30);
    const wide = resizeMaps(maps, 2, { height: 1, width: 2 }, { height: 1, width: 4 });
    expect([...wide]).toEqual([0, 0.25, 0.75, 1, 10, 15, 25, 30]);
    const tall = resizeMaps(maps, 1, { height: 2, width: 2 }, { height: 4, width: 2 });
    expect([...tall]).toEqual([0, 1, 2.5, 8.25, 7.5, 22.75, 10, 30]);
  });
});
