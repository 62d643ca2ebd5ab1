import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ImageError } from '../../src/base/errors.ts';
import { decodeNifti, encodeNifti, encodeNiftiVolume, isNiftiName } from '../../src/nifti/nifti.ts';

/** A file made byte by byte from nifti1.h: 3 x 2 voxels 1..6. */
function handmade(code: number, valueBytes: number, put: (view: DataView, at: number, i: number) => void) {
  return (little: boolean): Uint8Array => {
    const bytes = new Uint8Array(352 + 6 * valueBytes);
    const view = new DataView(bytes.buffer);
    view.setInt32(0, 348, little);
    [2, 3, 2].forEach((value, i) => {
      view.setInt16(40 + 2 * i, value, little);
    });
    view.setInt16(70, code, little);
    view.setFloat32(80, 0.25, little);
    view.setFloat32(84, 0.5, little);
    view.setFloat32(108, 352, little);
    view.setFloat32(112, 2, little);
    view.setFloat32(116, -1, little);
    bytes.set([0x6e, 0x2b, 0x31, 0], 344);
    for (let i = 0; i < 6; i++) put(view, 352 + valueBytes * i, i + 1);
    return bytes;
  };
}

describe('reading', () => {
  it.each([true, false])('takes every type in byte order little = %s', (little) => {
    const files = [
      handmade(2, 1, (view, at, i) => view.setUint8(at, i)),
      handmade(256, 1, (view, at, i) => view.setInt8(at, i)),
      handmade(4, 2, (view, at, i) => view.setInt16(at, i, little)),
      handmade(512, 2, (view, at, i) => view.setUint16(at, i, little)),
      handmade(8, 4, (view, at, i) => view.setInt32(at, i, little)),
      handmade(768, 4, (view, at, i) => view.setUint32(at, i, little)),
      handmade(16, 4, (view, at, i) => view.setFloat32(at, i, little)),
      handmade(64, 8, (view, at, i) => view.setFloat64(at, i, little)),
      handmade(1024, 8, (view, at, i) => view.setBigInt64(at, BigInt(i), little)),
      handmade(1280, 8, (view, at, i) => view.setBigUint64(at, BigInt(i), little)),
    ];
    for (const make of files) {
      const volume = decodeNifti(make(little), 'a.nii');
      expect([...volume.data]).toEqual([1, 2, 3, 4, 5, 6]);
      expect(volume).toMatchObject({ dims: [3, 2], spacingMm: [0.25, 0.5], slope: 2, intercept: -1 });
    }
  });

  it('knows the names of its files', () => {
    expect(['a.nii', 'a.NII.gz', 'a.gz', 'nii'].map(isNiftiName)).toEqual([true, true, false, false]);
  });
});

describe('writing', () => {
  it('gives back what was written', () => {
    const sizes = fc.record({
      width: fc.integer({ min: 1, max: 9 }),
      height: fc.integer({ min: 1, max: 9 }),
    });
    fc.assert(
      fc.property(
        sizes,
        fc.boolean(),
        fc.boolean(),
        fc.infiniteStream(fc.nat(65535)),
        (size, wide, gz, stream) => {
          const values = Array.from(
            { length: size.width * size.height },
            () => stream.next().value as number,
          );
          const data = wide ? Uint16Array.from(values) : Uint8Array.from(values, (value) => value % 256);
          const bytes = encodeNifti(data, [size.width, size.height, 1], [0.5, 0.25, 1], gz);
          const volume = decodeNifti(bytes, 'a.nii');
          expect(volume.data).toEqual(data);
          expect(volume).toMatchObject({ dims: [size.width, size.height, 1], spacingMm: [0.5, 0.25, 1] });
        },
      ),
    );
  });

  it('turns the axes of a picture as ITK does: columns to -x, rows to -y', () => {
    const view = new DataView(encodeNifti(new Uint8Array(6), [3, 2, 1], [0.5, 0.25, 1], false).buffer);
    const matrix = Array.from({ length: 12 }, (_, i) => view.getFloat32(280 + 4 * i, true));
    expect(matrix).toEqual([-0.5, 0, 0, 0, 0, -0.25, 0, 0, 0, 0, 1, 0]);
    expect([256, 260, 264].map((at) => view.getFloat32(at, true))).toEqual([0, 0, 1]);
  });
});

describe('refusing', () => {
  const good = encodeNifti(Uint8Array.of(1, 2, 3, 4, 5, 6), [3, 2, 1], [1, 1, 1], false);
  const changed = (change: (view: DataView) => void): Uint8Array => {
    const bytes = good.slice();
    change(new DataView(bytes.buffer));
    return bytes;
  };
  it.each<[string, Uint8Array, RegExp]>([
    ['nothing', new Uint8Array(0), /no NIfTI-1 file/],
    ['text', Buffer.from('hello '.repeat(100)), /no NIfTI-1 file/],
    ['a pair', changed((view) => view.setUint8(345, 0x69)), /half of a NIfTI pair/],
    [
      'a billion voxels',
      changed((view) => [42, 44].map((at) => view.setInt16(at, 32_000, true))),
      /million voxels/,
    ],
    ['a negative size', changed((view) => view.setInt16(42, -3, true)), /-3 x 2/],
    ['eight axes', changed((view) => view.setInt16(40, 8, true)), /8 axes/],
    ['colours', changed((view) => view.setInt16(70, 128, true)), /type 128/],
    ['data in the header', changed((view) => view.setFloat32(108, 100, true)), /begin at byte 100/],
    ['data at no number', changed((view) => view.setFloat32(108, Number.NaN, true)), /begin at byte NaN/],
    ['a cut-off file', good.subarray(0, good.length - 2), /4 of 6 bytes/],
    ['a cut-off archive', gzipSync(good).subarray(0, 40), /inflated|no NIfTI/],
    ['a bomb', gzipSync(Buffer.concat([good, Buffer.alloc(50_000_000)])), /inflated/],
    [
      'lying sizes in an archive',
      gzipSync(changed((view) => view.setInt16(42, 3000, true))),
      /6 of 6000 bytes/,
    ],
  ])('%s', (_, bytes, message) => {
    expect(() => decodeNifti(bytes, 'a.nii.gz')).toThrow(ImageError);
    expect(() => decodeNifti(bytes, 'a.nii.gz')).toThrow(message);
  });

  it('300 damaged files with named errors or not at all', () => {
    const originals = [good, gzipSync(good)];
    const damage = fc.record({
      which: fc.nat(1),
      at: fc.nat(400),
      value: fc.nat(255),
      length: fc.nat(400),
    });
    fc.assert(
      fc.property(damage, ({ which, at, value, length }) => {
        const bytes = Uint8Array.from(originals[which]!);
        bytes[at % bytes.length] = value;
        const cut = length % 4 === 0 ? bytes.subarray(0, length) : bytes;
        try {
          expect(decodeNifti(cut, 'a.nii.gz').data.length).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toBeInstanceOf(ImageError);
        }
      }),
      { numRuns: 300, seed: 1 },
    );
  });
});

it('is plain where it is asked to be', () => {
  const data = Uint8Array.of(1, 2);
  const plain = encodeNifti(data, [2, 1], [1, 1], false);
  expect(gunzipSync(encodeNifti(data, [2, 1], [1, 1]))).toEqual(Buffer.from(plain));
});

describe('where voxels lie', () => {
  const data = new Uint8Array(6);
  const grid = { dims: [3, 2, 1], spacingMm: [0.5, 0.25, 2] };
  const affineIn = (change: (view: DataView) => void) => {
    const bytes = encodeNiftiVolume(data, grid, false);
    change(new DataView(bytes.buffer));
    return decodeNifti(bytes, 'a.nii').affine;
  };

  it("is a picture's, of ITK, unless more is known", () => {
    expect(affineIn(() => undefined)).toEqual([-0.5, 0, 0, 0, 0, -0.25, 0, 0, 0, 0, 2, 0]);
  });

  it('is the same by both forms of a header', () => {
    const byMatrix = affineIn((view) => view.setInt16(252, 0, true));
    expect(affineIn((view) => view.setInt16(254, 0, true))).toEqual(byMatrix);
    expect(
      affineIn((view) => {
        view.setInt16(252, 0, true);
        view.setInt16(254, 0, true);
      }),
    ).toBeUndefined();
  });

  it('is turned by a quaternion, mirrored and moved', () => {
    const affine = affineIn((view) => {
      view.setInt16(254, 0, true);
      // A third of a turn about (1, 1, 1): columns point along y, rows along z, slices along x.
      for (const at of [256, 260, 264]) view.setFloat32(at, 0.5, true);
      view.setFloat32(76, -1, true);
      for (const i of [0, 1, 2]) view.setFloat32(268 + 4 * i, 7 + i, true);
    });
    expect(affine).toEqual([0, 0, -2, 7, 0.5, 0, 0, 8, 0, 0.25, 0, 9]);
  });

  it('is in mm whatever the unit, and nowhere where it makes no sense', () => {
    const metres = affineIn((view) => view.setUint8(123, 1));
    expect(metres).toEqual([-500, 0, 0, 0, 0, -250, 0, 0, 0, 0, 2000, 0]);
    expect(affineIn((view) => view.setFloat32(280, Number.NaN, true))).toBeUndefined();
    expect(affineIn((view) => view.setFloat32(280, 0, true))).toBeUndefined();
  });
});
