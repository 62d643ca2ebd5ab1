/**
 * @file How DICOM files begin: behind a preamble and the letters DICM (PS3.10, section 7.1), or, as older devices and
 * some archives write them, at once with their elements: those of the group 0002, or without these of the group 0008.
 */

export interface DicomStart {
  /** Where the first element lies. */
  readonly at: number;
  /** UID of the transfer syntax of a file without the group 0002, which says it. */
  readonly syntax?: string;
}

const IMPLICIT = '1.2.840.10008.1.2';
const EXPLICIT = `${IMPLICIT}.1`;
const MAGIC_AT = 128;
const HEAD_BYTES = 132;
/** Value representations of which the first elements are; their length takes two bytes. */
const FIRST_VRS = ['CS', 'DA', 'LO', 'SH', 'TM', 'UI', 'UL'];

/** undefined for bytes, at least 132 or all there are, that are no DICOM file. */
export function dicomStart(bytes: Uint8Array): DicomStart | undefined {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, HEAD_BYTES));
  if (head.toString('latin1', MAGIC_AT) === 'DICM') return { at: HEAD_BYTES };
  const explicit = groupAtStart(head, explicitLength);
  if (explicit === 0x0002) return { at: 0 };
  if (explicit === 0x0008) return { at: 0, syntax: EXPLICIT };
  return groupAtStart(head, implicitLength) === 0x0008 ? { at: 0, syntax: IMPLICIT } : undefined;
}

/** The group of an element with which bytes begin, where another one of a higher tag, up to the patient's, follows it. */
function groupAtStart(head: Buffer, lengthOf: (head: Buffer) => number | undefined): number | undefined {
  const length = head.length < 8 ? undefined : lengthOf(head);
  if (length === undefined || length % 2 === 1 || 8 + length + 4 > head.length) return undefined;
  const [first, next] = [tagAt(head, 0), tagAt(head, 8 + length)];
  return next > first && next < 0x00110000 ? first >>> 16 : undefined;
}

const tagAt = (head: Buffer, at: number): number => 65536 * head.readUInt16LE(at) + head.readUInt16LE(at + 2);

function explicitLength(head: Buffer): number | undefined {
  return FIRST_VRS.includes(head.toString('latin1', 4, 6)) ? head.readUInt16LE(6) : undefined;
}

const implicitLength = (head: Buffer): number => head.readUInt32LE(4);
