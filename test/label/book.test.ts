/** The labels of a folder: what is drawn survives, what is done is what a data set reads, what others wrote is kept. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { coco } from '../../src/annotations/coco.ts';
import type { AnnotationSet } from '../../src/annotations/types.ts';
import type { DataConfigInput } from '../../src/dataset/config.ts';
import { openDataset } from '../../src/dataset/dataset.ts';
import { openLabelFolder } from '../../src/dataset/label-folder.ts';
import { casesOf } from '../../src/dataset/types.ts';
import type { Image } from '../../src/imaging/image.ts';
import { writeGreyPng } from '../../src/imaging/write.ts';
import { type LabelBook, openLabelBook } from '../../src/label/book.ts';
import { emptyMask } from '../../src/masks/mask.ts';
import { encodeRle, type Rle, rleArea } from '../../src/masks/rle.ts';
import { temporaryFolder } from '../temporary.ts';

const SIZE = { height: 8, width: 10 };

let root: string;
let book: LabelBook | undefined;

beforeEach(async () => {
  root = join(await temporaryFolder(), 'hands');
  await mkdir(join(root, 'images'), { recursive: true });
  for (const [i, side] of ['L', 'R', 'L'].entries()) {
    const image: Image = { ...SIZE, bits: 8, data: new Uint8Array(80).fill(20 * i + 1) };
    await writeGreyPng(join(root, 'images', `hand-${i}_${side}_.png`), image);
  }
});
afterEach(async () => {
  await book?.close();
  book = undefined;
});

const before = process.env.PACKMULE_HOME;
afterEach(() => {
  if (before === undefined) delete process.env.PACKMULE_HOME;
  else process.env.PACKMULE_HOME = before;
});

/** A mask of the columns from `from` on. */
function columns(from: number): Rle {
  const mask = emptyMask(SIZE);
  for (let i = 0; i < mask.data.length; i++) if (i % SIZE.width >= from) mask.data[i] = 1;
  return encodeRle(mask);
}

const NOTHING = encodeRle(emptyMask(SIZE));

async function open(settings: Omit<DataConfigInput, 'root'> = {}) {
  await book?.close();
  const folder = await openLabelFolder({ root, ...settings });
  book = await openLabelBook(folder, 'ada');
  return { folder, book };
}

const written = (): Promise<AnnotationSet> => coco.read(join(root, 'annotations.json'));

describe('labels from nothing', () => {
  it('are written when an image is done, and read as a data set', async () => {
    const { folder, book } = await open();
    const [first, second] = folder.cases;
    expect([folder.cases.length, folder.classes, book.classes()]).toEqual([3, [], []]);
    await book.change({ add: 'radius' });
    await book.change({ add: 'ulna' });
    await book.draw(first!, 0, columns(6), 0);
    await book.draw(second!, 1, columns(3), 0);
    await expect(written()).rejects.toThrow('cannot be read');
    await book.finish(first!, true);

    const set = await written();
    expect(set.classes).toEqual(['radius', 'ulna']);
    expect(set.images.map(({ fileName }) => fileName)).toEqual(['hand-0_L_.png']);
    const dataset = await openDataset({ root, fractions: { val: 0, test: 0 } });
    expect(casesOf(dataset, 'unlabelled')).toHaveLength(2);
    expect(casesOf(dataset, 'labelled')[0]!.structures).toEqual([{ classIndex: 0, rle: columns(6) }]);
  });

  it('are there again after a restart, also those of images that are not done', async () => {
    const before = await open();
    await before.book.change({ add: 'radius' });
    await before.book.draw(before.folder.cases[0]!, 0, columns(2), 0);
    await before.book.draw(before.folder.cases[1]!, 0, columns(4), 0);
    await before.book.finish(before.folder.cases[1]!, true);
    const { folder, book } = await open();
    const [first, second] = folder.cases;
    expect(book.classes().map(({ name }) => name)).toEqual(['radius']);
    expect([book.mask(first!, 0), book.mask(second!, 0)]).toEqual([columns(2), columns(4)]);
    expect([book.isDone(first!), book.isDone(second!)]).toEqual([false, true]);
  });

  it('are not lost by a kill before the annotation file was written', async () => {
    const { folder, book } = await open();
    await book.change({ add: 'radius' });
    await book.draw(folder.cases[0]!, 0, columns(2), 0);
    await book.finish(folder.cases[0]!, true);
    await rm(join(root, 'annotations.json'));
    await open();
    expect((await written()).images).toHaveLength(1);
  });

  it('follow a class that is renamed, and count it as absent once its mask is cleared', async () => {
    const { folder, book } = await open();
    const [first] = folder.cases;
    await book.change({ add: 'radius' });
    await book.draw(first!, 0, columns(2), 0);
    await book.finish(first!, true);
    await book.change({ classIndex: 0, name: 'Speiche' });
    await book.change({ classIndex: 0, colour: 5 });
    expect(book.classes()).toMatchObject([{ name: 'Speiche', colour: 5 }]);
    const set = await written();
    expect([set.classes, set.images[0]!.structures.length]).toEqual([['Speiche'], 1]);
    await book.draw(first!, 0, NOTHING, book.decision(first!, 0)!.number);
    expect([book.mask(first!, 0), (await written()).images[0]!.structures]).toEqual([undefined, []]);
  });

  it.each([
    ['an empty name', { add: '  ' }],
    ['a taken name', { add: 'radius' }],
    ['a name that breaks lines', { add: 'a\nb' }],
    ['a class that is not there', { classIndex: 3, name: 'x' }],
  ])('refuse %s', async (_what, change) => {
    const { book } = await open();
    await book.change({ add: 'radius' });
    await expect(book.change(change)).rejects.toMatchObject({ name: 'AnnotationError' });
    expect(book.classes()).toHaveLength(1);
  });

  it('of two tabs are not overwritten', async () => {
    const { folder, book } = await open();
    await book.change({ add: 'radius' });
    expect(await book.draw(folder.cases[0]!, 0, columns(2), 0)).toBe(true);
    expect(await book.draw(folder.cases[0]!, 0, columns(5), 0)).toBe(false);
    expect(book.mask(folder.cases[0]!, 0)).toEqual(columns(2));
  });

  it('of mirrored images are written in the frame of the file', async () => {
    const laterality = { from: { pattern: '_(L|R)_' }, train: 'left' as const };
    const { folder, book } = await open({ laterality });
    const right = folder.cases[1]!;
    expect(right.view).toEqual({ mirrored: true });
    await book.change({ add: 'radius' });
    await book.draw(right, 0, columns(7), 0);
    await book.finish(right, true);
    const { rle } = (await written()).images[0]!.structures[0]!;
    // The last three columns as they are seen are the first three of the file.
    expect([rleArea(rle), rle.counts[0]]).toEqual([24, 0]);
    const again = await open({ laterality });
    expect(again.book.mask(again.folder.cases[1]!, 0)).toEqual(columns(7));
  });
});

describe('labels that were there before', () => {
  const before: AnnotationSet = {
    classes: ['radius', 'ulna'],
    images: [
      { fileName: 'hand-0_L_.png', ...SIZE, structures: [{ classIndex: 1, rle: columns(1) }] },
      { fileName: 'elsewhere.png', ...SIZE, structures: [{ classIndex: 0, rle: columns(8) }] },
    ],
  };
  beforeEach(() => coco.write(join(root, 'annotations.json'), before));

  it('are kept, those of images that are not here among them', async () => {
    const { folder, book } = await open();
    const [first, second] = folder.cases;
    expect([book.isDone(first!), book.mask(first!, 1)]).toEqual([true, columns(1)]);
    await book.draw(second!, 0, columns(2), 0);
    await book.finish(second!, true);
    const set = await written();
    expect(set.images.map(({ fileName }) => fileName)).toEqual([
      'hand-0_L_.png',
      'hand-1_R_.png',
      'elsewhere.png',
    ]);
    expect(set.images[2]!.structures).toEqual(before.images[1]!.structures);
  });

  it.each([
    ['some of them of images that are here', before.images],
    ['all of them of images elsewhere', before.images.slice(1)],
  ])('keep their classes when these change names: %s', async (_, images) => {
    await coco.write(join(root, 'annotations.json'), { ...before, images });
    const { book } = await open();
    await book.change({ classIndex: 0, name: 'neither' });
    await book.change({ classIndex: 1, name: 'radius' });
    await book.change({ classIndex: 0, name: 'ulna' });
    const kept = { classes: ['ulna', 'radius'], images };
    expect(await written()).toMatchObject(kept);
    const again = await open();
    await again.book.finish(again.folder.cases[2]!, true);
    const { images: after } = await written();
    for (const { fileName, structures } of images) {
      expect(after.find((image) => image.fileName === fileName)!.structures).toEqual(structures);
    }
  });

  it('of an image that cannot be read are kept as those of one that is not here', async () => {
    await writeFile(join(root, 'images', 'hand-0_L_.png'), 'no picture');
    const { folder, book } = await open();
    expect([folder.cases.length, folder.unreadable]).toEqual([2, 1]);
    await book.finish(folder.cases[0]!, true);
    expect((await written()).images.slice(1)).toMatchObject(before.images);
  });

  it('stay when their image is not done after all', async () => {
    const { folder, book } = await open();
    await book.finish(folder.cases[0]!, false);
    expect((await written()).images.map(({ fileName }) => fileName)).toEqual(['elsewhere.png']);
    const again = await open();
    expect(again.book.mask(again.folder.cases[0]!, 1)).toEqual(columns(1));
  });
});

describe('a folder that is not for labelling', () => {
  it('is one with a folder per split', async () => {
    await mkdir(join(root, 'unlabelled'));
    await writeGreyPng(join(root, 'unlabelled', 'a.png'), { ...SIZE, bits: 8, data: new Uint8Array(80) });
    await expect(openLabelFolder({ root })).rejects.toMatchObject({
      name: 'DatasetError',
      fix: expect.stringContaining('packmule review'),
    });
  });

  it('is one with labels in another format', async () => {
    await writeFile(
      join(root, 'labels.xml'),
      '<annotations><image id="0" name="hand-0_L_.png" width="10" height="8"/></annotations>',
    );
    await expect(openLabelFolder({ root })).rejects.toMatchObject({
      fix: expect.stringContaining('packmule convert'),
    });
  });

  it('is one with two images of one name', async () => {
    const grey = { ...SIZE, channels: 3, background: '#777' } as const;
    await sharp({ create: grey }).toFile(join(root, 'images', 'hand-0_L_.jpg'));
    await expect(openLabelFolder({ root })).rejects.toMatchObject({
      name: 'DatasetError',
      seen: expect.stringMatching(/hand-0_L_\.png .*have the same name without extension, "hand-0_L_"/),
    });
  });

  it('is one with labels for images of another size', async () => {
    const images = [{ fileName: 'hand-1_R_.png', width: 9, height: 8, structures: [] }];
    await coco.write(join(root, 'annotations.json'), { classes: ['radius'], images });
    await expect(openLabelFolder({ root })).rejects.toMatchObject({
      name: 'DatasetError',
      seen: expect.stringContaining('hand-1_R_.png is 10 x 8 pixels, its annotation 9 x 8'),
    });
  });

  it('is one whose journal is damaged', async () => {
    await mkdir(join(root, '.packmule'));
    await writeFile(join(root, '.packmule', 'done.jsonl'), '{"image":1}\n');
    const folder = await openLabelFolder({ root });
    await expect(openLabelBook(folder, 'ada')).rejects.toThrow('Line 1 of');
    expect(await readFile(join(root, '.packmule', 'done.jsonl'), 'utf8')).toBe('{"image":1}\n');
  });
});

it('drafts on images that another account named are refused, and not lost', async () => {
  process.env.PACKMULE_HOME = join(root, 'home');
  const ids = 'hashed';
  const { folder, book } = await open({ ids });
  await book.change({ add: 'radius' });
  await book.draw(folder.cases[0]!, 0, columns(5), 0);
  process.env.PACKMULE_HOME = join(root, 'other');
  await expect(open({ ids })).rejects.toThrow(/masks\.jsonl calls images by hashes.*other.id-secret/s);
  process.env.PACKMULE_HOME = join(root, 'home');
  const again = await open({ ids });
  expect(rleArea(again.book.mask(again.folder.cases[0]!, 0)!)).toBe(40);
});
