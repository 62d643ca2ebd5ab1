import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dicomFilesBelow } from '../../src/dataset/dicom-files.ts';
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
  it('are those that begin as such, whatever they are called', async () => {
    await put(bytes, 'in', 'b.dcm');
    await put(bytes, 'in', 'P1', 'S', '1.2.840.7');
    await put(bytes, 'in', '.trash', 'IM1');
    await put('text', 'in', 'P1', 'README');
    await put('', 'in', 'P1', 'empty.dcm');
    expect(await dicomFilesBelow(inFolder('in'))).toEqual(['P1/S/1.2.840.7', 'b.dcm']);
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

  it('are not too many, and can be listed', async () => {
    for (const name of ['1', '2', '3']) await put('', 'in', 'P', name);
    await expect(dicomFilesBelow(inFolder('in'), 3)).rejects.toThrow(/more than 3 files/);
    expect(await dicomFilesBelow(inFolder('in'), 4)).toEqual([]);
    await expect(dicomFilesBelow(inFolder('gone'))).rejects.toThrow(/cannot be listed/);
  });
});
