/**
 * @file What the streams of the JPEG family say of their size, which must be what the DICOM file says. It is asked
 * before a decoder allocates for it.
 */
import type { PixelLayout } from './layout.ts';

interface StreamSize {
  readonly width: number;
  readonly height: number;
  readonly components: number;
}

/** Tiles of a JPEG 2000 picture: thousands of tiny ones would take a decoder minutes. */
const MAX_TILES = 4096;

/** JPEG and JPEG-LS: the first frame header, SOF0 to SOF15 or SOF55 (ITU-T T.81, B.2.2; T.87, C.2.2). */
export function requireJpegFrame(stream: Uint8Array, layout: PixelLayout): void {
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  if (stream.length < 4 || view.getUint16(0) !== 0xffd8) throw new Error('its stream is no JPEG');
  for (let at = 2; at + 10 <= stream.length; ) {
    const marker = view.getUint16(at);
    if (marker >> 8 !== 0xff) throw new Error('its JPEG stream has bytes between its segments');
    if (marker === 0xffff) at += 1;
    else if (isFrameHeader(marker)) {
      const found = {
        height: view.getUint16(at + 5),
        width: view.getUint16(at + 7),
        components: stream[at + 9]!,
      };
      requireSize(found, layout);
      return;
    } else at += 2 + view.getUint16(at + 2);
  }
  throw new Error('its JPEG stream has no frame header');
}

/** The marker EOI, which no data hold. Without it a decoder of JPEG-LS looks for an end in all the memory behind, for seconds. */
export function requireJpegEnd(stream: Uint8Array): void {
  if (bufferOf(stream).lastIndexOf(Buffer.from([0xff, 0xd9])) < 0)
    throw new Error('its JPEG stream has no end');
}

const bufferOf = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);

/** DHT, JPG and DAC lie among the frame headers. */
function isFrameHeader(marker: number): boolean {
  const isSof = marker >= 0xffc0 && marker <= 0xffcf && ![0xffc4, 0xffc8, 0xffcc].includes(marker);
  return isSof || marker === 0xfff7;
}

/** JPEG 2000: the segment SIZ, which comes first in a codestream (ITU-T T.800, A.5.1), also inside of a JP2 file. */
export function requireJpeg2000Frame(stream: Uint8Array, layout: PixelLayout): void {
  const at = findCodestream(stream);
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  if (at === undefined || at + 42 > stream.length) throw new Error('its stream is no JPEG 2000');
  const word = (index: number): number => view.getUint32(at + 8 + 4 * index);
  const [right, bottom, left, top] = [word(0), word(1), word(2), word(3)];
  const [tileWidth, tileHeight, tileLeft, tileTop] = [word(4), word(5), word(6), word(7)];
  requireSize({ width: right - left, height: bottom - top, components: view.getUint16(at + 40) }, layout);
  const tiles = Math.ceil((right - tileLeft) / tileWidth) * Math.ceil((bottom - tileTop) / tileHeight);
  if (!(tiles >= 1 && tiles <= MAX_TILES)) throw new Error(`its JPEG 2000 stream has ${tiles} tiles`);
}

/** Where the markers SOC and SIZ follow each other. */
function findCodestream(stream: Uint8Array): number | undefined {
  const at = bufferOf(stream).indexOf(Buffer.from([0xff, 0x4f, 0xff, 0x51]));
  return at < 0 ? undefined : at;
}

function requireSize(found: StreamSize, { width, height, samples }: PixelLayout): void {
  if (found.width === width && found.height === height && found.components === samples) return;
  throw new Error(
    `its stream is ${found.width} x ${found.height} with ${found.components} samples per pixel, its header ${width} x ${height} with ${samples}`,
  );
}
