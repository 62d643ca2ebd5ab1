import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ImageFinder } from '../../src/annotations/types.ts';
import { hashedName, openSecret, secretPath } from '../../src/dataset/ids.ts';
import { findImagesOfSet, seenAs } from '../../src/pipeline/set-images.ts';
import { dicomFile, greyTags, type Tags } from '../../tools/fuzz/dicom-files.ts';
import { useFolder } from './folder.ts';

const inFolder = useFolder();
const before = process.env.PACKMULE_HOME;
beforeEach(() => {
  process.env.PACKMULE_HOME = inFolder('home');
});
afterEach(() => {
  if (before === undefined) delete process.env.PACKMULE_HOME;
  else process.env.PACKMULE_HOME = before;
});

async function put(path: string, instance: string, more: Tags = {}): Promise<void> {
  const pixels = Uint8Array.from({ length: 12 }, (_, i) => 10 + i);
  await mkdir(dirname(inFolder(path)), { recursive: true });
  const window = { '00281050': '127.5', '00281051': '255', '00281056': 'LINEAR_EXACT' };
  const tags = { '00080018': instance, ...window, ...more };
  await writeFile(inFolder(path), dicomFile(greyTags(2, 3, pixels, tags)));
}

const hashOf = async (instance: string, frame = 0): Promise<string> =>
  hashedName(await openSecret(secretPath()), JSON.stringify([instance, frame]));

function findIn(folder: string, ...names: string[]): Promise<ImageFinder> {
  const images = names.map((fileName) => ({ fileName, width: 3, height: 2, structures: [] }));
  return findImagesOfSet(inFolder(folder), { classes: [], images });
}

describe('images that results call by hashes', () => {
  it('are found by the hashes of the files, with their frames', async () => {
    await put('in/P1/S/IM1', '1.2.1');
    await put('in/P1/S/IM2', '1.2.2', { '00280008': '2' });
    const [one, second] = [await hashOf('1.2.1'), await hashOf('1.2.2', 1)];
    const find = await findIn('in', `${one}.png`, second);
    expect(find(`${one}.png`)).toMatchObject({ path: inFolder('in/P1/S/IM1') });
    expect(find(second)).toMatchObject({ path: inFolder('in/P1/S/IM2'), frame: 1 });
    const { data } = await find(second).read();
    expect([...data]).toEqual([16, 17, 18, 19, 20, 21]);
    const dark = seenAs({ blackened: [[0, 0, 1, 1]], mirrored: true }, find)(second);
    expect([...(await dark.read()).data]).toEqual([0, 0, 18, 0, 0, 21]);
  });

  it('may have copies, but no other file of their UID', async () => {
    await put('in/a/IM1', '1.2.1');
    await put('in/b/IM1', '1.2.1');
    const name = await hashOf('1.2.1');
    expect((await findIn('in', name))(name).path).toBe(inFolder('in/a/IM1'));
    await put('in/c/IM1', '1.2.1', { '00100010': 'DOE^JANE' });
    await expect(findIn('in', name)).rejects.toThrow(/differ, and have one SOP Instance UID/);
  });

  it('are missed with the secret in mind', async () => {
    await put('in/IM1', '1.2.1');
    await expect(findIn('in', '0123456789abcdef')).rejects.toThrow(/home\/id-secret, is not there/);
    await openSecret(secretPath());
    const find = await findIn('in', '0123456789abcdef');
    expect(() => find('0123456789abcdef')).toThrow(/that is a hash, and of no file there/);
    expect(() => find('a.png')).toThrow(/has no image a\.png\. .*Name the folder/);
  });
});
