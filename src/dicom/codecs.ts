/**
 * @file The compressed transfer syntaxes of DICOM, each by a library that others keep. A stream is asked for its size
 * before it is decoded: what a damaged one says is memory that would be allocated.
 */
import openCharls from '@cornerstonejs/codec-charls/decodewasmjs';
import openOpenJpeg from '@cornerstonejs/codec-openjpeg/decodewasmjs';
import { Decoder as LosslessDecoder } from 'jpeg-lossless-decoder-js';
import sharp from 'sharp';
import type { PixelLayout } from './layout.ts';
import { decodeRleFrame } from './rle.ts';
import { requireJpeg2000Frame, requireJpegEnd, requireJpegFrame } from './stream-headers.ts';

/** The decoded samples of a frame: little-endian, of one byte or two. */
export interface DecodedFrame {
  readonly bytes: Uint8Array;
  readonly bytesPerSample: 1 | 2;
  readonly planar: boolean;
  /** The decoder turned YCbCr into RGB. */
  readonly becameRgb: boolean;
}

/** Decodes one frame, or throws anything where the stream is damaged. */
export type FrameDecoder = (stream: Uint8Array, layout: PixelLayout) => Promise<DecodedFrame>;

interface Codec {
  readonly name: string;
  readonly lossless: boolean;
  /** Copies of a picture that are in memory while it is decoded and made grey, as measured. */
  readonly pictures: number;
  /** Processor time for a stream of so many bytes, at most, s; absent where memory is the narrower limit. */
  readonly seconds?: (streamBytes: number, samples: number) => number;
  readonly decode: FrameDecoder;
}

const UID = '1.2.840.10008.1.2';

/**
 * Of 8 to 16 bits: 0.15 to 0.2 s a megabyte of noise, which takes longest, and 0.02 s a million samples that hold nothing.
 * A radiograph of 16 million pixels has 10 to 16 MB.
 */
const jpeg2000 = {
  pictures: 6,
  seconds: (streamBytes: number, samples: number) => (0.2 * streamBytes + 0.02 * samples) / 1e6,
  decode: decodeJpeg2000,
};

/** By transfer syntax (PS3.5, annex A). */
export const CODECS: Readonly<Record<string, Codec>> = {
  [`${UID}.5`]: { name: 'RLE', lossless: true, pictures: 2, decode: decodeRunLengths },
  [`${UID}.4.50`]: { name: 'JPEG baseline', lossless: false, pictures: 4, decode: decodeJpeg },
  [`${UID}.4.51`]: { name: 'JPEG extended, of 8 bits', lossless: false, pictures: 4, decode: decodeJpeg },
  [`${UID}.4.57`]: { name: 'JPEG lossless', lossless: true, pictures: 3, decode: decodeLosslessJpeg },
  [`${UID}.4.70`]: {
    name: 'JPEG lossless, first order',
    lossless: true,
    pictures: 3,
    decode: decodeLosslessJpeg,
  },
  [`${UID}.4.80`]: { name: 'JPEG-LS lossless', lossless: true, pictures: 4, decode: decodeJpegLs },
  [`${UID}.4.81`]: { name: 'JPEG-LS near-lossless', lossless: false, pictures: 4, decode: decodeJpegLs },
  [`${UID}.4.90`]: { name: 'JPEG 2000 lossless', lossless: true, ...jpeg2000 },
  [`${UID}.4.91`]: { name: 'JPEG 2000', lossless: false, ...jpeg2000 },
};

async function decodeRunLengths(stream: Uint8Array, layout: PixelLayout): Promise<DecodedFrame> {
  const { height, width, samples, bitsAllocated } = layout;
  const bytesPerSample = bitsAllocated === 16 ? 2 : 1;
  const bytes = decodeRleFrame(stream, height * width, samples, bytesPerSample);
  return { bytes, bytesPerSample, planar: false, becameRgb: false };
}

/** Eight bits; colour becomes RGB. */
async function decodeJpeg(stream: Uint8Array, layout: PixelLayout): Promise<DecodedFrame> {
  requireJpegFrame(stream, layout);
  const image = sharp(stream, { failOn: 'error', ignoreIcc: true });
  // Grey would come out as three samples otherwise.
  if (layout.samples === 1) image.toColourspace('b-w');
  const { data, info } = await image.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
  requireSamples(info.width * info.height * info.channels, layout);
  return { bytes: data, bytesPerSample: 1, planar: false, becameRgb: layout.samples === 3 };
}

async function decodeLosslessJpeg(stream: Uint8Array, layout: PixelLayout): Promise<DecodedFrame> {
  requireJpegFrame(stream, layout);
  // An array of its own: the decoder looks at the whole buffer beneath a view.
  const own = Uint8Array.from(stream);
  const samples = new LosslessDecoder().decode(own.buffer, 0, own.length);
  if (samples === null) throw new Error('its JPEG stream holds no picture');
  const bytes = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
  const bytesPerSample = samples.BYTES_PER_ELEMENT === 1 ? 1 : 2;
  return { bytes, bytesPerSample, planar: false, becameRgb: false };
}

/** A decoder in WebAssembly takes 20 ms to start, so it is kept until it fails: what then is in its memory is unknown. */
function reusable<T>(open: () => Promise<T>): <R>(use: (library: T) => R) => Promise<R> {
  let opened: Promise<T> | undefined;
  return async (use) => {
    opened ??= open();
    try {
      return use(await opened);
    } catch (error) {
      opened = undefined;
      throw error;
    }
  };
}

const withCharls = reusable(() => openCharls({ print: () => undefined, printErr: () => undefined }));

const withOpenJpeg = reusable(async () => {
  const messages: string[] = [];
  const listen = (text: string): unknown => messages.push(text);
  return { ...(await openOpenJpeg({ print: listen, printErr: listen })), messages };
});

async function decodeJpegLs(stream: Uint8Array, layout: PixelLayout): Promise<DecodedFrame> {
  requireJpegFrame(stream, layout);
  requireJpegEnd(stream);
  return withCharls(({ JpegLSDecoder }) => {
    const decoder = new JpegLSDecoder();
    decoder.getEncodedBuffer(stream.length).set(stream);
    decoder.decode();
    const bytes = Uint8Array.from(decoder.getDecodedBuffer());
    const bytesPerSample = decoder.getFrameInfo().bitsPerSample > 8 ? 2 : 1;
    const planar = decoder.getInterleaveMode() === 0;
    decoder.delete();
    return { bytes, bytesPerSample, planar, becameRgb: false };
  });
}

async function decodeJpeg2000(stream: Uint8Array, layout: PixelLayout): Promise<DecodedFrame> {
  requireJpeg2000Frame(stream, layout);
  return withOpenJpeg(({ J2KDecoder, messages }) => {
    messages.length = 0;
    const decoder = new J2KDecoder();
    decoder.getEncodedBuffer(stream.length).set(stream);
    decoder.decode();
    // It does not throw, and leaves the picture black.
    const problem = messages.find((text) => text.includes('[ERROR]'));
    if (problem !== undefined) throw new Error(problem.replace('[ERROR]', '').trim());
    const bytes = Uint8Array.from(decoder.getDecodedBuffer());
    const bytesPerSample = decoder.getFrameInfo().bitsPerSample > 8 ? 2 : 1;
    decoder.delete();
    return { bytes, bytesPerSample, planar: false, becameRgb: false };
  });
}

function requireSamples(count: number, { height, width, samples }: PixelLayout): void {
  if (count === height * width * samples) return;
  throw new Error(`its stream decodes to ${count} samples where ${height * width * samples} are needed`);
}
