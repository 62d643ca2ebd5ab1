/** @file DICOM files made by hand, of any tags, syntax and pixels: for tests and for what is fuzzed. */
import { deflateRawSync } from 'node:zlib';

/** A value by its tag `GGGGEEEE`: text, numbers of the VR's own size, bytes as they are, or items of a sequence. */
export type Value = string | readonly number[] | Uint8Array | readonly Tags[];
export interface Tags {
  readonly [tag: string]: Value;
}

export const EXPLICIT = '1.2.840.10008.1.2.1';
export const IMPLICIT = '1.2.840.10008.1.2';
export const BIG_ENDIAN = '1.2.840.10008.1.2.2';
export const RLE = '1.2.840.10008.1.2.5';

export const DEFLATED = '1.2.840.10008.1.2.1.99';
export const JPEG = '1.2.840.10008.1.2.4.50';
export const JPEG_LS = '1.2.840.10008.1.2.4.80';
export const JPEG_2000 = '1.2.840.10008.1.2.4.90';

/** VRs of the tags that the tests use; others are text (LO). */
const VR: Readonly<Record<string, string>> = {
  '00020010': 'UI',
  '00041220': 'SQ',
  '00041430': 'CS',
  '00041500': 'CS',
  '00080016': 'UI',
  '00080018': 'UI',
  '00100010': 'PN',
  '00181164': 'DS',
  '00189477': 'SQ',
  '00200060': 'CS',
  '00200062': 'CS',
  '0020000D': 'UI',
  '0020000E': 'UI',
  '00209071': 'SQ',
  '00209072': 'CS',
  '00280002': 'US',
  '00280004': 'CS',
  '00280006': 'US',
  '00280008': 'IS',
  '00280010': 'US',
  '00280011': 'US',
  '00280030': 'DS',
  '00280100': 'US',
  '00280101': 'US',
  '00280102': 'US',
  '00280103': 'US',
  '00281050': 'DS',
  '00281051': 'DS',
  '00281052': 'DS',
  '00281053': 'DS',
  '00281056': 'CS',
  '00281101': 'US',
  '00281102': 'US',
  '00281103': 'US',
  '00281201': 'OW',
  '00281202': 'OW',
  '00281203': 'OW',
  '00281221': 'OW',
  '00281222': 'OW',
  '00281223': 'OW',
  '00283000': 'SQ',
  '00283002': 'US',
  '00283006': 'OW',
  '00283010': 'SQ',
  '00289110': 'SQ',
  '00289132': 'SQ',
  '00289145': 'SQ',
  '52009229': 'SQ',
  '52009230': 'SQ',
  '7FE00010': 'OW',
};

const LONG_LENGTH = ['OB', 'OW', 'SQ', 'UN', 'UT'];

/** A whole file: preamble, meta header and data set in the given transfer syntax. */
export function dicomFile(tags: Tags, syntax = EXPLICIT): Buffer {
  const content = dataSet(tags, syntax === BIG_ENDIAN, syntax !== IMPLICIT);
  return withHead(syntax === DEFLATED ? deflateRawSync(content) : content, syntax);
}

/** A data set alone, without preamble and group 0002: explicit or implicit, little-endian. */
export function bareDataSet(tags: Tags, syntax: typeof EXPLICIT | typeof IMPLICIT): Buffer {
  return dataSet(tags, false, syntax === EXPLICIT);
}

/** A file of these bytes, which need be no data set. */
export function withHead(content: Uint8Array, syntax: string): Buffer {
  const meta = dataSet({ '00020010': syntax }, false, true);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(meta.length);
  return Buffer.concat([
    Buffer.alloc(128),
    Buffer.from('DICM'),
    Buffer.from([2, 0, 0, 0, 0x55, 0x4c, 4, 0]),
    length,
    meta,
    content,
  ]);
}

/** A DICOMDIR of one patient: paths of images with backslashes, and a report. */
export function dicomDirectory(...paths: readonly string[]): Buffer {
  return dicomFile({
    '00041220': [
      { '00041430': 'PATIENT', '00100010': 'DOE^JANE' },
      ...paths.map((path) => ({ '00041430': 'IMAGE', '00041500': path })),
      { '00041430': 'SR DOCUMENT', '00041500': 'REPORT' },
    ],
  });
}

/** Tags of a grey picture; pixels are those of the syntax, two bytes each where more than 8 bits are stored. */
export function greyTags(
  height: number,
  width: number,
  pixels: Uint8Array | Uint16Array | Int16Array | Uint8Array[],
  more: Tags = {},
): Tags {
  const wide = !Array.isArray(pixels) && pixels.BYTES_PER_ELEMENT === 2;
  return {
    '00080018': '1.2.3.4',
    '00280002': [1],
    '00280004': 'MONOCHROME2',
    '00280010': [height],
    '00280011': [width],
    '00280100': [wide ? 16 : 8],
    '00280101': [wide ? 16 : 8],
    '00280103': [pixels instanceof Int16Array ? 1 : 0],
    '7FE00010': Array.isArray(pixels)
      ? encapsulated(pixels)
      : new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength),
    ...more,
  };
}

/** Fragments, which dataSet writes with the undefined length that they have. */
class Encapsulated extends Uint8Array {}

export function encapsulated(fragments: readonly Uint8Array[]): Uint8Array {
  const item = (bytes: Uint8Array): Buffer => {
    const even = bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(1)]);
    const head = Buffer.from([0xfe, 0xff, 0x00, 0xe0, 0, 0, 0, 0]);
    head.writeUInt32LE(even.length, 4);
    return Buffer.concat([head, even]);
  };
  const end = Buffer.from([0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0]);
  return new Encapsulated(Buffer.concat([item(new Uint8Array()), ...fragments.map(item), end]));
}

function dataSet(tags: Tags, big: boolean, explicit: boolean): Buffer {
  const parts = Object.keys(tags)
    .sort()
    .map((tag) => element(tag, tags[tag]!, big, explicit));
  return Buffer.concat(parts);
}

function element(tag: string, value: Value, big: boolean, explicit: boolean): Buffer {
  const vr = value instanceof Encapsulated ? 'OB' : (VR[tag] ?? 'LO');
  const content = contentOf(value, vr, big, explicit);
  const length = value instanceof Encapsulated ? 0xffffffff : content.length;
  const long = !explicit || LONG_LENGTH.includes(vr);
  const head = Buffer.alloc(4 + (explicit ? 2 : 0) + (long ? (explicit ? 6 : 4) : 2));
  const write16 = (n: number, at: number) => (big ? head.writeUInt16BE(n, at) : head.writeUInt16LE(n, at));
  write16(Number.parseInt(tag.slice(0, 4), 16), 0);
  write16(Number.parseInt(tag.slice(4), 16), 2);
  if (explicit) head.write(vr, 4, 'latin1');
  if (!long) write16(length, 6);
  else if (big) head.writeUInt32BE(length, head.length - 4);
  else head.writeUInt32LE(length, head.length - 4);
  return Buffer.concat([head, content]);
}

function contentOf(value: Value, vr: string, big: boolean, explicit: boolean): Buffer {
  if (typeof value === 'string') {
    const text = Buffer.from(value, 'latin1');
    return text.length % 2 === 0 ? text : Buffer.concat([text, Buffer.from(vr === 'UI' ? '\0' : ' ')]);
  }
  if (value instanceof Uint8Array) {
    const bytes = Buffer.from(value);
    const even = bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(1)]);
    return big && vr === 'OW' ? even.swap16() : even;
  }
  if (vr === 'SQ') {
    return Buffer.concat(
      (value as readonly Tags[]).map((tags) => {
        const content = dataSet(tags, big, explicit);
        const head = Buffer.alloc(8);
        if (big) {
          head.writeUInt16BE(0xfffe, 0);
          head.writeUInt16BE(0xe000, 2);
          head.writeUInt32BE(content.length, 4);
        } else {
          head.writeUInt16LE(0xfffe, 0);
          head.writeUInt16LE(0xe000, 2);
          head.writeUInt32LE(content.length, 4);
        }
        return Buffer.concat([head, content]);
      }),
    );
  }
  const words = Buffer.alloc(2 * value.length);
  (value as readonly number[]).forEach((n, i) => {
    if (big) words.writeUInt16BE(n & 0xffff, 2 * i);
    else words.writeUInt16LE(n & 0xffff, 2 * i);
  });
  return words;
}

/** Run lengths of whole segments (PS3.5, annex G), one per byte of a pixel, the most significant first. */
export function rleFrame(segments: readonly Uint8Array[]): Buffer {
  const packed = segments.map(packBits);
  const head = Buffer.alloc(64);
  head.writeUInt32LE(packed.length, 0);
  let offset = 64;
  packed.forEach((bytes, i) => {
    head.writeUInt32LE(offset, 4 + 4 * i);
    offset += bytes.length;
  });
  return Buffer.concat([head, ...packed]);
}

function packBits(bytes: Uint8Array): Buffer {
  const out: number[] = [];
  for (let at = 0; at < bytes.length; ) {
    let run = 1;
    while (run < 128 && bytes[at + run] === bytes[at]) run++;
    if (run > 2) {
      out.push(257 - run, bytes[at]!);
      at += run;
    } else {
      const literal = bytes.subarray(at, at + Math.min(7, bytes.length - at));
      out.push(literal.length - 1, ...literal);
      at += literal.length;
    }
  }
  return Buffer.from(out);
}
