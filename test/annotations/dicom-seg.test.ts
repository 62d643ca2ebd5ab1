import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { dicomSeg } from '../../src/annotations/dicom-seg.ts';
import { findImagesIn } from '../../src/annotations/image-finder.ts';
import type { AnnotationSet } from '../../src/annotations/types.ts';
import { AnnotationError } from '../../src/base/errors.ts';
import { encodeRle } from '../../src/masks/rle.ts';
import { readSegmentation } from '../dicom/read-segmentation.ts';
import { sourceFile } from '../dicom/source-file.ts';
import { useFolder } from '../pipeline/folder.ts';
import { onePixelSet } from './sets.ts';

const inFolder = useFolder();
const rle = encodeRle({ height: 2, width: 3, data: Uint8Array.of(0, 1, 0, 1, 0, 0) });
const image = { fileName: 'a.dcm', height: 2, width: 3, structures: [] };
const set: AnnotationSet = {
  classes: ['x', 'y'],
  images: [
    { ...image, structures: [{ classIndex: 1, rle, trust: 0.5 }] },
    { ...image, fileName: 'b.dcm' },
  ],
};

async function write(annotations: AnnotationSet, files: Readonly<Record<string, Uint8Array>>): Promise<void> {
  await mkdir(inFolder('images'));
  for (const [name, bytes] of Object.entries(files)) await writeFile(inFolder('images', name), bytes);
  await dicomSeg.write(inFolder('out'), annotations, await findImagesIn(inFolder('images')));
}

describe('DICOM Segmentation', () => {
  it('is a file for each image that shows a class, with its trust', async () => {
    await write(set, { 'a.dcm': sourceFile(), 'b.dcm': sourceFile() });
    expect(await readdir(inFolder('out'))).toEqual(['a.dcm']);
    const { segments } = readSegmentation(await readFile(inFolder('out', 'a.dcm')));
    expect(segments).toMatchObject([
      { label: 'y', description: 'Expected Dice 0.500', mask: Uint8Array.of(0, 1, 0, 1, 0, 0) },
    ]);
    expect(dicomSeg.check!(set)).toEqual([expect.stringContaining('1 images show no class')]);
  });

  it('refers to the frame that the name of an image counts', async () => {
    const several = sourceFile([{ tag: 0x00280008, vr: 'IS', value: '5' }]);
    const third = { ...set, images: [{ ...set.images[0]!, fileName: 'a#3.dcm' }] };
    await write(third, { 'a.dcm': several });
    expect(readSegmentation(await readFile(inFolder('out', 'a#3.dcm'))).frame).toBe(3);
  });

  it('refuses a frame that the file does not have', async () => {
    const third = { ...set, images: [{ ...set.images[0]!, fileName: 'a#3.dcm' }] };
    await expect(write(third, { 'a.dcm': sourceFile() })).rejects.toThrow(/has 1 image, and number 3/);
  });

  it.each<[string, Record<string, Uint8Array>, RegExp]>([
    ['no image', {}, /has no image a\.dcm/],
    ['no DICOM file', { 'a.dcm': Buffer.from('hello') }, /cannot be decoded/],
  ])('refuses %s', async (_, files, message) => {
    const writing = write(set, files);
    await expect(writing).rejects.toThrow(AnnotationError);
    await expect(writing).rejects.toThrow(message);
  });

  it('refuses images of another size', async () => {
    const small = { ...set.images[0]!, ...onePixelSet(['x'], ['x']).images[0]!, fileName: 'a.dcm' };
    const writing = write({ ...set, images: [small] }, { 'a.dcm': sourceFile() });
    await expect(writing).rejects.toThrow(/3 x 2 pixels, another mask of its image 2 x 2/);
  });

  it('refuses names that are too long or have a backslash', () => {
    expect(() => dicomSeg.check!(onePixelSet(['x'.repeat(65)], []))).toThrow(/65 characters/);
    expect(() => dicomSeg.check!(onePixelSet(['a\\b'], []))).toThrow(/a backslash among them/);
  });
});
