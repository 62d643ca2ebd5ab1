import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { yolo } from '../../src/annotations/yolo.ts';
import type { PointXy } from '../../src/base/geometry.ts';
import { rasterizePolygon } from '../../src/masks/polygon.ts';
import { decodeRle } from '../../src/masks/rle.ts';
import { useFolder } from '../pipeline/folder.ts';
import { annotationSet, CLASSES, onePixelSet } from './sets.ts';

const inFolder = useFolder();

it('writes data.yaml for the folder it lies in, and a line of shares for each object', async () => {
  await yolo.write(inFolder('set'), onePixelSet(['21', 'b: "c"'], ['b: "c"']));
  expect(parse(await readFile(inFolder('set', 'data.yaml'), 'utf8'))).toEqual({
    train: 'images/train',
    val: 'images/train',
    names: { 0: '21', 1: 'b: "c"' },
  });
  const lines = await readFile(inFolder('set', 'labels', 'train', 'i.txt'), 'utf8');
  expect(lines).toBe('1 1 0 1 0.5 0.5 0.5 0.5 0\n');
});

it('writes an empty file for an image that shows none of the classes', async () => {
  await yolo.write(inFolder('set'), onePixelSet(['a'], []));
  expect(await readFile(inFolder('set', 'labels', 'train', 'i.txt'), 'utf8')).toBe('');
});

it('encloses exactly the masks', async () => {
  let count = 0;
  await fc.assert(
    fc.asyncProperty(annotationSet(true), async (set) => {
      const folder = `set-${++count}`;
      await yolo.write(inFolder(folder), set);
      for (const image of set.images) {
        const { width, height } = image;
        const name = `${image.fileName.replace(/\.[^.]*$/, '')}.txt`;
        const text = await readFile(inFolder(folder, 'labels', 'train', name), 'utf8');
        const masks = CLASSES.map(() => new Uint8Array(width * height));
        for (const line of text.split('\n').filter((one) => one !== '')) {
          const [classIndex, ...shares] = line.split(' ').map(Number) as [number, ...number[]];
          const points = Array.from(
            { length: shares.length / 2 },
            (_, i): PointXy => [shares[2 * i]! * width - 0.5, shares[2 * i + 1]! * height - 0.5],
          );
          rasterizePolygon(points, image).data.forEach((value, i) => {
            masks[classIndex]![i]! |= value;
          });
        }
        const expected = CLASSES.map((_, classIndex) => {
          const structure = image.structures.find((one) => one.classIndex === classIndex);
          return structure === undefined ? new Uint8Array(width * height) : decodeRle(structure.rle).data;
        });
        expect(masks).toEqual(expected);
      }
    }),
    { numRuns: 20 },
  );
});
