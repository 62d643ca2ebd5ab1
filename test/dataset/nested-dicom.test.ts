/** DICOM files in folders of folders, as archives export them. */
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { nestedDicomFiles } from '../../src/dataset/dicom-folders.ts';
import { listImages } from '../../src/dataset/layout.ts';
import { sourceImages } from '../../src/dataset/source-images.ts';
import { bareDataSet, dicomDirectory, dicomFile, greyTags, IMPLICIT } from '../../tools/fuzz/dicom-files.ts';
import { temporaryFolder } from '../temporary.ts';
import { write } from './folders.ts';

const image = dicomFile(greyTags(1, 2, Uint8Array.of(1, 2)));
let root = '';
const put = (path: string, content: string | Buffer = image): Promise<void> =>
  write(join(root, path), content);
beforeEach(async () => {
  root = await temporaryFolder();
});

describe('a folder of DICOM files', () => {
  it('is searched through all its folders, in natural order, whatever its files are called', async () => {
    const paths = [
      'top.dcm',
      'PAT1/loose.xyz',
      'PAT1/STUDY/SERIES2/IM1',
      'PAT1/STUDY/SERIES2/IM2',
      'PAT1/STUDY/SERIES2/IM10',
      'PAT1/STUDY/SERIES10/1.2.840.5',
      'PAT2/STUDY/SERIES/scan.dcm',
    ];
    for (const path of paths.toReversed()) await put(path);
    expect(await listImages(root)).toEqual(paths);
    const { images: named } = await sourceImages(root, paths, 'names');
    expect(named.map(({ name }) => name)).toEqual(paths);
    expect(named[4]!.id).toBe('PAT1-STUDY-SERIES2-IM10');
    expect(new Set(named.map(({ id }) => id)).size).toBe(paths.length);
  });

  it('takes a file of a foreign ending by its content alone', async () => {
    await put('a.img');
    await put('notes.img.txt', 'text');
    await put('short', 'DICM');
    expect(await listImages(root)).toEqual(['a.img']);
  });

  it('has files without a preamble, with endings and without', async () => {
    const bare = bareDataSet({ ...greyTags(1, 2, Uint8Array.of(1, 2)), '00080016': '1.2.3' }, IMPLICIT);
    for (const path of ['a1.dcm', 'b1', 'P1/S1/IM1', 'P1/S1/IM2.img']) await put(path, bare);
    expect(await listImages(root)).toEqual(['a1.dcm', 'b1', 'P1/S1/IM1', 'P1/S1/IM2.img']);
  });

  it('with a DICOMDIR in one of its folders has those images that it lists, and no others of that folder', async () => {
    await put('disc/DICOMDIR', dicomDirectory('B\\IM2', 'A\\IM1'));
    for (const file of ['A/IM1', 'B/IM2', 'B/IM3']) await put(`disc/${file}`);
    await put('other/IM4');
    expect(await listImages(root)).toEqual(['disc/B/IM2', 'disc/A/IM1', 'other/IM4']);
  });
});

describe('what is not taken from folders beneath', () => {
  it('pictures, other files, what is hidden, labels and splits', async () => {
    await put('a.png', '');
    for (const name of ['b.png', 'c.nii', 'd.json', 'e']) await put(`thumbnails/${name}`, 'DICM');
    for (const folder of ['.hidden', 'deep/.hidden', 'segmentations', 'masks', 'test'])
      await put(`${folder}/IM1`);
    await put('deep/.IM1');
    await put('elsewhere/deep/IM1');
    expect(await listImages(root, [join(root, 'elsewhere', 'deep')])).toEqual(['a.png']);
  });

  it('what links lead to', async () => {
    const outside = await temporaryFolder();
    await write(join(outside, 'IM1'), image);
    await put('folder/IM2');
    await symlink(outside, join(root, 'link'));
    await symlink(join(outside, 'IM1'), join(root, 'folder', 'IM1'));
    await symlink(root, join(root, 'folder', 'circle'));
    expect(await listImages(root)).toEqual(['folder/IM2']);
  });
});

describe('a search that cannot be finished', () => {
  const search = (bounds: { depth: number; entries: number }) =>
    nestedDicomFiles(root, ['a'], () => false, bounds);

  it('is named where DICOM files were found', async () => {
    await put('a/IM1');
    await put('a/b/c/IM2');
    await expect(search({ depth: 2, entries: 99 })).rejects.toThrow(/a\/b\/c lies 3 folders deep/);
    await expect(search({ depth: 9, entries: 2 })).rejects.toThrow(
      /more than 2 files and folders up to .*a\/b/,
    );
    expect(await search({ depth: 3, entries: 4 })).toEqual(['a/IM1', 'a/b/c/IM2']);
  });

  it('is of no matter among folders of other things', async () => {
    await mkdir(join(root, 'a', 'b', 'c'), { recursive: true });
    expect(await search({ depth: 1, entries: 99 })).toEqual([]);
    expect(await search({ depth: 9, entries: 1 })).toEqual([]);
  });
});
