import { rm, writeFile } from 'node:fs/promises';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { labelme } from '../../src/annotations/labelme.ts';
import { readAnnotations } from '../../src/annotations/read.ts';
import type { AnnotationSet } from '../../src/annotations/types.ts';
import { AnnotationError } from '../../src/base/errors.ts';
import { inspectFolder } from '../../src/dataset/inspect.ts';
import { writePhantomDataset } from '../../src/dataset/phantom/write.ts';
import { decodeRle } from '../../src/masks/rle.ts';
import { useFolder } from '../pipeline/folder.ts';
import { onePixelSet } from './sets.ts';

const inFolder = useFolder();
const polygon = {
  label: 'b',
  shape_type: 'polygon',
  points: [
    [0, 0],
    [2, 0],
    [2, 2],
    [0, 2],
  ],
};
const file = {
  version: '5.5.0',
  flags: {},
  shapes: [polygon],
  imagePath: '..\\pictures\\a.png',
  imageData: null,
  imageHeight: 3,
  imageWidth: 4,
};

async function read(change: object): Promise<AnnotationSet> {
  await writeFile(inFolder('a.json'), JSON.stringify({ ...file, ...change }));
  return readAnnotations(inFolder('a.json'));
}
/** A mask as labelme saves it: a PNG of one bit a pixel. */
async function bitMask(width: number, values: readonly number[]): Promise<string> {
  const raw = { width, height: values.length / width, channels: 1 as const };
  const png = await sharp(
    Uint8Array.from(values, (value) => 255 * value),
    { raw },
  )
    .toColourspace('b-w')
    .png({ palette: true, colours: 2 })
    .toBuffer();
  return png.toString('base64');
}

describe('reading', () => {
  it('takes polygons with corners of pixels at whole numbers, and masks in their boxes', async () => {
    const mask = {
      label: 'a',
      shape_type: 'mask',
      points: [
        [1, 1],
        [3, 2],
      ],
      mask: await bitMask(3, [1, 0, 1, 0, 1, 1]),
    };
    const set = await read({ shapes: [polygon, mask] });
    expect(set.classes).toEqual(['a', 'b']);
    expect(set.images[0]).toMatchObject({ fileName: 'a.png', width: 4, height: 3 });
    expect(set.images[0]!.structures.map(({ rle }) => [...decodeRle(rle).data])).toEqual([
      [0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 1, 1],
      [1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0],
    ]);
  });

  it('takes the class list of labels.txt', async () => {
    await labelme.write(inFolder('set'), onePixelSet(['z', 'a'], ['a']));
    expect((await readAnnotations(inFolder('set'))).classes).toEqual(['z', 'a']);
    await writeFile(inFolder('set', 'labels.txt'), '__ignore__\n_background_\nz\n');
    await expect(readAnnotations(inFolder('set'))).rejects.toThrow(
      /class "a", which is not in the class list/,
    );
  });

  it.each<[string, object, RegExp]>([
    ['rectangles', { ...polygon, shape_type: 'rectangle' }, /of the kind "rectangle"/],
    ['masks without a mask', { ...polygon, shape_type: 'mask' }, /The mask of .* is empty/],
    [
      'masks that are no PNG',
      { ...polygon, shape_type: 'mask', mask: 'aGVsbG8=' },
      /no image file by its first bytes/,
    ],
    [
      'lines',
      {
        ...polygon,
        points: [
          [0, 0],
          [1, 1],
        ],
      },
      /2 points/,
    ],
    ['shapes without a label', { ...polygon, label: 7 }, /shapes\.0\.label/],
  ])('refuses %s', async (_, shape, message) => {
    await expect(read({ shapes: [shape] })).rejects.toThrow(AnnotationError);
    await expect(read({ shapes: [shape] })).rejects.toThrow(message);
  });

  it('refuses masks that reach over the edge, or lie nowhere', async () => {
    const mask = { label: 'a', shape_type: 'mask', mask: await bitMask(3, [1, 0, 1, 0, 1, 1]) };
    for (const points of [
      [
        [2, 1],
        [4, 2],
      ],
      [],
    ]) {
      await expect(read({ shapes: [{ ...mask, points }] })).rejects.toThrow(/3 x 2 pixels at/);
    }
  });
});

it('is recognised in the folders of a data set', async () => {
  const counts = { labelled: 3, val: 0, test: 0, unlabelled: 0 };
  await writePhantomDataset(inFolder('data'), {
    seed: 1,
    classes: 3,
    size: { height: 48, width: 40 },
    counts,
  });
  const set = await readAnnotations(inFolder('data', 'labelled', 'annotations.json'));
  await labelme.write(inFolder('data', 'labelled', 'labels'), set);
  await rm(inFolder('data', 'labelled', 'annotations.json'));
  const found = await inspectFolder(inFolder('data'));
  expect(found.recognised.join(' ')).toContain('3 images in labelled/images, annotated in labelled/labels');
});
