import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { ImageError } from '../../src/base/errors.ts';
import { decodeRleFrame } from '../../src/dicom/rle.ts';
import { decodeImage } from '../../src/imaging/read.ts';
import type { ReadImageOptions } from '../../src/imaging/reader.ts';
import {
  BIG_ENDIAN,
  bareDataSet,
  DEFLATED,
  dicomFile,
  EXPLICIT,
  encapsulated,
  greyTags,
  IMPLICIT,
  JPEG,
  JPEG_LS,
  RLE,
  rleFrame,
  type Tags,
} from '../../tools/fuzz/dicom-files.ts';
import { goldenDicom } from '../../tools/golden/dicom.ts';
import { sharedPath } from '../shared.ts';

const read = (tags: Tags, syntax = EXPLICIT, options: ReadImageOptions = {}) =>
  decodeImage(dicomFile(tags, syntax), 'scan.dcm', options);
const bytes = (...values: number[]) => Uint8Array.from(values);
const words = (...values: number[]) => Uint16Array.from(values);

describe('stored pixels', () => {
  it.each([
    ['explicit, little-endian', EXPLICIT],
    ['implicit', IMPLICIT],
    ['big-endian', BIG_ENDIAN],
  ])('of 16 bits are the same in %s', async (_, syntax) => {
    // A window over all of the 16 bits gives the stored values back.
    const window = { low: 0, high: 65535 };
    const image = await read(greyTags(2, 3, words(0, 1, 2, 256, 65534, 65535)), syntax, { window });
    expect(image).toEqual({ height: 2, width: 3, bits: 16, data: words(0, 1, 2, 256, 65534, 65535) });
  });

  it('may be deflated', async () => {
    const image = await read(greyTags(1, 2, bytes(3, 9)), DEFLATED, { window: { low: 0, high: 255 } });
    expect([...image.data]).toEqual([3, 9]);
  });

  it.each([
    ['explicit', EXPLICIT],
    ['implicit', IMPLICIT],
  ] as const)('are read without preamble and group 0002, %s', async (_, syntax) => {
    const tags = greyTags(1, 2, bytes(3, 9), { '00080016': '1.2.840.10008.5.1.4.1.1.1' });
    const image = await decodeImage(bareDataSet(tags, syntax), 'b1', { window: { low: 0, high: 255 } });
    expect([...image.data]).toEqual([3, 9]);
  });

  it.each([EXPLICIT, IMPLICIT, BIG_ENDIAN, DEFLATED])(
    'are read without the preamble alone in syntax %s',
    async (syntax) => {
      const file = dicomFile(greyTags(1, 2, words(3, 9)), syntax).subarray(132);
      const image = await decodeImage(file, 'a1.dcm', { window: { low: 0, high: 65535 } });
      expect([...image.data]).toEqual([3, 9]);
    },
  );

  it('are no pixels where they are compressed and nothing says how', async () => {
    const tags = { ...greyTags(1, 2, [Buffer.alloc(64)]), '00080016': '1.2.840.10008.5.1.4.1.1.1' };
    await expect(decodeImage(bareDataSet(tags, EXPLICIT), 'a1.dcm')).rejects.toThrow(/are in fragments/);
  });

  it.each([
    ['text', Buffer.from('08:00 first patient')],
    ['an element that no other one follows', Buffer.from('0800050043530400415343490000', 'hex')],
    ['zeros', Buffer.alloc(200)],
  ])('are not sought in %s', async (_, file) => {
    await expect(decodeImage(file, 'a1.dcm')).rejects.toMatchObject({
      seen: 'a1.dcm is no image file by its first bytes',
      need: expect.stringContaining('letters DICM'),
      fix: expect.stringContaining('dcmconv IN OUT'),
    });
    await expect(decodeImage(file, 'b1')).rejects.toMatchObject({ fix: 'Convert it, or leave it out' });
  });

  it('come frame by frame', async () => {
    const tags = greyTags(1, 2, bytes(1, 2, 3, 4, 5, 6), { '00280008': '3' });
    for (const frame of [0, 1, 2]) {
      const image = await read(tags, EXPLICIT, { frame, window: { low: 0, high: 255 } });
      expect([...image.data]).toEqual([2 * frame + 1, 2 * frame + 2]);
    }
    await expect(read(tags, EXPLICIT, { frame: 3 })).rejects.toThrow(/has 3 images, and number 4/);
  });

  it('of one bit follow each other without filling bytes up', async () => {
    const bits = { '00280008': '3', '00280100': [1], '00280101': [1] };
    const tags = greyTags(1, 3, bytes(0b10_001_101, 0b1), bits);
    const rows = await Promise.all([0, 1, 2].map((frame) => read(tags, EXPLICIT, { frame })));
    expect(rows.map(({ data }) => [...data])).toEqual([
      [255, 0, 255],
      [255, 0, 0],
      [0, 255, 255],
    ]);
  });

  it('leave bits above those stored out', async () => {
    const tags = greyTags(1, 2, words(0xf00f, 0x0fff), { '00280101': [12] });
    const image = await read(tags, EXPLICIT, { window: { low: 0, high: 4095 } });
    expect([...image.data]).toEqual([Math.round((15 / 4095) * 65535), 65535]);
  });
});

describe('run lengths', () => {
  it('give any pixels back, of one or two bytes and one or three samples', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(1, 3),
        fc.constantFrom(1, 2),
        fc.integer({ min: 1, max: 400 }),
        fc.infiniteStream(fc.oneof(fc.constant(7), fc.integer({ min: 0, max: 255 }))),
        (samples, bytesPerSample, pixels, stream) => {
          const step = samples * bytesPerSample;
          const frame = Uint8Array.from({ length: pixels * step }, () => stream.next().value);
          const segments = Array.from({ length: step }, (_, s) => {
            const at =
              Math.floor(s / bytesPerSample) * bytesPerSample + bytesPerSample - 1 - (s % bytesPerSample);
            return frame.filter((_value, i) => i % step === at);
          });
          expect(decodeRleFrame(rleFrame(segments), pixels, samples, bytesPerSample)).toEqual(frame);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('that end early, or of too few segments, are named', async () => {
    const whole = rleFrame([bytes(1, 2, 3, 4)]);
    const tags = (frame: Uint8Array) => greyTags(2, 2, [frame]);
    expect([...(await read(tags(whole), RLE, { window: { low: 0, high: 255 } })).data]).toEqual([1, 2, 3, 4]);
    await expect(read(tags(whole.subarray(0, 66)), RLE)).rejects.toThrow(
      /run lengths end before the picture/,
    );
    await expect(read({ ...tags(whole), '00280100': [16] }, RLE)).rejects.toThrow(
      /1 segments of run lengths where 2/,
    );
  });
});

describe('the window', () => {
  const ramp = Uint16Array.from({ length: 101 }, (_, i) => i);
  const picture = (more: Tags) => greyTags(1, 101, ramp, { '00280101': [16], ...more });
  const at = async (more: Tags, ...places: number[]) => {
    const { data } = await read(picture(more));
    return places.map((place) => Math.round((data[place]! / 65535) * 1000) / 1000);
  };

  it('of the file: linear, with its centre half a step below', async () => {
    // C.11.2.1.2.1: from centre - width / 2 to centre + width / 2 - 1.
    expect(await at({ '00281050': '50', '00281051': '21' }, 38, 39, 49, 50, 60, 61)).toEqual([
      0, 0, 0.475, 0.525, 1, 1,
    ]);
  });

  it('of the file: linear to the exact centre, and sigmoid', async () => {
    const exact = { '00281050': '50', '00281051': '20', '00281056': 'LINEAR_EXACT' };
    expect(await at(exact, 40, 50, 55, 60)).toEqual([0, 0.5, 0.75, 1]);
    const sigmoid = { ...exact, '00281056': 'SIGMOID' };
    expect(await at(sigmoid, 50, 60)).toEqual([0.5, Math.round(1000 / (1 + Math.exp(-2))) / 1000]);
  });

  it('is in units after rescaling', async () => {
    const rescaled = { '00281052': '-1000', '00281053': '2', '00281056': 'LINEAR_EXACT' };
    expect(await at({ ...rescaled, '00281050': '-900', '00281051': '40' }, 40, 50, 60)).toEqual([0, 0.5, 1]);
  });

  it('of the user wins; without any, one value in a hundred is cut off', async () => {
    const { data } = await read(picture({ '00281050': '5', '00281051': '2' }), EXPLICIT, {
      window: { low: 20, high: 60 },
    });
    expect([data[20], data[40], data[60]]).toEqual([0, 32768, 65535]);
    expect(await at({}, 0, 50, 100)).toEqual([0, 0.5, 1]);
    expect(await at({ '00281050': '5', '00281051': '0' }, 0, 50, 100)).toEqual([0, 0.5, 1]);
  });

  it('may be a table, before and after whose ends its ends hold', async () => {
    const table = { '00283002': [3, 50, 12], '00283006': new Uint8Array(words(0, 1000, 4095).buffer) };
    expect(await at({ '00283010': [table] }, 0, 50, 51, 52, 100)).toEqual([0, 0, 0.244, 1, 1]);
  });

  it('may follow a table of the modality', async () => {
    const table = { '00283002': [3, 50, 16], '00283006': new Uint8Array(words(10, 500, 20).buffer) };
    const window = { '00281050': '255', '00281051': '490', '00281056': 'LINEAR_EXACT' };
    expect(await at({ '00283000': [table], ...window }, 0, 50, 51, 52, 100)).toEqual([0, 0, 1, 0.02, 0.02]);
  });

  it('comes before the inversion of MONOCHROME1', async () => {
    const inverted = {
      '00280004': 'MONOCHROME1',
      '00281050': '50',
      '00281051': '20',
      '00281056': 'LINEAR_EXACT',
    };
    expect(await at(inverted, 40, 55, 60)).toEqual([1, 0.25, 0]);
  });

  it('and the distances of pixels may be each frame’s own', async () => {
    const group = (centre: string, spacing: string): Tags => ({
      '00289132': [{ '00281050': centre, '00281051': '2', '00281056': 'LINEAR_EXACT' }],
      '00289110': [{ '00280030': spacing }],
    });
    const tags = greyTags(1, 2, bytes(10, 20, 10, 20), {
      '00280008': '2',
      '52009230': [group('10', '0.5\\0.25'), group('20', '2\\1')],
    });
    const [first, second] = [await read(tags), await read(tags, EXPLICIT, { frame: 1 })];
    expect([[...first.data], [...second.data]]).toEqual([
      [128, 255],
      [0, 128],
    ]);
    expect([first.spacingMm, second.spacingMm]).toEqual([
      [0.5, 0.25],
      [2, 1],
    ]);
  });

  it('of signed pixels knows what lies below zero', async () => {
    const image = await read(greyTags(1, 3, Int16Array.of(-1000, 0, 1000)), EXPLICIT, {
      window: { low: -1000, high: 1000 },
    });
    expect([...image.data]).toEqual([0, 32768, 65535]);
  });
});

describe('distances of pixels', () => {
  it('are those in the patient, else those on the detector', async () => {
    const both = { '00280030': '0.2\\0.1', '00181164': '0.3\\0.3' };
    expect((await read(greyTags(1, 1, bytes(1), both))).spacingMm).toEqual([0.2, 0.1]);
    expect((await read(greyTags(1, 1, bytes(1), { '00181164': '0.3\\0.3' }))).spacingMm).toEqual([0.3, 0.3]);
    expect((await read(greyTags(1, 1, bytes(1), { '00280030': '0\\x' }))).spacingMm).toBeUndefined();
  });
});

describe('colour becomes grey', () => {
  const colour = (photometric: string, data: Uint8Array, more: Tags = {}): Tags => ({
    ...greyTags(1, 2, data),
    '00280002': [3],
    '00280004': photometric,
    ...more,
  });
  const luma = (r: number, g: number, b: number) => Math.round(0.299 * r + 0.587 * g + 0.114 * b);

  it('by luma, side by side or plane after plane', async () => {
    const expected = [luma(255, 0, 0), luma(10, 20, 30)];
    expect([...(await read(colour('RGB', bytes(255, 0, 0, 10, 20, 30)))).data]).toEqual(expected);
    const planes = colour('RGB', bytes(255, 10, 0, 20, 0, 30), { '00280006': [1] });
    expect([...(await read(planes)).data]).toEqual(expected);
  });

  it('by its Y, also where neighbours share their colour', async () => {
    expect([...(await read(colour('YBR_FULL', bytes(7, 1, 2, 9, 3, 4)))).data]).toEqual([7, 9]);
    expect([...(await read(colour('YBR_FULL_422', bytes(7, 9, 1, 2)))).data]).toEqual([7, 9]);
  });

  it('by the luma of its palette, also of one in segments', async () => {
    const table = (...values: number[]) => new Uint8Array(words(...values).buffer);
    const descriptors = { '00281101': [3, 0, 16], '00281102': [3, 0, 16], '00281103': [3, 0, 16] };
    const pixels = { ...greyTags(1, 4, bytes(0, 1, 2, 9)), '00280004': 'PALETTE COLOR', ...descriptors };
    const plain = {
      '00281201': table(0, 0x6400, 0xc800),
      '00281202': table(0, 0x6400, 0xc800),
      '00281203': table(0, 0x6400, 0xc800),
    };
    expect([...(await read({ ...pixels, ...plain })).data]).toEqual([0, 100, 200, 200]);
    // One value, then a line over two more.
    const line = table(0, 1, 0, 1, 2, 0xc800);
    const segmented = { '00281221': line, '00281222': line, '00281223': line };
    expect([...(await read({ ...pixels, ...segmented })).data]).toEqual([0, 100, 200, 200]);
    await expect(read(pixels)).rejects.toThrow(/palette whose tables are missing/);
  });

  it('out of a JPEG', async () => {
    const raw = Buffer.from(Array.from({ length: 64 }, () => [200, 100, 50]).flat());
    const jpeg = await sharp(raw, { raw: { width: 8, height: 8, channels: 3 } })
      .jpeg({ quality: 100, chromaSubsampling: '4:4:4' })
      .toBuffer();
    const tags = {
      ...greyTags(8, 8, bytes()),
      '00280002': [3],
      '00280004': 'YBR_FULL_422',
      '7FE00010': encapsulated([jpeg]),
    };
    const { data } = await read(tags, '1.2.840.10008.1.2.4.50');
    for (const value of data) expect(Math.abs(value - luma(200, 100, 50))).toBeLessThanOrEqual(1);
  });
});

it('a grey JPEG has the values that were packed', async () => {
  const raw = Buffer.from(Array.from({ length: 64 }, (_, i) => 3 * i));
  const jpeg = await sharp(raw, { raw: { width: 8, height: 8, channels: 1 } })
    .toColourspace('b-w')
    .jpeg({ quality: 100 })
    .toBuffer();
  const { data } = await read(greyTags(8, 8, [jpeg]), JPEG, { window: { low: 0, high: 255 } });
  expect(data).toHaveLength(64);
  for (const [i, value] of data.entries()) expect(Math.abs(value - 3 * i)).toBeLessThanOrEqual(2);
});

describe('what is no picture is named', () => {
  const sound = greyTags(2, 2, bytes(1, 2, 3, 4));
  it.each<[string, Tags, RegExp]>([
    ['a report', { '00080060': 'SR', '0040A040': 'CONTAINER' }, /without a picture \(modality SR\)/],
    ['a picture cut off before its pixels', { '00280010': [2] }, /its pixels are missing/],
    ['a file cut off before its rows', { '00080060': 'CR' }, /its pixels are missing; modality CR/],
    ['too few pixels', { ...sound, '00280010': [3] }, /holds 4 bytes of pixels where 6 are needed/],
    ['no rows', { ...sound, '00280010': [0] }, /says 0 about its rows/],
    ['pixels of 32 bits', { ...sound, '00280100': [32] }, /stores 8 bits in 32/],
    ['more bits stored than there are', { ...sound, '00280101': [9] }, /stores 9 bits in 8/],
    ['an unknown colour', { ...sound, '00280004': 'HSV' }, /is HSV with 1 samples/],
    ['colour of one sample', { ...sound, '00280004': 'RGB' }, /is RGB with 1 samples/],
    ['no frames', { ...sound, '00280008': '0' }, /says it has 0 frames/],
    ['a billion pixels', { ...sound, '00280010': [60000], '00280011': [60000] }, /60000 x 60000 pixels/],
  ])('%s', async (_, tags, message) => {
    await expect(read(tags)).rejects.toThrow(message);
    await expect(read(tags)).rejects.toBeInstanceOf(ImageError);
  });

  it('an unknown transfer syntax, fragments that are none, a stream of another size', async () => {
    await expect(read(sound, '1.2.840.10008.1.2.4.100')).rejects.toThrow(
      /transfer syntax 1\.2\.840\.10008\.1\.2\.4\.100/,
    );
    await expect(read(sound, RLE)).rejects.toThrow(/not in fragments/);
    const jpeg = await sharp(Buffer.alloc(64), { raw: { width: 8, height: 8, channels: 1 } })
      .toColourspace('b-w')
      .jpeg()
      .toBuffer();
    await expect(read(greyTags(9, 8, [jpeg]), '1.2.840.10008.1.2.4.50')).rejects.toThrow(
      /stream is 8 x 8 .* header 8 x 9/,
    );
  });

  it('a JPEG-LS stream without an end', async () => {
    const head = Buffer.from('ffd8fff7000b080002000201011100ffda0008010100000000', 'hex');
    await expect(read(greyTags(2, 2, [head]), JPEG_LS)).rejects.toThrow(/JPEG stream has no end/);
  });

  it('a file cut off anywhere, and one that is misnamed', async () => {
    const file = dicomFile(sound);
    for (let cut = 140; cut < file.length; cut += 7) {
      await expect(decodeImage(file.subarray(0, cut), 'scan.dcm')).rejects.toBeInstanceOf(ImageError);
    }
    await expect(decodeImage(file, 'scan.png')).rejects.toThrow(/Rename it to scan\.dcm/);
    expect((await decodeImage(file, '1.2.840.10008.77')).width).toBe(2);
  });

  it('an implicit element that ends behind the file, and a number that is not there', async () => {
    const file = dicomFile(sound, IMPLICIT);
    file.writeUInt32LE(400, file.length - 8);
    await expect(decodeImage(file, 'scan.dcm')).rejects.toThrow(/element x7fe00010 ends behind the file/);
    // The last element of the file is the description of a table, with one number in place of three.
    const table = { '00283002': [3], '00283006': bytes(1, 2) };
    const short = dicomFile({ ...sound, '00283010': [table] });
    await expect(decodeImage(short, 'scan.dcm')).resolves.toBeDefined();
  });

  it('a preamble may hold the head of a TIFF', async () => {
    const file = dicomFile(sound);
    file.set([0x49, 0x49, 0x2a, 0x00]);
    expect((await decodeImage(file, 'scan.dcm')).width).toBe(2);
  });
});

describe.skipIf(sharedPath('data', 'dicom') === undefined)('real files (absent where ../shared is)', () => {
  it('decode to the reference’s pixels, and the hopeless ones are named', async () => {
    const rows = await goldenDicom(sharedPath('data', 'dicom')!);
    expect(rows.filter(({ ok }) => !ok)).toEqual([]);
    expect(rows).toHaveLength(33);
  }, 300_000);

  it('show a radiograph of MONOCHROME1 with what let no rays through as light', async () => {
    const path = sharedPath('data', 'dicom', 'RG3_J2KR.dcm')!;
    const image = await decodeImage(await readFile(path), path);
    expect([image.width, image.height, image.bits]).toEqual([1760, 1760, 16]);
    // Stored are 0 to 1023, the window is 1024 wide around 550: 1023 is 0.963 of it, and the darkest.
    let [darkest, lightest] = [65535, 0];
    for (const value of image.data) {
      darkest = Math.min(darkest, value);
      lightest = Math.max(lightest, value);
    }
    expect([darkest, lightest]).toEqual([Math.round(65535 * (0.5 - (1023 - 549.5) / 1023)), 65535]);
  });
});
