/** Image files that are too large to be read, which is said before they are. */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ImageError } from '../../src/base/errors.ts';
import { MAX_IMAGE_BYTES } from '../../src/base/limits.ts';
import { readImage, readImageHeader } from '../../src/imaging/read.ts';
import { requireRoom } from '../../src/imaging/room.ts';
import { dicomFile, greyTags } from '../../tools/fuzz/dicom-files.ts';
import { temporaryFolder } from '../temporary.ts';

/** A file that begins so and takes no room on the disk. */
async function sparse(name: string, start: Uint8Array, bytes: number): Promise<string> {
  const path = join(await temporaryFolder(), name);
  const file = await open(path, 'w');
  await file.write(start);
  await file.truncate(bytes);
  await file.close();
  return path;
}

it.each([
  ['a.png', Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)],
  ['a.dcm', dicomFile(greyTags(1, 2, Uint8Array.of(3, 9)))],
])('%s of 1.9 GB is refused', async (name, start) => {
  const path = await sparse(name, start, 1.9e9);
  await expect(readImage(path)).rejects.toBeInstanceOf(ImageError);
  await expect(readImage(path)).rejects.toMatchObject({
    seen: `${path} has 1900 MB, more than 500 MB`,
    need: 'An image file has at most 500 MB',
  });
});

it('the head of such a DICOM file is refused too', async () => {
  const path = await sparse('a.dcm', dicomFile(greyTags(1, 2, Uint8Array.of(3, 9))), MAX_IMAGE_BYTES + 1);
  await expect(readImageHeader(path)).rejects.toThrow(/more than 500 MB/);
});

it('there is room for 10,000 x 10,000 pixels of 16 bits and their grey image, not for four colours of them', () => {
  const [file, grey] = [200e6, 200e6];
  expect(() => requireRoom('a.dcm', file, 2 * grey)).not.toThrow();
  expect(() => requireRoom('a.png', file, 5 * grey)).toThrow(/a\.png would take 1200 MB of memory/);
});
