/** @file DICOM files of every transfer syntax for which there is an encoder, and the table of contents of a folder of them. */
import openCharls from '@cornerstonejs/codec-charls/wasmjs';
import openOpenJpeg from '@cornerstonejs/codec-openjpeg/wasmjs';
import sharp from 'sharp';
import { dicomDirectoryFiles } from '../../src/dicom/directory.ts';
import { readImageBytes } from '../../src/imaging/read-bytes.ts';
import {
  BIG_ENDIAN,
  bareDataSet,
  DEFLATED,
  dicomFile,
  EXPLICIT,
  greyTags,
  IMPLICIT,
  JPEG,
  JPEG_2000,
  JPEG_LS,
  RLE,
  rleFrame,
  type Tags,
} from './dicom-files.ts';
import { grey, HEIGHT, image, type Target, WIDTH, wide, written } from './target.ts';

const MORE: Tags = { '00281050': '20000', '00281051': '40000', '00280030': '0.2\\0.2', '00200062': 'L' };

const uncompressed = (name: string, syntax: string): Target =>
  image(name, 'a.dcm', () => dicomFile(greyTags(HEIGHT, WIDTH, wide, MORE), syntax));

/** Of 8 bits a pixel, in one fragment. */
const compressed = (name: string, syntax: string, encode: () => Promise<Uint8Array>): Target =>
  image(name, 'a.dcm', async () => dicomFile(greyTags(HEIGHT, WIDTH, [await encode()]), syntax));

function encodeWith(encoder: PictureEncoder): Uint8Array {
  const frame = { width: WIDTH, height: HEIGHT, bitsPerSample: 8, componentCount: 1, isSigned: false };
  encoder.getDecodedBuffer(frame).set(grey);
  encoder.encode();
  const bytes = Uint8Array.from(encoder.getEncodedBuffer());
  encoder.delete();
  return bytes;
}

/** An object of its own for each library, which puts itself into it. */
const quiet = () => ({ print: () => undefined, printErr: () => undefined });

/** Frames of one file, each with a window of its own, among sequences. */
function frames(): Uint8Array {
  const groups = [1, 2, 3].map((centre) => ({
    '00289132': [{ '00281050': String(centre), '00281051': '256' }],
    '00289110': [{ '00280030': '0.2\\0.2' }],
  }));
  const pixels = new Uint8Array(3 * HEIGHT * WIDTH);
  return dicomFile(greyTags(HEIGHT, WIDTH, pixels, { '00280008': '3', '52009230': groups }));
}

export const DICOM_TARGETS: readonly Target[] = [
  uncompressed('explicit DICOM', EXPLICIT),
  uncompressed('implicit DICOM', IMPLICIT),
  uncompressed('big-endian DICOM', BIG_ENDIAN),
  uncompressed('deflated DICOM', DEFLATED),
  image('DICOM without preamble', 'a.dcm', () =>
    bareDataSet({ ...greyTags(HEIGHT, WIDTH, wide, MORE), '00080016': '1.2.3' }, IMPLICIT),
  ),
  image('DICOM of several frames', 'a.dcm', frames),
  compressed('RLE DICOM', RLE, async () => rleFrame([grey])),
  compressed('JPEG DICOM', JPEG, () =>
    sharp(grey, { raw: { height: HEIGHT, width: WIDTH, channels: 1 } })
      .toColourspace('b-w')
      .jpeg()
      .toBuffer(),
  ),
  compressed('JPEG-LS DICOM', JPEG_LS, async () =>
    encodeWith(new (await openCharls(quiet())).JpegLSEncoder()),
  ),
  compressed('JPEG 2000 DICOM', JPEG_2000, async () => {
    const encoder = new (await openOpenJpeg(quiet())).J2KEncoder();
    encoder.setQuality(true, 0);
    // So small a picture cannot be halved five times.
    encoder.setDecompositions(1);
    return encodeWith(encoder);
  }),
  {
    name: 'DICOMDIR',
    kind: 'bytes',
    make: (folder) => {
      const records = ['A1', 'A2', 'A3'].map((file) => ({
        '00041430': 'IMAGE',
        '00041500': `DATA\\${file}`,
      }));
      return written(folder, 'DICOMDIR', dicomFile({ '00041220': records }));
    },
    read: async (path) => {
      for (const file of dicomDirectoryFiles(await readImageBytes(path), path)) {
        if (file.startsWith('/') || file.split('/').includes('..')) throw new Error(`it leads to ${file}`);
      }
    },
  },
];
