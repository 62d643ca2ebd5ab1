/**
 * @file DICOM data sets as plain data and their bytes (PS3.5, PS3.10): explicit VR, little endian, sequences and items
 * with their lengths. Only what is written is known: these value representations, no compressed pixels.
 */

/** Value representations of text, of numbers, of bytes and of data sets. */
type TextVr = 'AE' | 'CS' | 'DA' | 'DS' | 'IS' | 'LO' | 'PN' | 'SH' | 'ST' | 'TM' | 'UI' | 'LT';

export type DicomElement =
  /** Several values have backslashes between them. */
  | { readonly tag: number; readonly vr: TextVr; readonly value: string }
  | { readonly tag: number; readonly vr: 'US' | 'UL' | 'AT'; readonly value: readonly number[] }
  | { readonly tag: number; readonly vr: 'OB'; readonly value: Uint8Array }
  | { readonly tag: number; readonly vr: 'SQ'; readonly value: readonly DicomElements[] };

/** In any order; written by rising tag. */
export type DicomElements = readonly DicomElement[];

/** Who writes: a UID of the arc for UUIDs (PS3.5, B.2), made once of the name Packmule. */
const IMPLEMENTATION = '2.25.323610539456584797042913202292190049439';
const ITEM = 0xfffee000;
const EXPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2.1';
/** Representations whose length takes four bytes, after two of zeros. */
const LONG = ['OB', 'SQ'];

/** A file: preamble, file meta information, data set. Its two UIDs are those of the data set. */
export function encodeDicomFile(elements: DicomElements): Uint8Array {
  const uid = (tag: number): string => elements.find((one) => one.tag === tag)!.value as string;
  const meta = encodeElements([
    { tag: 0x00020001, vr: 'OB', value: Uint8Array.of(0, 1) },
    { tag: 0x00020002, vr: 'UI', value: uid(0x00080016) },
    { tag: 0x00020003, vr: 'UI', value: uid(0x00080018) },
    { tag: 0x00020010, vr: 'UI', value: EXPLICIT_LITTLE_ENDIAN },
    { tag: 0x00020012, vr: 'UI', value: IMPLEMENTATION },
  ]);
  const length = encodeElements([{ tag: 0x00020000, vr: 'UL', value: [meta.length] }]);
  return Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), length, meta, encodeElements(elements)]);
}

/** The bytes of a data set. */
export function encodeElements(elements: DicomElements): Buffer {
  const inOrder = [...elements].sort((a, b) => a.tag - b.tag);
  return Buffer.concat(inOrder.flatMap(encodeElement));
}

function encodeElement(element: DicomElement): Buffer[] {
  const value = encodeValue(element);
  const head = Buffer.alloc(LONG.includes(element.vr) ? 12 : 8);
  writeTag(head, element.tag);
  head.write(element.vr, 4, 'latin1');
  if (head.length === 12) head.writeUInt32LE(value.length, 8);
  else head.writeUInt16LE(value.length, 6);
  return [head, value];
}

function encodeValue(element: DicomElement): Buffer {
  switch (element.vr) {
    case 'SQ':
      return Buffer.concat(element.value.flatMap(encodeItem));
    case 'OB':
      return padded(Buffer.from(element.value), 0);
    case 'US':
      return Buffer.concat(element.value.map((value) => uint(value, 2)));
    case 'UL':
      return Buffer.concat(element.value.map((value) => uint(value, 4)));
    case 'AT':
      return Buffer.concat(
        element.value.map((tag) => {
          const bytes = Buffer.alloc(4);
          writeTag(bytes, tag);
          return bytes;
        }),
      );
    default:
      return padded(Buffer.from(element.value, 'utf8'), element.vr === 'UI' ? 0 : 0x20);
  }
}

function encodeItem(elements: DicomElements): Buffer[] {
  const content = encodeElements(elements);
  const head = Buffer.alloc(8);
  writeTag(head, ITEM);
  head.writeUInt32LE(content.length, 4);
  return [head, content];
}

function writeTag(bytes: Buffer, tag: number): void {
  bytes.writeUInt16LE(Math.floor(tag / 65536), 0);
  bytes.writeUInt16LE(tag % 65536, 2);
}

function uint(value: number, length: 2 | 4): Buffer {
  const bytes = Buffer.alloc(length);
  bytes.writeUIntLE(value, 0, length);
  return bytes;
}

/** Values have an even number of bytes. */
function padded(bytes: Buffer, fill: number): Buffer {
  return bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.of(fill)]);
}
