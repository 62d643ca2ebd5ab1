import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { readAnnotations } from '../../src/annotations/read.ts';
import { readRegularFile, TooLargeError } from '../../src/base/regular-file.ts';
import { dataSchema } from '../../src/dataset/config.ts';
import { openDataset } from '../../src/dataset/dataset.ts';
import { readImage } from '../../src/imaging/read.ts';
import { openSafetensors } from '../../src/tensor/safetensors.ts';
import { useFolder } from '../pipeline/folder.ts';

const inFolder = useFolder();

it('the bytes of a file come as they are; a folder or a gap is the error of the system', async () => {
  await writeFile(inFolder('a'), 'abc');
  expect((await readRegularFile(inFolder('a'))).toString()).toBe('abc');
  await expect(readRegularFile(inFolder())).rejects.toMatchObject({ code: 'EISDIR' });
  await expect(readRegularFile(inFolder('none'))).rejects.toMatchObject({ code: 'ENOENT' });
});

it('a file larger than there is room for is refused', async () => {
  await writeFile(inFolder('b'), 'abc');
  await expect(readRegularFile(inFolder('b'), 3)).resolves.toHaveLength(3);
  await expect(readRegularFile(inFolder('b'), 2)).rejects.toBeInstanceOf(TooLargeError);
});

describe.skipIf(process.platform === 'win32')('a pipe that nobody writes into', () => {
  const pipe = (...parts: string[]): string => {
    execFileSync('/usr/bin/mkfifo', [inFolder(...parts)]);
    return inFolder(...parts);
  };
  const named = (name: string) => ({ name, seen: expect.stringContaining('pipe') });

  it('in the place of an annotation file, an image or weights is refused and not waited for', async () => {
    for (const name of ['a.json', 'a.xml']) {
      await expect(readAnnotations(pipe(name))).rejects.toMatchObject(named('AnnotationError'));
    }
    await expect(readImage(pipe('a.png'))).rejects.toMatchObject(named('ImageError'));
    await expect(openSafetensors(pipe('a.safetensors'))).rejects.toMatchObject(named('CheckpointError'));
  });

  it('in the place of a list of splits is refused', async () => {
    await mkdir(inFolder('splits'));
    await writeFile(inFolder('a.png'), '');
    const annotations = {
      categories: [{ id: 1, name: 'a' }],
      images: [{ id: 1, file_name: 'a.png', height: 1, width: 1 }],
      annotations: [{ id: 1, image_id: 1, category_id: 1, segmentation: { size: [1, 1], counts: [0, 1] } }],
    };
    await writeFile(inFolder('annotations.json'), JSON.stringify(annotations));
    pipe('splits', 'val.txt');
    await expect(openDataset(dataSchema.parse({ root: inFolder() }))).rejects.toMatchObject(
      named('DatasetError'),
    );
  });
});
