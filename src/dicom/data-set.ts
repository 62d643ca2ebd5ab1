/**
 * @file The elements of a DICOM file (PS3.10, section 7), by the functions of dicom-parser. Its own way through a file is
 * not taken: that makes an object of every eight bytes without an end, and looks for what was deflated at a place of its own.
 */
import { inflateRawSync } from 'node:zlib';
import dicomParser, { type ByteArrayParser, type ByteStream, type DataSet, type Element } from 'dicom-parser';
import { systemCode } from '../base/system-code.ts';
import { dicomStart } from './start.ts';

const UID = '1.2.840.10008.1.2';
const BIG_ENDIAN = `${UID}.2`;
const DEFLATED = `${UID}.1.99`;

/** A DICOMDIR of 30,000 images has as many. */
const MAX_PARTS = 500_000;

/** Of memory, as measured. */
const BYTES_PER_PART = 300;

/** The largest picture takes 200 MB: 100 million pixels of 16 bits. */
const MAX_INFLATED = 250e6;

/** Counts elements, items and fragments: each has a length, or a name for what its values are. */
function countedStream(
  parser: ByteArrayParser,
  bytes: Uint8Array,
  from: number,
  parts: { count: number },
): ByteStream {
  const stream = new dicomParser.ByteStream(parser, bytes, from);
  const { readUint32, readFixedString } = stream;
  const count = (): void => {
    parts.count++;
    if (parts.count > MAX_PARTS) throw new Error(`it has more than ${MAX_PARTS} elements`);
  };
  stream.readUint32 = () => {
    count();
    return readUint32.call(stream);
  };
  stream.readFixedString = (length) => {
    count();
    return readFixedString.call(stream, length);
  };
  return stream;
}

/** What is read of a file. */
export interface ReadDataSet {
  /** UID of the transfer syntax. */
  readonly syntax: string;
  /** Without the group 0002, which says how the file is written. */
  readonly data: DataSet;
  /** What the file takes of memory: its bytes, those that were deflated, and the objects made of them. */
  readonly heldBytes: number;
}

/** Throws anything where the bytes make no sense, or too much of it. */
export function readDataSet(bytes: Uint8Array): ReadDataSet {
  const parts = { count: 0 };
  const { syntax, end } = readMeta(bytes, parts);
  const [content, from] = syntax === DEFLATED ? [inflated(bytes.subarray(end)), 0] : [bytes, end];
  const parser =
    syntax === BIG_ENDIAN ? dicomParser.bigEndianByteArrayParser : dicomParser.littleEndianByteArrayParser;
  const stream = countedStream(parser, content, from, parts);
  const data = new dicomParser.DataSet(parser, content, {});
  data.warnings = stream.warnings;
  if (syntax === UID) dicomParser.parseDicomDataSetImplicit(data, stream, content.length);
  else dicomParser.parseDicomDataSetExplicit(data, stream, content.length);
  requireInside(data);
  const unpacked = content === bytes ? 0 : content.length;
  return { syntax, data, heldBytes: bytes.length + unpacked + BYTES_PER_PART * parts.count };
}

/** The group 0002, which is explicit and little-endian whatever follows it; what a file without it looks like. */
function readMeta(
  bytes: Uint8Array,
  parts: { count: number },
): { readonly syntax: string; readonly end: number } {
  const start = dicomStart(bytes);
  if (start === undefined) throw new Error('it does not begin as DICOM files do');
  if (start.syntax !== undefined) return { syntax: start.syntax, end: start.at };
  const stream = countedStream(dicomParser.littleEndianByteArrayParser, bytes, start.at, parts);
  let syntax: Element | undefined;
  let end = stream.position;
  while (end < bytes.length) {
    const element = dicomParser.readDicomElementExplicit(stream, stream.warnings);
    if (element.tag > 'x0002ffff') break;
    if (element.tag === 'x00020010') syntax = element;
    end = stream.position;
  }
  if (syntax === undefined) throw new Error('it does not say how it is written (0002,0010)');
  return { syntax: dicomParser.readFixedString(bytes, syntax.dataOffset, syntax.length).trim(), end };
}

/** In one piece: zlib would join pieces into a second copy. What is not written of it takes no memory. */
function inflated(packed: Uint8Array): Uint8Array {
  try {
    const { buffer, byteOffset, byteLength } = inflateRawSync(packed, {
      chunkSize: MAX_INFLATED,
      maxOutputLength: MAX_INFLATED,
    });
    return new Uint8Array(buffer, byteOffset, byteLength);
  } catch (cause) {
    if (systemCode(cause) !== 'ERR_BUFFER_TOO_LARGE') throw cause;
    throw new Error(`it inflates to more than ${MAX_INFLATED / 1e6} MB`, { cause });
  }
}

/** The parser believes what an implicit element says of its length. */
function requireInside({ elements, byteArray }: DataSet): void {
  for (const { tag, dataOffset, length, items = [] } of Object.values(elements)) {
    if (dataOffset + length > byteArray.length) throw new Error(`its element ${tag} ends behind the file`);
    for (const { dataSet } of items) if (dataSet !== undefined) requireInside(dataSet);
  }
}
