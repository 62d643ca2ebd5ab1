/** DICOM files that are made to take memory: each is refused before it does. */
import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { ImageError } from '../../src/base/errors.ts';
import { decodeImage } from '../../src/imaging/read.ts';
import {
  DEFLATED,
  dicomFile,
  EXPLICIT,
  greyTags,
  IMPLICIT,
  JPEG_2000,
  RLE,
  type Tags,
  withHead,
} from '../../tools/fuzz/dicom-files.ts';

const pixels = Uint8Array.of(3, 9);
const window = { low: 0, high: 255 };
const refusal = async (file: Uint8Array): Promise<string> => {
  const error: unknown = await decodeImage(file, 'scan.dcm').catch((cause: unknown) => cause);
  expect(error).toBeInstanceOf(ImageError);
  return (error as ImageError).seen;
};

/** An explicit element without a value, of a tag of its own. */
function emptyElements(count: number): Buffer {
  const bytes = Buffer.alloc(8 * count);
  for (let i = 0; i < count; i++) {
    bytes.writeUInt16LE(0x10 + (i >>> 16), 8 * i);
    bytes.writeUInt16LE(i & 0xffff, 8 * i + 2);
    bytes.write('LO', 8 * i + 4, 'latin1');
  }
  return bytes;
}

describe('a deflated file', () => {
  it('of more than 250 MB is refused, however small it is', async () => {
    const file = withHead(deflateRawSync(Buffer.alloc(251e6), { level: 1 }), DEFLATED);
    expect(await refusal(file)).toContain('it inflates to more than 250 MB');
  });

  it('is read behind any preamble', async () => {
    const file = dicomFile(greyTags(1, 2, pixels), DEFLATED);
    file.fill(0xff, 0, 128);
    expect([...(await decodeImage(file, 'scan.dcm', { window })).data]).toEqual([3, 9]);
  });
});

describe('elements', () => {
  const items = Buffer.from('feff00e000000000'.repeat(500_001), 'hex');

  it('without end are refused, also in the group that says how the file is written', async () => {
    expect(await refusal(withHead(emptyElements(500_001), EXPLICIT))).toContain(
      'it has more than 500000 elements',
    );
    const preamble = Buffer.concat([Buffer.alloc(128), Buffer.from('DICM')]);
    const sequence = Buffer.from('0200100053510000ffffffff', 'hex');
    expect(await refusal(Buffer.concat([preamble, sequence, items]))).toContain('more than 500000 elements');
  });

  it('as items, fragments or offsets are counted too', async () => {
    const sequence = Buffer.concat([Buffer.from('09000100ffffffff', 'hex'), items]);
    expect(await refusal(withHead(sequence, IMPLICIT))).toContain('more than 500000 elements');
    const fragments = Buffer.concat([Buffer.from('e07f10004f420000ffffffff', 'hex'), items]);
    expect(await refusal(withHead(fragments, RLE))).toContain('more than 500000 elements');
    const offsets = Buffer.concat([
      Buffer.from('e07f10004f420000ffffffff', 'hex'),
      Buffer.from('feff00e000008000', 'hex'),
      Buffer.alloc(2 ** 23),
    ]);
    expect(await refusal(withHead(offsets, RLE))).toContain('more than 500000 elements');
  });

  it('nested a hundred thousand deep are refused', async () => {
    const level = '09000100ffffffff' + 'feff00e0ffffffff';
    await refusal(withHead(Buffer.from(level.repeat(100_000), 'hex'), IMPLICIT));
  });

  it('by the ten thousand, as an export of many frames has them, are read', async () => {
    const group: Tags = { '00289132': [{ '00281050': '128', '00281051': '256' }] };
    const frames = Array.from({ length: 10_000 }, () => group);
    const file = dicomFile(greyTags(1, 2, pixels, { '52009230': frames }));
    expect((await decodeImage(file, 'scan.dcm')).width).toBe(2);
  });
});

describe('a JPEG 2000 stream', () => {
  const picture = (side: number, streamBytes: number): Buffer =>
    dicomFile(greyTags(side, side, [Buffer.alloc(streamBytes)]), JPEG_2000);

  it('that could take more than 5 s is refused before it is decoded, by its length and its pixels', async () => {
    expect(await refusal(picture(4000, 24e6))).toBe('scan.dcm would take up to 6 s to decode');
    expect(await refusal(picture(9000, 17e6))).toBe('scan.dcm would take up to 6 s to decode');
  });

  it('of a large radiograph is decoded', async () => {
    expect(await refusal(picture(4000, 22e6))).toContain('its stream is no JPEG 2000');
  });
});
