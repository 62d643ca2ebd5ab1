import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { coco } from '../../src/annotations/coco.ts';
import { generatePhantom, phantomClassNames } from '../../src/dataset/phantom/generate.ts';
import { writePhantomDataset } from '../../src/dataset/phantom/write.ts';
import { readImage } from '../../src/imaging/read.ts';
import { decodeRle } from '../../src/masks/rle.ts';
import { temporaryFolder } from '../temporary.ts';

let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder();
});

const size = { height: 64, width: 48 };
const counts = { labelled: 2, val: 1, test: 0, unlabelled: 3 };

it.each([8, 16] as const)('writes images of %i bits and masks that read back exactly', async (bits) => {
  const done: number[] = [];
  await writePhantomDataset(folder, {
    seed: 9,
    classes: 5,
    size,
    counts,
    bits,
    onProgress: (n) => done.push(n),
  });
  expect(done).toEqual([1, 2, 3, 4, 5, 6]);
  expect((await readdir(folder)).sort()).toEqual(['labelled', 'unlabelled', 'unlabelled-truth.json', 'val']);
  const set = await coco.read(join(folder, 'val', 'annotations.json'));
  expect(set.classes).toEqual(phantomClassNames(5));
  expect(set.images.map((image) => image.fileName)).toEqual(['phantom-0003.png']);
  const phantom = generatePhantom({ seed: 9, classes: 5, size, bits, index: 2 });
  const image = await readImage(join(folder, 'val', 'images', 'phantom-0003.png'));
  expect(image).toEqual(phantom.image);
  const masks = set.images[0]!.structures.map(({ classIndex, rle }) => ({
    classIndex,
    mask: decodeRle(rle),
  }));
  expect(masks).toEqual(phantom.structures);
});

it('writes the same bytes for the same options', async () => {
  for (const name of ['a', 'b'])
    await writePhantomDataset(join(folder, name), { seed: 1, classes: 3, size, counts });
  for (const path of [
    'labelled/annotations.json',
    'labelled/images/phantom-0002.png',
    'unlabelled-truth.json',
  ]) {
    expect(await readFile(join(folder, 'a', path))).toEqual(await readFile(join(folder, 'b', path)));
  }
});
