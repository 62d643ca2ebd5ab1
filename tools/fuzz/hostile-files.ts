/** @file Files of bytes that are made to do harm: DICOM that swells or nests, pictures that lie about their size, pickles. */
import { crc32, deflateRawSync } from 'node:zlib';
import sharp from 'sharp';
import { readPth } from '../../src/tensor/pth.ts';
import { DEFLATED, dicomFile, EXPLICIT, greyTags, IMPLICIT, RLE, withHead } from './dicom-files.ts';
import { type Hostile, readWholeImage, written } from './target.ts';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');

const dicom = (name: string, make: () => Uint8Array): Hostile => ({
  name,
  make: (folder) => written(folder, 'a.dcm', make()),
  read: readWholeImage,
});

const picture = (name: string, file: string, make: () => Promise<Uint8Array>): Hostile => ({
  name,
  make: (folder) => written(folder, file, make()),
  read: readWholeImage,
});

const ITEM = 'feff00e000000000';
const OPEN_SEQUENCE = '09000100ffffffff';
const OPEN_ITEM = 'feff00e0ffffffff';
const OPEN_PIXELS = 'e07f10004f420000ffffffff';
const CLAIMED = 60_000;

/** A picture of 16 x 16 whose head claims 60,000 x 60,000. */
async function claiming(format: 'png' | 'jpeg' | 'tiff'): Promise<Uint8Array> {
  const small = sharp({ create: { width: 16, height: 16, channels: 3, background: 'grey' } });
  const bytes = await small.toFormat(format, format === 'tiff' ? { compression: 'none' } : {}).toBuffer();
  if (format === 'png') {
    bytes.writeUInt32BE(CLAIMED, 16);
    bytes.writeUInt32BE(CLAIMED, 20);
    bytes.writeUInt32BE(crc32(bytes.subarray(12, 29)), 29);
  } else if (format === 'jpeg') {
    const frame = bytes.indexOf(hex('ffc00011'));
    bytes.writeUInt16BE(CLAIMED, frame + 5);
    bytes.writeUInt16BE(CLAIMED, frame + 7);
  } else {
    const directory = bytes.readUInt32LE(4);
    for (let at = directory + 2; at < directory + 2 + 12 * bytes.readUInt16LE(directory); at += 12) {
      // Width and length, as 32-bit numbers.
      if (bytes.readUInt16LE(at) > 257 || bytes.readUInt16LE(at) < 256) continue;
      bytes.writeUInt16LE(4, at + 2);
      bytes.writeUInt32LE(CLAIMED, at + 8);
    }
  }
  return bytes;
}

/** A zip archive of one entry, of which the directory says that it has `size` bytes. */
function zipOf(name: string, content: Uint8Array, isPacked: boolean, size = content.length): Buffer {
  const packed = isPacked ? deflateRawSync(content) : content;
  const fields = Buffer.alloc(26);
  fields.writeUInt16LE(20, 0);
  fields.writeUInt16LE(isPacked ? 8 : 0, 4);
  fields.writeUInt32LE(crc32(content), 10);
  fields.writeUInt32LE(packed.length, 14);
  fields.writeUInt32LE(size, 18);
  fields.writeUInt16LE(name.length, 22);
  const local = Buffer.concat([hex('504b0304'), fields, Buffer.from(name), packed]);
  const entry = Buffer.concat([hex('504b01021400'), fields, Buffer.alloc(14), Buffer.from(name)]);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(entry.length, 12);
  end.writeUInt32LE(local.length, 16);
  return Buffer.concat([local, entry, end]);
}

const weights = (name: string, make: () => Buffer): Hostile => ({
  name,
  make: (folder) => written(folder, 'a.pth', make()),
  read: readPth,
});

const PICKLE = 'archive/data.pkl';

/** Protocol 2, the opcodes over and over up to the largest pickle, and its end. */
const pickle = (name: string, opcodes: string, start = ''): Hostile =>
  weights(name, () => {
    const count = Math.floor(8e6 / (opcodes.length / 2));
    return zipOf(PICKLE, hex(`8002${start}${opcodes.repeat(count)}2e`), false);
  });

export const HOSTILE_FILES: readonly Hostile[] = [
  dicom('swelling DICOM', () => withHead(deflateRawSync(Buffer.alloc(500e6), { level: 1 }), DEFLATED)),
  dicom('deflated DICOM as large as it may be', () => {
    const tags = greyTags(10_000, 10_000, new Uint16Array(1e8));
    return dicomFile(tags, DEFLATED);
  }),
  dicom('deep DICOM', () => withHead(hex((OPEN_SEQUENCE + OPEN_ITEM).repeat(1e6)), IMPLICIT)),
  dicom('wide DICOM', () => withHead(hex(OPEN_SEQUENCE + ITEM.repeat(12e6)), IMPLICIT)),
  dicom('fragments without end in DICOM', () => withHead(hex(OPEN_PIXELS + ITEM.repeat(12e6)), RLE)),
  dicom('offsets without end in DICOM', () => {
    return withHead(Buffer.concat([hex(`${OPEN_PIXELS}feff00e000000008`), Buffer.alloc(2 ** 27)]), RLE);
  }),
  dicom('an element without end in DICOM', () => {
    return withHead(Buffer.concat([hex('090001004f420000ffffffff'), Buffer.alloc(400e6)]), EXPLICIT);
  }),
  dicom('lengths that lie in DICOM', () => {
    return withHead(hex('10001000feffffff'.repeat(1e6)), IMPLICIT);
  }),
  picture('a PNG that claims much', 'a.png', () => claiming('png')),
  picture('a JPEG that claims much', 'a.jpg', () => claiming('jpeg')),
  picture('a TIFF that claims much', 'a.tif', () => claiming('tiff')),
  picture('swelling PNG', 'a.png', () =>
    sharp({ create: { width: 10_000, height: 10_000, channels: 4, background: '#12345678' } })
      .toColourspace('rgb16')
      .png({ compressionLevel: 1 })
      .toBuffer(),
  ),
  weights('swelling weights', () => zipOf(PICKLE, Buffer.alloc(300e6), true)),
  weights('weights that swell to more than they say', () => zipOf(PICKLE, Buffer.alloc(300e6), true, 1e6)),
  pickle('deep pickle', '85', '5d'),
  pickle('a pickle that stores without end', '94', '5d'),
  pickle('a pickle of marks', '28'),
  pickle('a huge tuple in a pickle', '4e', '28'),
  pickle('a pickle that appends to itself', '3261', '5d'),
  pickle('a pickle that doubles', '3286', '5d'),
];
