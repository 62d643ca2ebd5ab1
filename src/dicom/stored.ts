/** @file The stored pixels of a frame: what a file holds before any window, inversion or colour. */
import { requireRoom, requireTime } from '../imaging/room.ts';
import { CODECS, type DecodedFrame } from './codecs.ts';
import { encodedFrame, frameBytes, nativeFrame } from './frames.ts';
import type { Colour, PixelLayout } from './layout.ts';
import { type DicomFile, damagedDicom, unsupportedDicom } from './parse.ts';

/** Samples side by side: `data[(row * width + col) * samples + sample]`, signed where the file says so. */
export interface StoredFrame {
  readonly data: Uint8Array | Int8Array | Uint16Array | Int16Array;
  readonly colour: Colour;
}

const UID = '1.2.840.10008.1.2';
const BIG_ENDIAN = `${UID}.2`;
/** Implicit and explicit, deflated, big-endian. */
const UNCOMPRESSED = [UID, `${UID}.1`, `${UID}.1.99`, BIG_ENDIAN];

/** Decodes one frame, counted from 0. @throws ImageError for syntaxes that are not read and damaged streams. */
export async function readStoredFrame(
  file: DicomFile,
  layout: PixelLayout,
  frame: number,
): Promise<StoredFrame> {
  const { syntax } = file;
  const count = layout.height * layout.width * layout.samples;
  const pictureBytes = count * (layout.bitsAllocated === 16 ? 2 : 1);
  if (UNCOMPRESSED.includes(syntax)) {
    requireRoom(file.name, file.heldBytes, 2 * pictureBytes);
    return uncompressed(file, layout, frame, syntax === BIG_ENDIAN);
  }
  const codec = CODECS[syntax];
  if (codec === undefined) {
    const known = Object.values(CODECS).map(({ name }) => name);
    throw unsupportedDicom(
      file.name,
      `has the transfer syntax ${syntax}`,
      `Uncompressed pixels, or ${known.join(', ')}`,
    );
  }
  const stream = encodedFrame(file, layout, frame);
  // Its fragments are joined, and copied into the decoder.
  requireRoom(file.name, file.heldBytes + 2 * stream.length, codec.pictures * pictureBytes);
  if (codec.seconds !== undefined) requireTime(file.name, codec.seconds(stream.length, count));
  let decoded: DecodedFrame;
  try {
    decoded = await codec.decode(stream, layout);
  } catch (cause) {
    // Of what the codecs in WebAssembly throw, some are numbers without a meaning outside of them.
    const detail = cause instanceof Error ? cause.message : `its ${codec.name} stream is damaged`;
    throw damagedDicom(file.name, detail, cause);
  }
  const { bytes, bytesPerSample, planar, becameRgb } = decoded;
  if (bytes.byteLength !== count * bytesPerSample) {
    throw damagedDicom(file.name, `its ${codec.name} stream decodes to ${bytes.byteLength} bytes`);
  }
  const data = typed(bytes, bytesPerSample === 2 ? 16 : 8, layout.signed);
  return {
    data: planar && layout.samples === 3 ? interleaved(data) : data,
    colour: becameRgb ? 'rgb' : layout.colour,
  };
}

function uncompressed(file: DicomFile, layout: PixelLayout, frame: number, bigEndian: boolean): StoredFrame {
  const bytes = nativeFrame(file, layout, frame);
  const { colour, bitsAllocated, samples } = layout;
  if (bitsAllocated === 1) return { data: bitsOf(bytes, layout, frame), colour };
  // A copy, so that 16-bit values begin at an even byte and may be turned around.
  const own = Uint8Array.from(bytes);
  if (bigEndian && bitsAllocated === 16) Buffer.from(own.buffer).swap16();
  const data = typed(own, bitsAllocated, layout.signed);
  if (layout.subsampled) return { data: withOwnColour(data), colour };
  return { data: layout.planar && samples === 3 ? interleaved(data) : data, colour };
}

type Samples = StoredFrame['data'];

/** `bytes` begins at an even place of its buffer. */
function typed(bytes: Uint8Array, bits: 8 | 16, signed: boolean): Samples {
  const { buffer, byteOffset, byteLength } = bytes;
  if (bits === 8) return signed ? new Int8Array(buffer, byteOffset, byteLength) : bytes;
  return signed
    ? new Int16Array(buffer, byteOffset, byteLength / 2)
    : new Uint16Array(buffer, byteOffset, byteLength / 2);
}

/** Single bits, the lowest of a byte first; frames follow each other without filling up their last byte. */
function bitsOf(bytes: Uint8Array, layout: PixelLayout, frame: number): Uint8Array {
  const first = (frameBytes(layout) * frame * 8) % 8;
  return Uint8Array.from({ length: layout.height * layout.width }, (_, i) => {
    const at = first + i;
    return (bytes[at >> 3]! >> (at & 7)) & 1;
  });
}

/** Three planes, one after the other, as samples side by side. */
function interleaved(planes: Samples): Samples {
  const size = planes.length / 3;
  return planes.map((_, i) => planes[(i % 3) * size + Math.floor(i / 3)]!);
}

/** Y Y Cb Cr becomes Y Cb Cr Y Cb Cr. */
function withOwnColour(shared: Samples): Samples {
  const out =
    shared instanceof Uint8Array
      ? new Uint8Array((shared.length / 2) * 3)
      : new Uint16Array((shared.length / 2) * 3);
  for (let from = 0, to = 0; from < shared.length; from += 4, to += 6) {
    const [first, second, blue, red] = shared.subarray(from, from + 4);
    out.set([first!, blue!, red!, second!, blue!, red!], to);
  }
  return out;
}
