import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { coco } from '../../src/annotations/coco.ts';
import type { AnnotationSet } from '../../src/annotations/types.ts';
import { AnnotationError } from '../../src/base/errors.ts';
import { decodeRle, rleArea, rleFromString } from '../../src/masks/rle.ts';
import { sharedPath } from '../shared.ts';
import { temporaryFolder } from '../temporary.ts';

const image = { id: 7, file_name: 'folder/a.png', width: 4, height: 3 };
const annotation = {
  id: 1,
  image_id: 7,
  category_id: -5,
  iscrowd: 0,
  segmentation: [[0, 0, 2, 0, 2, 2, 0, 2]],
};
const file = { categories: [{ id: -5, name: 'bone' }], images: [image], annotations: [annotation] };

async function read(content: unknown): Promise<AnnotationSet> {
  const path = join(await temporaryFolder(), 'a.json');
  const isText = typeof content === 'string' || Buffer.isBuffer(content);
  await writeFile(path, isText ? content : JSON.stringify(content));
  return coco.read(path);
}
const withAnnotation = (change: object) => ({ ...file, annotations: [{ ...annotation, ...change }] });

describe('reading', () => {
  it('takes polygons, run lists and run strings, merged by class', async () => {
    const set = await read({
      ...file,
      annotations: [
        annotation,
        { ...annotation, segmentation: { size: [3, 4], counts: [9, 3] }, iscrowd: 1 },
        { ...annotation, segmentation: { size: [3, 4], counts: '615' } },
      ],
    });
    expect(set.classes).toEqual(['bone']);
    expect(set.images[0]).toMatchObject({ fileName: 'a.png', width: 4, height: 3 });
    expect(set.images[0]!.structures).toHaveLength(1);
    const mask = decodeRle(set.images[0]!.structures[0]!.rle);
    expect([...mask.data]).toEqual([1, 1, 1, 1, 1, 1, 0, 1, 0, 0, 0, 1]);
  });

  it('takes a file that begins with a byte order mark', async () => {
    expect((await read(`\ufeff${JSON.stringify(file)}`)).classes).toEqual(['bone']);
  });

  it('keeps images without annotations', async () => {
    const set = await read({ ...file, annotations: [] });
    expect(set.images).toEqual([
      { fileName: 'a.png', path: 'folder/a.png', width: 4, height: 3, structures: [] },
    ]);
  });
});

describe('refusing', () => {
  it.each<[string, unknown, RegExp]>([
    ['text', 'hello', /not valid JSON/],
    ['nothing', '', /is empty/],
    ['lists in lists', `{"a":${'['.repeat(300)}${']'.repeat(300)}}`, /more than 200 deep/],
    ['ten million empty lists', `[${'[],'.repeat(1e7)}0]`, /a list of more than/],
    ['as many in shorter lists', `[${`[${'[],'.repeat(1e5)}0],`.repeat(100)}0]`, /more values than fit/],
    ['a cut-off file', JSON.stringify(file).slice(0, -20), /not valid JSON/],
    ['a list', [], /not a COCO file/],
    ['no images', { ...file, images: undefined }, /images/],
    ['an unknown category', withAnnotation({ category_id: 3 }), /unknown category 3/],
    ['an unknown image', withAnnotation({ image_id: 8 }), /unknown image 8/],
    ['a billion pixels', { ...file, images: [{ ...image, width: 50_000, height: 20_000 }] }, /50000 x 20000/],
    ['a negative size', { ...file, images: [{ ...image, width: -4 }] }, /-4 x 3/],
    ['a broken size', { ...file, images: [{ ...image, width: 1.5 }] }, /1\.5 x 3/],
    [
      'runs of another size',
      withAnnotation({ segmentation: { size: [4, 3], counts: [12] } }),
      /3 x 4 pixels in an/,
    ],
    ['runs that overrun', withAnnotation({ segmentation: { size: [3, 4], counts: [9, 9] } }), /overrun/],
    ['a damaged run string', withAnnotation({ segmentation: { size: [3, 4], counts: '6 2' } }), /damaged/],
    ['infinite coordinates', JSON.stringify(file).replace('[[0,', '[[1e999,'), /not a COCO file/],
    ['an odd polygon', withAnnotation({ segmentation: [[0, 0, 1, 1, 2, 2, 3]] }), /odd/],
    ['a line', withAnnotation({ segmentation: [[0, 0, 1, 1]] }), /2 points/],
    ['a box alone', withAnnotation({ segmentation: undefined, bbox: [0, 0, 2, 2] }), /no segmentation/],
    ['two images of one id', { ...file, images: [image, image] }, /id/],
    ['two images of one name', { ...file, images: [image, { ...image, id: 8 }] }, /a\.png twice/],
    [
      'two categories of one id',
      { ...file, categories: [file.categories[0], { id: -5, name: 'x' }] },
      /one id/,
    ],
    [
      'two categories of one name',
      { ...file, categories: [file.categories[0], { id: 1, name: 'bone' }] },
      /twice/,
    ],
    ['a category without a name', { ...file, categories: [{ id: -5, name: ' ' }] }, /without a name/],
    ['an image without a name', { ...file, images: [{ ...image, file_name: 'folder/..' }] }, /file name/],
    ['another encoding', Buffer.from(JSON.stringify(file), 'utf16le').fill(0xff, 0, 2), /not UTF-8/],
  ])('%s', async (_, content, message) => {
    await expect(read(content)).rejects.toThrow(AnnotationError);
    await expect(read(content)).rejects.toThrow(message);
  });
});

describe('writing', () => {
  it('gives area and box as COCO has them', async () => {
    const path = join(await temporaryFolder(), 'a.json');
    await coco.write(path, await read(file));
    const written = JSON.parse(await readFile(path, 'utf8'));
    expect(written.annotations).toEqual([
      {
        id: 1,
        image_id: 1,
        category_id: 1,
        segmentation: { size: [3, 4], counts: expect.any(String) },
        area: 4,
        bbox: [0, 0, 2, 2],
        iscrowd: 0,
      },
    ]);
    expect(rleArea(rleFromString(written.annotations[0].segmentation.counts, image))).toBe(4);
  });
});

describe.skipIf(sharedPath('data', 'teeth') === undefined)(
  'the dental annotations (absent where ../shared is)',
  () => {
    it.each([
      ['labelled', 45],
      ['val', 40],
      ['test', 80],
    ])('%s are read and decoded, areas as the file says', async (split, images) => {
      const path = sharedPath('data', 'teeth', split, 'annotations.json')!;
      const stated = JSON.parse(await readFile(path, 'utf8')).annotations as { area: number }[];
      const set = await coco.read(path);
      const structures = set.images.flatMap((one) => one.structures);
      let area = 0;
      for (const { rle } of structures) area += decodeRle(rle).data.length > 0 ? rleArea(rle) : 0;
      expect(set.classes).toHaveLength(32);
      expect(set.images).toHaveLength(images);
      expect(structures).toHaveLength(stated.length);
      expect(area).toBe(stated.reduce((sum, one) => sum + one.area, 0));
    });
  },
);
