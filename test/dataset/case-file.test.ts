import { utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DatasetError } from '../../src/base/errors.ts';
import { readCaseFile } from '../../src/dataset/case-file.ts';
import { readCase } from '../../src/dataset/view.ts';
import { encodeNifti } from '../../src/nifti/nifti.ts';
import { temporaryFolder } from '../temporary.ts';

/** Slices of one grey each, beginning with `first`. */
function volume(first: number, slices = 3): Uint8Array {
  const data = Uint8Array.from({ length: slices * 4 }, (_, i) => first + Math.floor(i / 4));
  return encodeNifti(data, [2, 2, slices], [1, 1, 1], false);
}

describe('the file of a case', () => {
  it('is read once for all of its images', async () => {
    const imagePath = join(await temporaryFolder(), 'volume.nii');
    await writeFile(imagePath, volume(10));
    const files = await Promise.all([0, 1, 2].map((frame) => readCaseFile({ imagePath, view: { frame } })));
    expect(new Set(files.map(({ bytes }) => bytes)).size).toBe(1);
    for (const frame of [2, 0, 1]) {
      expect((await readCase({ imagePath, view: { frame } })).data[0]).toBe(10 + frame);
    }
  });

  it('is read again where it was changed, even to the same size at the same time', async () => {
    const imagePath = join(await temporaryFolder(), 'volume.nii');
    await writeFile(imagePath, volume(10));
    const time = new Date(1e12);
    await utimes(imagePath, time, time);
    const { hash: fileHash } = await readCaseFile({ imagePath, view: { frame: 0 } });
    await writeFile(imagePath, volume(20));
    await utimes(imagePath, time, time);
    expect((await readCase({ imagePath, view: { frame: 1 } })).data[0]).toBe(21);
    await expect(readCase({ imagePath, fileHash, view: { frame: 1 } })).rejects.toThrow(DatasetError);
  });

  it('is read again where its values lie in another file', async () => {
    const folder = await temporaryFolder();
    const imagePath = join(folder, 'volume.mhd');
    const header = [
      'NDims = 3',
      'DimSize = 2 2 3',
      'ElementType = MET_UCHAR',
      'ElementDataFile = volume.raw',
    ];
    await writeFile(imagePath, `${header.join('\n')}\n`);
    for (const grey of [10, 20]) {
      await writeFile(join(folder, 'volume.raw'), new Uint8Array(12).fill(grey));
      expect((await readCase({ imagePath, view: { frame: 1 } })).data[0]).toBe(grey);
    }
  });
});
