/**
 * @file Is an image file whole? libvips accepts files that end early as long as their pixels are there; a copy that
 * was cut off is still a damaged file, and which of its parts is missing is luck. Each check walks the parts of the
 * format and says what is missing.
 */

export type PictureFormat = 'png' | 'jpeg' | 'tiff';

/** What a file lacks at its end (`the end chunk`), or undefined when it is whole. */
export function missingPart(bytes: Uint8Array, format: PictureFormat): string | undefined {
  if (format === 'png') return hasPngEnd(bytes) ? undefined : 'its end chunk';
  if (format === 'jpeg') return hasJpegEnd(bytes) ? undefined : 'its end marker';
  return hasTiffValues(bytes) ? undefined : 'a part of its directory';
}

/** Chunks are a length, a name, the content and a checksum (PNG, ISO/IEC 15948, section 5.3). */
function hasPngEnd(bytes: Uint8Array): boolean {
  const view = viewOf(bytes);
  const IEND = 0x49454e44;
  for (let at = 8; at + 12 <= bytes.length; at += 12 + view.getUint32(at)) {
    if (view.getUint32(at + 4) === IEND) return true;
  }
  return false;
}

/** An end marker after the start of the first scan: before it, thumbnails have end markers of their own. */
function hasJpegEnd(bytes: Uint8Array): boolean {
  const view = viewOf(bytes);
  let at = 2;
  while (at + 4 <= bytes.length && bytes[at] === 0xff && bytes[at + 1] !== 0xda) {
    // Markers may be preceded by any number of fill bytes 0xff (ITU-T T.81, B.1.1.2).
    at += bytes[at + 1] === 0xff ? 1 : 2 + view.getUint16(at + 2);
  }
  for (let end = bytes.length - 2; end > at; end--) {
    if (bytes[end] === 0xff && bytes[end + 1] === 0xd9) return true;
  }
  return false;
}

/** Bytes per value of the TIFF types 1 to 18; 14 and 15 do not exist. */
const TIFF_TYPE_BYTES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8];

/** All tags of the first directory lie inside the file, and so do their values (TIFF 6.0, section 2; BigTIFF). */
function hasTiffValues(bytes: Uint8Array): boolean {
  const view = viewOf(bytes);
  const little = bytes[0] === 0x49;
  const big = view.byteLength >= 4 && view.getUint16(2, little) === 43;
  const wordBytes = big ? 8 : 4;
  const word = (at: number): number =>
    big ? Number(view.getBigUint64(at, little)) : view.getUint32(at, little);
  const headerBytes = big ? 16 : 8;
  if (bytes.length < headerBytes) return false;
  const directory = word(headerBytes - wordBytes);
  const countBytes = big ? 8 : 2;
  if (directory + countBytes > bytes.length) return false;
  const count = big ? word(directory) : view.getUint16(directory, little);
  const entryBytes = big ? 20 : 12;
  const end = directory + countBytes + count * entryBytes;
  if (end + wordBytes > bytes.length) return false;
  for (let at = directory + countBytes; at < end; at += entryBytes) {
    const valueBytes = (TIFF_TYPE_BYTES[view.getUint16(at + 2, little)] ?? 0) * word(at + 4);
    if (valueBytes > wordBytes && word(at + 4 + wordBytes) + valueBytes > bytes.length) return false;
  }
  return true;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
