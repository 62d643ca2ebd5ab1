/** Damaged DICOM files, of which an image comes of the size that they say, or a named error, and nothing else. */
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { ImageError } from '../../src/base/errors.ts';
import { createRng } from '../../src/base/rng.ts';
import { decodeImage } from '../../src/imaging/read.ts';
import {
  BIG_ENDIAN,
  dicomFile,
  EXPLICIT,
  greyTags,
  IMPLICIT,
  RLE,
  rleFrame,
} from '../../tools/fuzz/dicom-files.ts';
import { mutate } from '../../tools/fuzz/mutate.ts';
import { sharedPath } from '../shared.ts';

const MUTANTS = 300;
const [HEIGHT, WIDTH] = [24, 30];
const grey = Uint8Array.from({ length: HEIGHT * WIDTH }, (_, i) => (i * 7) % 256);
const wide = Uint16Array.from(grey, (value) => value * 200);

const window = { '00281050': '20000', '00281051': '40000', '00280030': '0.2\\0.2' };
const dicom = (syntax: string) => async (): Promise<Uint8Array> =>
  dicomFile(greyTags(HEIGHT, WIDTH, wide, window), syntax);
const shared = (name: string) => sharedPath('data', 'dicom', name);

const SOUND: readonly (readonly [name: string, file: string | undefined, make: () => Promise<Uint8Array>])[] =
  [
    ['explicit DICOM', 'a.dcm', dicom(EXPLICIT)],
    ['implicit DICOM', 'a.dcm', dicom(IMPLICIT)],
    ['big-endian DICOM', 'a.dcm', dicom(BIG_ENDIAN)],
    ['RLE DICOM', 'a.dcm', async () => dicomFile(greyTags(HEIGHT, WIDTH, [rleFrame([grey])]), RLE)],
    ...['MR_small_jpeg_ls_lossless', 'MR_small_jp2klossless', 'JPEG-LL', 'SC_rgb_jpeg_dcmtk'].map((name) => {
      const path = shared(`${name}.dcm`);
      return [`${name}.dcm`, path, () => readFile(path!)] as const;
    }),
  ];

it.each(SOUND.filter(([, file]) => file !== undefined))(
  '%s: 300 damaged copies',
  async (name, file, make) => {
    const sound = await make();
    await expect(decodeImage(sound, file!)).resolves.toBeDefined();
    let refused = 0;
    for (let mutant = 0; mutant < MUTANTS; mutant++) {
      try {
        const { data, height, width } = await decodeImage(
          mutate(sound, createRng(1).child(`${name} ${mutant}`)),
          file!,
        );
        expect(data.length).toBe(height * width);
      } catch (error) {
        if (!(error instanceof ImageError)) throw new Error(`mutant ${mutant} of ${name}`, { cause: error });
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(0);
  },
  300_000,
);
