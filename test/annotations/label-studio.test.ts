import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { labelStudio } from '../../src/annotations/label-studio.ts';
import { readAnnotations } from '../../src/annotations/read.ts';
import type { AnnotationSet } from '../../src/annotations/types.ts';
import { AnnotationError } from '../../src/base/errors.ts';
import { encodeBrushRle } from '../../src/masks/brush-rle.ts';
import { decodeRle, encodeRle } from '../../src/masks/rle.ts';
import { useFolder } from '../pipeline/folder.ts';
import { onePixelSet } from './sets.ts';

const inFolder = useFolder();
const drawn = { original_width: 4, original_height: 2, image_rotation: 0 };
const code = encodeBrushRle(encodeRle({ height: 2, width: 4, data: Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 1) }));
const brush = {
  ...drawn,
  id: 'r1',
  type: 'brushlabels',
  value: { format: 'rle', rle: code, brushlabels: ['b'] },
};
const polygon = {
  ...drawn,
  id: 'r2',
  type: 'polygonlabels',
  value: {
    points: [
      [0, 0],
      [50, 0],
      [50, 50],
      [0, 50],
    ],
    polygonlabels: ['a'],
  },
};
const task = (result: readonly object[], change: object = {}): object => ({
  id: 3,
  data: { image: '/data/upload/1/0a1b2c3d-scan%201.png' },
  annotations: [{ result }],
  ...change,
});

async function read(...tasks: readonly object[]): Promise<AnnotationSet> {
  await writeFile(inFolder('a.json'), JSON.stringify(tasks));
  return readAnnotations(inFolder('a.json'));
}

describe('reading', () => {
  it('takes brush masks, and polygons in per cent', async () => {
    const set = await read(task([brush, polygon]));
    expect(set.classes).toEqual(['a', 'b']);
    expect(set.images[0]).toMatchObject({ fileName: 'scan 1.png', width: 4, height: 2 });
    expect(set.images[0]!.structures.map(({ rle }) => [...decodeRle(rle).data])).toEqual([
      [1, 1, 0, 0, 0, 0, 0, 0],
      [0, 0, 0, 1, 0, 0, 0, 1],
    ]);
  });

  it('takes labels that a project keeps apart from the brush', async () => {
    const mask = { ...drawn, id: 'r1', type: 'brush', value: { format: 'rle', rle: code } };
    const label = { ...drawn, id: 'r1', type: 'labels', value: { labels: ['c'] } };
    const remark = { id: 'r9', type: 'textarea', value: { text: ['blurred'] } };
    expect((await read(task([mask, label, remark]))).classes).toEqual(['c']);
  });

  it('passes over what is said about regions, and how they are related', async () => {
    const choice = { ...drawn, id: 'r1', type: 'choices', value: { choices: ['fracture'] } };
    const relation = { type: 'relation', from_id: 'r1', to_id: 'r2', direction: 'right' };
    const bare = await read(task([brush, polygon]));
    expect(await read(task([brush, polygon, choice, relation]))).toEqual(bare);
  });

  it.each([
    ['/data/local-files/?d=wrist/b%26c.png', 'b&c.png'],
    ['s3://bucket/folder/0a1b2c3d-x.png', '0a1b2c3d-x.png'],
    ['https://host/x.png?token=1', 'x.png'],
    ['x%.png', 'x%.png'],
  ])('takes the name of the image from %s', async (image, name) => {
    expect((await read(task([brush], { data: { image } }))).images[0]!.fileName).toBe(name);
  });

  it('leaves out tasks that nobody annotated, and counts predictions where there is nothing else', async () => {
    const cancelled = { was_cancelled: true, result: [polygon] };
    const set = await read(
      task([], { annotations: [cancelled], predictions: [{ result: [{ ...brush, score: 0.5 }] }] }),
      task([], { annotations: [], data: { image: 'y.png' } }),
    );
    expect(set.images).toHaveLength(1);
    expect(set.images[0]!.structures).toMatchObject([{ score: 0.5 }]);
  });

  it.each<[string, object, RegExp]>([
    [
      'two annotations',
      task([], { annotations: [{ result: [brush] }, { result: [brush] }] }),
      /has 2 annotations/,
    ],
    ['rectangles', task([{ ...brush, type: 'rectanglelabels' }]), /kind "rectanglelabels"/],
    [
      'masks as pictures',
      task([brush, { ...drawn, type: 'bitmasklabels', value: { bitmasklabels: ['a'] } }]),
      /kind "bitmasklabels"/,
    ],
    ['drawings of a kind that nobody knows', task([brush, { ...drawn, type: 'spline' }]), /kind "spline"/],
    ['masks without a label', task([{ ...brush, value: { rle: code } }]), /has no label/],
    ['turned images', task([{ ...brush, image_rotation: 90 }]), /turned by 90 degrees/],
    ['regions of another size', task([polygon, { ...brush, original_width: 5 }]), /drawn on 5 x 2/],
    ['no size at all', task([]), /without the size/],
    [
      'an image of many pixels',
      task([{ ...brush, original_width: 1e6, original_height: 1e6 }]),
      /1000000 x 1000000/,
    ],
    [
      'neither code nor points',
      task([{ ...brush, value: { brushlabels: ['b'] } }]),
      /neither the run-length/,
    ],
    [
      'a code of large numbers',
      task([{ ...brush, value: { rle: [300], brushlabels: ['b'] } }]),
      /neither the run-length/,
    ],
    ['no image', task([brush], { data: { scan: 'x', other: 'y' } }), /no entry data\.image/],
  ])('refuses %s', async (_, one, message) => {
    await expect(read(one)).rejects.toThrow(AnnotationError);
    await expect(read(one)).rejects.toThrow(message);
  });
});

it('writes masks with scores as predictions, others as annotations', async () => {
  const set = onePixelSet(['x'], ['x']);
  const [image] = set.images;
  await labelStudio.write(inFolder('plain.json'), set);
  const judged = [{ ...image!.structures[0]!, score: 0.5 }];
  await labelStudio.write(inFolder('judged.json'), { ...set, images: [{ ...image!, structures: judged }] });
  const [plain, scored] = await Promise.all(
    ['plain.json', 'judged.json'].map(async (name) => JSON.parse(await readFile(inFolder(name), 'utf8'))),
  );
  expect(plain[0].annotations[0].result[0].value.brushlabels).toEqual(['x']);
  expect(plain[0].predictions).toBeUndefined();
  expect(scored[0].predictions[0].result[0].score).toBe(0.5);
  expect(scored[0].data).toEqual({ image: '/data/local-files/?d=i.png', width: 2, height: 2 });
});
