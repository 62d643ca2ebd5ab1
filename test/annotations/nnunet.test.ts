import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { nnunet } from '../../src/annotations/nnunet.ts';
import { readAnnotations } from '../../src/annotations/read.ts';
import type { AnnotationSet } from '../../src/annotations/types.ts';
import { AnnotationError } from '../../src/base/errors.ts';
import { inspectFolder } from '../../src/dataset/inspect.ts';
import { readImage } from '../../src/imaging/read.ts';
import { readStoredPng } from '../../src/imaging/stored-png.ts';
import { writeGreyPng } from '../../src/imaging/write.ts';
import { decodeRle, encodeRle } from '../../src/masks/rle.ts';
import { encodeNifti } from '../../src/nifti/nifti.ts';
import { useFolder } from '../pipeline/folder.ts';
import { onePixelSet, writeSet } from './sets.ts';

const inFolder = useFolder();
let folder: string;
beforeEach(() => {
  folder = inFolder('Dataset001_wrist');
});

const rle = (...values: number[]) =>
  encodeRle({ height: 1, width: values.length, data: Uint8Array.from(values) });
const set: AnnotationSet = {
  classes: ['b', '21', 'a'],
  images: [
    {
      fileName: 'x.png',
      width: 4,
      height: 1,
      structures: [
        { classIndex: 0, rle: rle(1, 1, 0, 0) },
        { classIndex: 1, rle: rle(0, 1, 1, 0) },
        { classIndex: 2, rle: rle(0, 1, 0, 0) },
      ],
    },
  ],
};

describe('writing', () => {
  it('gives each combination of classes a number, and classes as the lists of theirs, in order', async () => {
    await writeSet(nnunet, folder, set, inFolder('images'));
    const labels = await readStoredPng(join(folder, 'labelsTr', 'x.png'));
    expect(labels).toMatchObject({ bits: 8, data: Uint8Array.of(1, 5, 2, 0) });
    const text = await readFile(join(folder, 'dataset.json'), 'utf8');
    expect(JSON.parse(text)).toEqual({
      channel_names: { 0: 'radiograph' },
      labels: { background: 0, b: [1, 4, 5], 21: [2, 4, 5], a: [3, 5] },
      regions_class_order: [1, 2, 3],
      numTraining: 1,
      file_ending: '.png',
    });
    expect(text.indexOf('"b"')).toBeLessThan(text.indexOf('"21"'));
    expect(await readdir(join(folder, 'imagesTr'))).toEqual(['x_0000.png']);
  });

  it('without overlaps gives plain labels, and keeps the names of its own images', async () => {
    const plain = onePixelSet(['a', 'b'], ['b']);
    await writeSet(nnunet, folder, plain, inFolder('images'));
    const { labels, regions_class_order } = JSON.parse(await readFile(join(folder, 'dataset.json'), 'utf8'));
    expect(labels).toEqual({ background: 0, a: 1, b: 2 });
    expect(regions_class_order).toBeUndefined();
    const again = await readAnnotations(folder);
    expect(again.images[0]!.fileName).toBe('i_0000.png');
    await writeSet(nnunet, inFolder('again'), again, join(folder, 'imagesTr'));
    expect(await readdir(inFolder('again', 'imagesTr'))).toEqual(['i_0000.png']);
  });

  it('says that classes become regions where they overlap', () => {
    expect(nnunet.check!(set)[0]).toMatch(/^b and 21 share 1 px in x\.png; 2 other pairs.*regions/);
    expect(nnunet.check!(onePixelSet(['a'], ['a']))).toEqual([]);
  });

  it.each(['background', 'ignore'])('refuses the class %s', (name) => {
    expect(() => nnunet.check!(onePixelSet([name], [name]))).toThrow(/a meaning of their own/);
  });

  it('writes nothing where an image is missing or of another size', async () => {
    const write = (): Promise<void> =>
      nnunet.write(folder, set, (name) => {
        const path = inFolder(name);
        return { path, read: () => readImage(path) };
      });
    await expect(write()).rejects.toThrow(AnnotationError);
    await writeGreyPng(inFolder('x.png'), { width: 3, height: 1, bits: 8, data: new Uint8Array(3) });
    await expect(write()).rejects.toThrow(/3 x 1 pixels, another mask of its image 4 x 1/);
    expect(await readdir(inFolder())).not.toContain('Dataset001_wrist');
  });
});

describe('reading', () => {
  async function save(head: object, ending: string, data: Uint8Array): Promise<void> {
    await mkdir(join(folder, 'labelsTr'), { recursive: true });
    await writeFile(
      join(folder, 'dataset.json'),
      JSON.stringify({ file_ending: ending, channel_names: { 0: 'X' }, ...head }),
    );
    await writeFile(join(folder, 'labelsTr', `c${ending}`), data);
  }
  const nifti = encodeNifti(Uint8Array.of(0, 1, 2, 3), [4, 1, 1], [1, 1, 1]);

  it('takes regions of any tool, and NIfTI', async () => {
    await save({ labels: { background: 0, whole: [1, 2, 3], core: [2, 3], rim: 3 } }, '.nii.gz', nifti);
    const { classes, images } = await readAnnotations(folder);
    expect(classes).toEqual(['whole', 'core', 'rim']);
    expect(images[0]).toMatchObject({ fileName: 'c_0000.nii', width: 4, height: 1 });
    expect(images[0]!.structures.map((one) => [...decodeRle(one.rle).data])).toEqual([
      [0, 1, 1, 1],
      [0, 0, 1, 1],
      [0, 0, 0, 1],
    ]);
  });

  it.each<[string, object, RegExp]>([
    ['numbers without a class', { labels: { background: 0, a: 1, b: 2 } }, /has the value 3/],
    [
      'pixels to be ignored',
      { labels: { background: 0, a: 1, b: 2, ignore: 3 } },
      /has the value 3.*ignored to 0/s,
    ],
    ['version 1', { labels: { 0: 'background', 1: 'a' } }, /nnU-Net v2 at labels/],
    ['volumes', { labels: {}, file_ending: '.mha' }, /file_ending/],
    ['folders without labels', { labels: { a: 1 }, file_ending: '.nii' }, /has no mask in it/],
  ])('refuses %s', async (_, head, message) => {
    await save(head, '.nii.gz', nifti);
    await expect(readAnnotations(folder)).rejects.toThrow(AnnotationError);
    await expect(readAnnotations(folder)).rejects.toThrow(message);
  });

  it('is recognised as a data set by its folder', async () => {
    const images = Array.from({ length: 4 }, (_, i) => ({
      ...set.images[0]!,
      fileName: `c${i}.png`,
      width: 4,
    }));
    await writeSet(nnunet, folder, { ...set, images }, inFolder('images'));
    const { recognised, counts } = await inspectFolder(folder);
    expect(recognised.join(' ')).toContain('4 images in imagesTr, annotated in dataset.json');
    expect(counts.labelled + counts.val + counts.test).toBe(4);
  });
});

it('numbers never run out of 16 bits in what a picture shows', async () => {
  const many = fc.sample(fc.array(fc.boolean(), { minLength: 300, maxLength: 300 }), {
    numRuns: 10,
    seed: 1,
  });
  const classes = many.map((_, i) => `c${i}`);
  const structures = many.map((values, classIndex) => ({ classIndex, rle: rle(...values.map(Number)) }));
  const image = { fileName: 'x.png', width: 300, height: 1, structures };
  await writeSet(nnunet, folder, { classes, images: [image] }, inFolder('images'));
  expect((await readStoredPng(join(folder, 'labelsTr', 'x.png'))).bits).toBe(16);
  const again = await readAnnotations(folder);
  expect(again.images[0]!.structures).toEqual(structures.filter(({ rle: mask }) => mask.counts.length > 1));
});
