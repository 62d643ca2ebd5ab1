import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeEach, describe, expect, it } from 'vitest';
import { readAnnotations } from '../../src/annotations/index.ts';
import { labelMapPng } from '../../src/annotations/label-map-png.ts';
import { AnnotationError } from '../../src/base/errors.ts';
import { writeGreyPng } from '../../src/imaging/write.ts';
import { decodeRle, encodeRle } from '../../src/masks/rle.ts';
import { temporaryFolder } from '../temporary.ts';

let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder();
});
const save = (name: string, width: number, values: number[]) =>
  writeGreyPng(join(folder, name), {
    width,
    height: values.length / width,
    bits: 8,
    data: Uint8Array.from(values),
  });

describe('label maps', () => {
  it('have class k where the value is k', async () => {
    await save('a.png', 3, [0, 2, 2, 1, 0, 2]);
    const set = await readAnnotations(folder, { classes: ['x', 'y', 'z'] });
    expect(set.images[0]!.fileName).toBe('a.png');
    expect(
      set.images[0]!.structures.map(({ classIndex, rle }) => [classIndex, ...decodeRle(rle).data]),
    ).toEqual([
      [0, 0, 0, 0, 1, 0, 0],
      [1, 0, 1, 1, 0, 0, 1],
    ]);
  });

  it('need names, enough of them, and plain grey values', async () => {
    await save('a.png', 1, [0, 3]);
    await expect(readAnnotations(folder)).rejects.toThrow(/classes\.txt/);
    await expect(readAnnotations(folder, { classes: ['x', 'y'] })).rejects.toThrow(
      /\(0, 1\) has the value 3/,
    );
    const colours = sharp(new Uint8Array(12), { raw: { width: 2, height: 2, channels: 3 } }).png();
    await colours.toFile(join(folder, 'b.png'));
    await expect(readAnnotations(folder, { classes: ['x', 'y', 'z'] })).rejects.toThrow(/3 channels/);
    await writeFile(join(folder, 'b.png'), 'text');
    await expect(readAnnotations(folder, { classes: ['x', 'y', 'z'] })).rejects.toThrow(AnnotationError);
  });

  it('of a single class may be black and white', async () => {
    await save('a.png', 4, [0, 255, 1, 0]);
    const { images } = await readAnnotations(folder, { classes: ['bone'] });
    expect(images[0]!.structures.map(({ rle }) => [...decodeRle(rle).data])).toEqual([[0, 1, 1, 0]]);
    await expect(readAnnotations(folder, { classes: ['bone', 'nerve'] })).rejects.toThrow(/the value 255/);
    await save('a.png', 4, [0, 255, 127, 0]);
    await expect(readAnnotations(folder, { classes: ['bone'] })).rejects.toThrow(/the value 127/);
  });

  it('cannot hold overlaps and says so', async () => {
    const rle = encodeRle({ height: 1, width: 2, data: Uint8Array.of(1, 1) });
    const structures = [0, 1].map((classIndex) => ({ classIndex, rle }));
    const set = { classes: ['x', 'y'], images: [{ fileName: 'a.png', width: 2, height: 1, structures }] };
    await expect(labelMapPng.write(folder, set)).rejects.toThrow(/overlap/);
  });
});

describe('per-class masks', () => {
  it('may overlap and hold any value above 0', async () => {
    await save('a/Ulna.png', 2, [0, 255]);
    await save('a/Radius.png', 2, [1, 7]);
    const set = await readAnnotations(folder);
    expect(set.classes).toEqual(['Radius', 'Ulna']);
    expect(set.images[0]!.structures.map(({ rle }) => [...decodeRle(rle).data])).toEqual([
      [1, 1],
      [0, 1],
    ]);
  });

  it('refuse an empty folder, masks of two sizes and unknown classes', async () => {
    await save('a/Ulna.png', 2, [0, 255]);
    await mkdir(join(folder, 'b'));
    await expect(readAnnotations(folder)).rejects.toThrow(/b has no mask in it/);
    await save('b/Radius.png', 2, [0, 1]);
    await save('b/Ulna.png', 1, [0, 1]);
    await expect(readAnnotations(folder)).rejects.toThrow(/1 x 2 pixels, another mask of its image 2 x 1/);
    await expect(readAnnotations(folder, { classes: ['Ulna'] })).rejects.toThrow(/class "Radius"/);
  });
});
