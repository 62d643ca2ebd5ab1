import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { decodeImage, readImageHeader } from '../../src/imaging/read.ts';
import { encodeNifti } from '../../src/nifti/nifti.ts';
import { temporaryFolder } from '../temporary.ts';

const words = Uint16Array.from({ length: 2 * 3 * 4 }, (_, i) => 100 * i);

it('a volume is read slice by slice, with the distances of its pixels', async () => {
  const file = encodeNifti(words, [3, 2, 4], [0.2, 0.5, 3]);
  for (const frame of [0, 3]) {
    const image = await decodeImage(file, 'a.nii.gz', { frame, window: { low: 0, high: 65535 } });
    expect(image).toEqual({
      height: 2,
      width: 3,
      bits: 16,
      data: words.slice(6 * frame, 6 * frame + 6),
      spacingMm: [expect.closeTo(0.5), expect.closeTo(0.2)],
    });
  }
  await expect(decodeImage(file, 'a.nii.gz', { frame: 4 })).rejects.toThrow(/has 4 images, and number 5/);
});

it('bytes are greys; other values reach from black to white', async () => {
  const bytes = await decodeImage(encodeNifti(Uint8Array.of(3, 7), [2, 1], [1, 1], false), 'a.nii');
  expect([bytes.bits, ...bytes.data]).toEqual([8, 3, 7]);
  const values = await decodeImage(encodeNifti(words, [24, 1], [1, 1]), 'a.nii.gz');
  expect([values.data[0], values.data[23]]).toEqual([0, 65535]);
});

it('scaled values are those of the window, and what is no number is black', async () => {
  const file = Buffer.from(
    encodeNifti(
      Uint8Array.from({ length: 12 }, () => 0),
      [12, 1],
      [1, 1],
      false,
    ),
  );
  // Three floats in the place of twelve bytes: slope 2, intercept -1000.
  file.writeInt16LE(3, 42);
  file.writeInt16LE(16, 70);
  file.writeFloatLE(2, 112);
  file.writeFloatLE(-1000, 116);
  [500, Number.NaN, 750].forEach((value, i) => {
    file.writeFloatLE(value, 352 + 4 * i);
  });
  const { data } = await decodeImage(file, 'a.nii', { window: { low: -500, high: 500 } });
  expect([...data]).toEqual([32768, 0, 65535]);
});

it('the head alone tells size and slices', async () => {
  const path = join(await temporaryFolder(), 'a.nii.gz');
  await writeFile(path, encodeNifti(words, [3, 2, 4], [1, 1, 1]));
  expect(await readImageHeader(path)).toMatchObject({
    format: 'nifti',
    width: 3,
    height: 2,
    frames: 4,
    bits: 16,
  });
});
