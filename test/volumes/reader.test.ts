import { execFileSync } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ImageError } from '../../src/base/errors.ts';
import { listImages } from '../../src/dataset/layout.ts';
import { sourceImages } from '../../src/dataset/source-images.ts';
import { decodeImage, readImage, readImageFile, readImageHeader } from '../../src/imaging/read.ts';
import { encodeNifti } from '../../src/nifti/nifti.ts';
import { VALUE_BYTES, type ValueType } from '../../src/volumes/values.ts';
import { useFolder } from '../pipeline/folder.ts';
import { metaHeader, metaImage, nrrd, nrrdHeader, storedValues, type VolumeFile } from './files.ts';

const inFolder = useFolder();

const TYPES = Object.keys(VALUE_BYTES) as ValueType[];
const FORMATS = [
  ['MetaImage', 'a.mha', metaImage],
  ['NRRD', 'a.nrrd', nrrd],
] as const;

/** Values that every type holds. */
const bytes: VolumeFile = {
  type: 'uint8',
  dims: [3, 2, 2],
  values: Array.from({ length: 12 }, (_, i) => i * 9),
};

describe.each(FORMATS)('%s', (_, name, encode) => {
  it('of any type, byte order and packing is read slice by slice', async () => {
    const file = fc
      .record({
        type: fc.constantFrom(...TYPES),
        littleEndian: fc.boolean(),
        compressed: fc.boolean(),
        width: fc.integer({ min: 1, max: 5 }),
        height: fc.integer({ min: 1, max: 5 }),
        slices: fc.integer({ min: 1, max: 3 }),
        seed: fc.integer({ min: 1, max: 127 }),
      })
      .map(({ width, height, slices, seed, ...rest }) => ({
        ...rest,
        dims: [width, height, slices],
        values: Array.from({ length: width * height * slices }, (__, i) => (i * seed) % 128),
      }));
    await fc.assert(
      fc.asyncProperty(file, async (volume) => {
        const [width, height, slices] = volume.dims as [number, number, number];
        for (let frame = 0; frame < slices; frame++) {
          const window = { low: 0, high: 255 };
          const image = await decodeImage(encode(volume), name, { frame, window });
          const slice = volume.values.slice(frame * width * height, (frame + 1) * width * height);
          const scale = volume.type === 'uint8' ? 1 : 257;
          expect([image.width, image.height, image.bits]).toEqual([width, height, scale === 1 ? 8 : 16]);
          expect([...image.data]).toEqual(slice.map((value) => value * scale));
        }
        await expect(decodeImage(encode(volume), name, { frame: slices })).rejects.toThrow(ImageError);
      }),
      { numRuns: 60 },
    );
  });

  it('has negative values and fractions shown by a window, what is no number black', async () => {
    const volume: VolumeFile = { type: 'float32', dims: [3, 1], values: [-500, Number.NaN, 250] };
    const { data } = await decodeImage(encode(volume), name, { window: { low: -500, high: 500 } });
    expect([...data]).toEqual([0, 0, Math.round(0.75 * 65_535)]);
  });

  it('that is cut off, swells or lies about its size is refused by name', async () => {
    const refuses = async (file: Uint8Array, what: RegExp): Promise<void> => {
      await expect(decodeImage(file, name)).rejects.toThrow(ImageError);
      await expect(decodeImage(file, name)).rejects.toThrow(what);
    };
    await refuses(encode(bytes).subarray(0, -1), /is cut off: 11 of 12 bytes/);
    await refuses(encode({ ...bytes, compressed: true }).subarray(0, -6), /cannot be inflated/);
    await refuses(encode({ ...bytes, dims: [1e5, 1e5] }), /claims 100000 x 100000 values/);
    await refuses(encode({ ...bytes, dims: [-1, 5] }), /no whole numbers/);
    const head = encode({ ...bytes, compressed: true, values: [] });
    const bomb = name === 'a.mha' ? deflateSync(Buffer.alloc(50e6)) : gzipSync(Buffer.alloc(50e6));
    const packed = name === 'a.mha' ? deflateSync(Buffer.alloc(0)) : gzipSync(Buffer.alloc(0));
    await refuses(Buffer.concat([head.subarray(0, -packed.length), bomb]), /cannot be inflated/);
  });
});

it.each([
  ['a.nii.gz', encodeNifti(Uint8Array.from(bytes.values), bytes.dims, [1, 1, 1])],
  ['a.mha', metaImage({ ...bytes, compressed: true })],
  ['a.nrrd', nrrd({ ...bytes, compressed: true })],
])('%s is inflated once for all slices while its bytes are held', async (name, file) => {
  expect([...(await decodeImage(file, name, { frame: 1 })).data]).toEqual(bytes.values.slice(6));
  await expect(decodeImage(file, name, { maxPixels: 4 })).rejects.toThrow(ImageError);
  // From here on they could not be inflated again.
  file.fill(0, file.length - 12);
  expect([...(await decodeImage(file, name)).data]).toEqual(bytes.values.slice(0, 6));
  await expect(decodeImage(file.slice(), name)).rejects.toThrow(/cannot be inflated/);
});

describe('distances', () => {
  it.each([
    ['a.mha', metaImage({ ...bytes, lines: ['ElementSpacing = 0.2 0.5 3'] }), [0.5, 0.2]],
    ['a.mha', metaImage({ ...bytes, lines: ['ElementSize = 0.2 0.5 3'] }), [0.5, 0.2]],
    ['a.mha', metaImage(bytes), [1, 1]],
    ['a.nrrd', nrrd({ ...bytes, lines: ['spacings: 0.2 0.5 NaN'] }), [0.5, 0.2]],
    [
      'a.nrrd',
      nrrd({
        ...bytes,
        lines: ['space directions: (0,0.2,0) (-0.3,0,0.4) none', 'space units: "mm" "mm" "mm"'],
      }),
      [0.5, 0.2],
    ],
    ['a.nrrd', nrrd({ ...bytes, lines: ['spacings: 200 500 1', 'units: "um" "um" "um"'] }), [0.5, 0.2]],
  ])('%s: of rows and columns (case %#)', async (name, file, spacing) => {
    const { spacingMm } = await decodeImage(file, name);
    expect(spacingMm![0]).toBeCloseTo(spacing[0]!, 6);
    expect(spacingMm![1]).toBeCloseTo(spacing[1]!, 6);
  });
});

describe('what is not grey or not binary is refused by name', () => {
  const change = (header: string, from: string, to: string): Buffer => Buffer.from(header.replace(from, to));
  const meta = (from: string, to: string): Buffer => change(metaImage(bytes).toString('latin1'), from, to);
  const raw = (from: string, to: string): Buffer => change(nrrd(bytes).toString('latin1'), from, to);
  it.each([
    ['a.mha', meta('ObjectType = Image', 'ObjectType = Tube'), /object of type Tube/],
    ['a.mha', meta('NDims = 3', 'NDims = 2'), /2 NDims and 3 sizes/],
    ['a.mha', meta('MET_UCHAR', 'MET_STRING'), /type MET_STRING/],
    ['a.mha', metaImage({ ...bytes, lines: ['ElementNumberOfChannels = 3'] }), /has 3 channels/],
    ['a.mha', meta('BinaryData = True', 'BinaryData = False'), /values as text/],
    ['a.mha', meta('ElementDataFile = LOCAL', 'Comment = none'), /no line ElementDataFile/],
    ['a.mha', meta('ElementDataFile = LOCAL', 'ElementDataFile = a.raw'), /values in a\.raw/],
    ['a.nrrd', raw('type: uint8', 'type: block'), /type block/],
    ['a.nrrd', raw('encoding: raw', 'encoding: bzip2'), /encoding bzip2/],
    ['a.nrrd', raw('dimension: 3', 'dimension: 4'), /dimension of 4 and 3 sizes/],
    [
      'a.nrrd',
      change(nrrd({ ...bytes, type: 'int16' }).toString('latin1'), 'endian: little', 'endian: middle'),
      /endian of middle/,
    ],
    ['a.nrrd', nrrd({ ...bytes, lines: ['kinds: RGB-color domain domain'] }), /3 numbers at every place/],
    ['a.nrrd', nrrd({ ...bytes, lines: ['space directions: none (1,0) (0,1)'] }), /3 numbers at every place/],
    ['a.nrrd', nrrd({ ...bytes, lines: ['byte skip: 999999999999'] }), /999999999999 bytes or lines/],
    ['a.nrrd', nrrd({ ...bytes, lines: ['data file: a.raw'] }), /values in a\.raw/],
  ])('%s (case %#)', async (name, file, what) => {
    await expect(decodeImage(file, name)).rejects.toThrow(ImageError);
    await expect(decodeImage(file, name)).rejects.toThrow(what);
  });

  it('one part at every place is none: such an axis is left out', async () => {
    const single = { ...bytes, dims: [1, 3, 4], lines: ['kinds: vector domain domain'] };
    expect(await decodeImage(nrrd(single), 'a.nrrd')).toMatchObject({ width: 3, height: 4 });
  });
});

describe('values in a file of their own', () => {
  const detached = { ...bytes, compressed: true };
  const expectValues = async (name: string): Promise<void> => {
    const image = await readImage(inFolder(name), { frame: 1 });
    expect([...image.data]).toEqual(bytes.values.slice(6));
    expect(await readImageHeader(inFolder(name))).toMatchObject({ width: 3, height: 2, frames: 2, bits: 8 });
  };

  it('are found beside the header or below, and belong to what is hashed', async () => {
    await mkdir(inFolder('parts'));
    await writeFile(inFolder('a.mhd'), metaHeader(detached, 'a.zraw'));
    await writeFile(inFolder('a.zraw'), deflateSync(storedValues(bytes)));
    await expectValues('a.mhd');
    await writeFile(inFolder('b.mhd'), metaHeader({ ...bytes, lines: ['HeaderSize = 2'] }, 'parts/b.raw'));
    await writeFile(inFolder('parts', 'b.raw'), Buffer.concat([Buffer.from('hi'), storedValues(bytes)]));
    await expectValues('b.mhd');
    await writeFile(inFolder('c.mhd'), metaHeader({ ...bytes, lines: ['HeaderSize = -1'] }, 'parts/b.raw'));
    await expectValues('c.mhd');
    await writeFile(inFolder('d.nhdr'), `${nrrdHeader({ ...detached, lines: ['data file: d.raw.gz'] })}\n`);
    await writeFile(inFolder('d.raw.gz'), gzipSync(storedValues(bytes)));
    await expectValues('d.nhdr');
    const lines = ['datafile: parts/e.raw', 'line skip: 1', 'byte skip: 1'];
    await writeFile(inFolder('e.nhdr'), `${nrrdHeader({ ...bytes, lines })}\n`);
    await writeFile(inFolder('parts', 'e.raw'), Buffer.concat([Buffer.from('a\nb'), storedValues(bytes)]));
    await expectValues('e.nhdr');
    const before = Buffer.from(await readImageFile(inFolder('b.mhd')));
    await writeFile(inFolder('parts', 'b.raw'), Buffer.concat([Buffer.from('hi'), Buffer.alloc(12)]));
    expect(before.equals(Buffer.from(await readImageFile(inFolder('b.mhd'))))).toBe(false);
  });

  it.each([
    '../out.raw',
    '/etc/hostname',
    'link.raw',
    '.',
    'LIST',
    'a%03d.raw',
    'gone.raw',
    'pipe.raw',
    'big.raw',
  ])('are not read from %s', async (file) => {
    await mkdir(inFolder('data'));
    await writeFile(inFolder('out.raw'), storedValues(bytes));
    await writeFile(inFolder('data', 'big.raw'), Buffer.alloc(2e6));
    await symlink(inFolder('out.raw'), inFolder('data', 'link.raw'));
    execFileSync('/usr/bin/mkfifo', [inFolder('data', 'pipe.raw')]);
    await writeFile(inFolder('data', 'a.mhd'), metaHeader(bytes, file));
    await writeFile(
      inFolder('data', 'a.nhdr'),
      `${nrrdHeader({ ...bytes, lines: [`data file: ${file}`] })}\n`,
    );
    for (const name of ['a.mhd', 'a.nhdr']) {
      await expect(readImage(inFolder('data', name))).rejects.toThrow(ImageError);
    }
  });
});

it('a volume in a data set is as many images as it has slices, and no name of it is hidden', async () => {
  await writeFile(inFolder('a.mha'), metaImage(bytes));
  await writeFile(inFolder('b.nrrd'), nrrd({ ...bytes, dims: [4, 3] }));
  await writeFile(inFolder('c.mhd'), 'damaged');
  const files = await listImages(inFolder());
  const { images } = await sourceImages(inFolder(), files, 'auto');
  expect(images.map(({ name }) => name)).toEqual(['a#1.mha', 'a#2.mha', 'b.nrrd', 'c.mhd']);
});
