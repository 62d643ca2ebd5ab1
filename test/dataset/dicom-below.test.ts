import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dicomFilesBelow } from '../../src/dataset/dicom-folders.ts';
import { dicomFile, greyTags } from '../../tools/fuzz/dicom-files.ts';
import { useFolder } from '../pipeline/folder.ts';

const inFolder = useFolder();

async function put(content: string | Uint8Array, ...parts: string[]): Promise<void> {
  const path = inFolder(...parts);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}

const bytes = dicomFile(greyTags(1, 1, Uint8Array.of(7)));

describe('the DICOM files below a folder', () => {
  it('are those that a data set has, and those of folders that are called as labels or splits are', async () => {
    await put(bytes, 'in', 'b.dcm');
    await put(bytes, 'in', 'P1', 'S', '1.2.840.7');
    await put(bytes, 'in', '.trash', 'IM1');
    await put(bytes, 'in', 'test', 'IM2');
    await put('text', 'in', 'P1', 'README');
    expect(await dicomFilesBelow(inFolder('in'))).toEqual(['b.dcm', 'P1/S/1.2.840.7', 'test/IM2']);
  });

  it('do not lie elsewhere: of links, those to files in the folder itself count', async () => {
    await put(bytes, 'out', 'IM1');
    await put(bytes, 'in', 'P1', 'IM2');
    await symlink(inFolder('out'), inFolder('in', 'folder'));
    await symlink(inFolder('in'), inFolder('in', 'P1', 'round'));
    await symlink(inFolder('out', 'IM1'), inFolder('in', 'P1', 'IM3'));
    await symlink(inFolder('out', 'IM1'), inFolder('in', 'IM4'));
    expect(await dicomFilesBelow(inFolder('in'))).toEqual(['IM4', 'P1/IM2']);
  });

  it('can be listed', async () => {
    await expect(dicomFilesBelow(inFolder('gone'))).rejects.toThrow(/cannot be listed/);
  });
});
