import { once } from 'node:events';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { classMasks } from '../../src/annotations/class-masks.ts';
import { coco } from '../../src/annotations/coco.ts';
import { labelMapNifti } from '../../src/annotations/label-map-nifti.ts';
import { labelMapPng } from '../../src/annotations/label-map-png.ts';
import { labelme } from '../../src/annotations/labelme.ts';
import type { AnnotatedImage } from '../../src/annotations/types.ts';
import { AnnotationError, ConfigError, DatasetError } from '../../src/base/errors.ts';
import { openDataset } from '../../src/dataset/dataset.ts';
import { phantomClassNames } from '../../src/dataset/phantom/generate.ts';
import { casesOf, type Dataset, SPLIT_NAMES } from '../../src/dataset/types.ts';
import { rleArea } from '../../src/masks/rle.ts';
import { sharedPath } from '../shared.ts';
import { CLASSES, editCoco, mergeIntoOneFolder, SIZE, usePhantomFolder, write } from './folders.ts';

const folder = usePhantomFolder();
const open = (settings: object = {}) => openDataset({ root: folder.path, ...settings });
const counts = (dataset: Dataset) => SPLIT_NAMES.map((split) => casesOf(dataset, split).length);
const idsOf = (dataset: Dataset, split: (typeof SPLIT_NAMES)[number]) =>
  casesOf(dataset, split).map((item) => item.id);

describe('a folder per split', () => {
  it('is found by name', async () => {
    const dataset = await open();
    expect(counts(dataset)).toEqual([4, 3, 2, 3]);
    expect(dataset.classes).toEqual(phantomClassNames(CLASSES));
    expect(dataset.mirroredPairs).toBeUndefined();
    for (const item of dataset.cases) {
      expect(item.size).toEqual(SIZE);
      expect(item.structures === undefined).toBe(item.split === 'unlabelled');
      expect(item.imagePath).toBe(folder.in(item.split, 'images', `${item.id}.png`));
    }
    expect(rleArea(dataset.cases[0]!.structures![0]!.rle)).toBeGreaterThan(20);
  });

  it('may be called train and valid, with the images beside the annotation file', async () => {
    await rename(folder.in('labelled'), folder.in('train'));
    await rename(folder.in('val'), folder.in('valid'));
    for (const name of await readdir(folder.in('train', 'images'))) {
      await rename(folder.in('train', 'images', name), folder.in('train', name));
    }
    await rm(folder.in('train', 'images'), { recursive: true });
    expect(counts(await open())).toEqual([4, 3, 2, 3]);
  });

  it('is not read where it holds folders, pipes or sockets in place of images', async () => {
    await mkdir(folder.in('unlabelled', 'images', 'folder.png'));
    const server = createServer().listen(folder.in('unlabelled', 'images', 'socket.png'));
    try {
      await once(server, 'listening');
      expect(counts(await open())).toEqual([4, 3, 2, 3]);
    } finally {
      server.close();
    }
  });

  it('is left alone where its split is not asked for', async () => {
    const whole = await open();
    for (const split of ['val', 'test'] as const)
      await write(folder.in(split, 'annotations.json'), 'no JSON');
    const dataset = await openDataset({ root: folder.path }, ['labelled', 'unlabelled']);
    expect(dataset).toEqual({
      ...whole,
      cases: [...casesOf(whole, 'labelled'), ...casesOf(whole, 'unlabelled')],
    });
    await expect(open()).rejects.toThrow(AnnotationError);
  });

  it('that is empty is to be removed', async () => {
    await rm(folder.in('val'), { recursive: true });
    await mkdir(folder.in('val'));
    await expect(open()).rejects.toMatchObject({
      name: 'DatasetError',
      seen: expect.stringContaining('neither images nor annotations'),
    });
  });

  it('keeps the order of the annotation file, not of the names', async () => {
    const before = idsOf(await open(), 'labelled');
    await editCoco(folder.in('labelled', 'annotations.json'), (file) => file.images.reverse());
    expect(idsOf(await open(), 'labelled')).toEqual(before.reverse());
  });

  it('takes the first labelled images when limited', async () => {
    const all = idsOf(await open(), 'labelled');
    const limited = await open({ limit: 2 });
    expect(idsOf(limited, 'labelled')).toEqual(all.slice(0, 2));
    expect(counts(limited)).toEqual([2, 3, 2, 3]);
    await expect(open({ limit: 5 })).rejects.toThrow(ConfigError);
  });

  it('may be named in the settings', async () => {
    await rename(folder.in('labelled'), folder.in('mine'));
    const dataset = await open({
      splits: {
        labelled: { images: 'mine/images', annotations: 'mine/annotations.json' },
        val: {},
        unlabelled: { images: 'test/images' },
      },
    });
    expect(counts(dataset)).toEqual([4, 3, 0, 2]);
    expect(casesOf(dataset, 'unlabelled')[0]!.structures).toBeUndefined();
  });

  it('is opened with the classes of the settings, in their order', async () => {
    const classes = phantomClassNames(CLASSES).reverse();
    const dataset = await open({ classes });
    const usual = await open();
    expect(dataset.classes).toEqual(classes);
    const ulna = (set: Dataset) =>
      set.cases[0]!.structures!.find((item) => item.classIndex === set.classes.indexOf('ulna'))!.rle;
    expect(ulna(dataset)).toEqual(ulna(usual));
  });

  it.each([
    ['one folder per image with a PNG per class', classMasks],
    ['one label map per image', labelMapPng],
    ['one NIfTI file per image', labelMapNifti],
    ['one labelme file per image', labelme],
  ])('may have label images: %s', async (_, format) => {
    const usual = await open();
    const path = folder.in('labelled', 'annotations.json');
    const set = await coco.read(path);
    const oneClass = (image: AnnotatedImage) => ({ ...image, structures: image.structures.slice(0, 1) });
    // Label maps hold no overlaps.
    const kept = format.holds.overlaps ? set : { ...set, images: set.images.map(oneClass) };
    await rm(path);
    await format.write(folder.in('labelled', 'labels'), kept);
    const dataset = await open();
    expect(dataset.classes).toEqual(usual.classes);
    expect(counts(dataset)).toEqual([4, 3, 2, 3]);
    expect(casesOf(dataset, 'labelled').map((item) => item.imagePath)).toEqual(
      casesOf(usual, 'labelled').map((item) => item.imagePath),
    );
    expect(casesOf(dataset, 'labelled').map((item) => item.structures)).toEqual(
      kept.images.map((image) => image.structures),
    );
  });

  it('may number the classes of its label maps in an order of its own', async () => {
    const path = folder.in('test', 'annotations.json');
    const { classes, images } = await coco.read(path);
    const one = images.map((image) => ({ ...image, structures: image.structures.slice(0, 1) }));
    const renumbered = one.map((image) => ({
      ...image,
      structures: image.structures.map((item) => ({
        ...item,
        classIndex: classes.length - 1 - item.classIndex,
      })),
    }));
    await rm(path);
    await labelMapPng.write(folder.in('test', 'masks'), {
      classes: classes.toReversed(),
      images: renumbered,
    });
    expect(casesOf(await open(), 'test').map((item) => item.structures)).toEqual(
      one.map((image) => image.structures),
    );
  });
});

describe('one folder', () => {
  it('is split at random with a seed; images without annotations are the pool', async () => {
    await mergeIntoOneFolder(folder.path);
    const fractions = { val: 0.25, test: 0.25 };
    const dataset = await open({ fractions });
    expect(counts(dataset)).toEqual([2, 1, 1, 3]);
    expect(await open({ fractions })).toEqual(dataset);
    const seeds = await Promise.all([1, 2, 3, 4, 5, 6].map((seed) => open({ fractions, seed })));
    expect(new Set(seeds.map((other) => idsOf(other, 'val').join())).size).toBeGreaterThan(1);
    expect(counts(await open({ fractions: { val: 0, test: 0 } }))).toEqual([4, 0, 0, 3]);
  });

  it('takes an image that is listed without a structure for unlabelled', async () => {
    await mergeIntoOneFolder(folder.path);
    await editCoco(folder.in('annotations.json'), (file) => {
      file.annotations = file.annotations.filter((annotation) => annotation.image_id !== 1);
    });
    expect(counts(await open({ fractions: { val: 0, test: 0 } }))).toEqual([3, 0, 0, 4]);
  });

  it('is split by list files', async () => {
    await mergeIntoOneFolder(folder.path);
    await write(folder.in('splits', 'val.txt'), '# chosen by hand\nphantom-0002.png\n\n');
    await write(folder.in('splits', 'test.txt'), 'phantom-0001\r\nimages/phantom-0004.png\r\n');
    const dataset = await open();
    expect(idsOf(dataset, 'val')).toEqual(['phantom-0002']);
    expect(idsOf(dataset, 'test')).toEqual(['phantom-0001', 'phantom-0004']);
    expect(idsOf(dataset, 'labelled')).toEqual(['phantom-0003']);
    await write(folder.in('splits', 'train.txt'), 'phantom-0010.png\n');
    const listed = await open();
    expect(idsOf(listed, 'labelled')).toEqual(['phantom-0010']);
    expect(idsOf(listed, 'unlabelled')).toContain('phantom-0003');
    expect(listed.cases.filter((item) => item.split === 'unlabelled' && item.structures)).toEqual([]);
  });

  it('may lie flat, or where the settings say', async () => {
    await mergeIntoOneFolder(folder.path);
    await rename(folder.in('images'), folder.in('pictures'));
    expect(counts(await open({ images: 'pictures', fractions: { val: 0, test: 0 } }))).toEqual([4, 0, 0, 3]);
    for (const name of await readdir(folder.in('pictures'))) {
      await rename(folder.in('pictures', name), folder.in(name));
    }
    expect(counts(await open({ fractions: { val: 0, test: 0 } }))).toEqual([4, 0, 0, 3]);
  });
});

describe('mirrored pairs', () => {
  it('are given by name', async () => {
    expect((await open({ mirroredPairs: [['ulna', 'radius_epiphysis']] })).mirroredPairs).toEqual([[1, 2]]);
    expect((await open({ mirroredPairs: [] })).mirroredPairs).toEqual([]);
  });

  it.each([
    [[['ulna', 'radus']], /radus.*Did you mean radius/],
    [[['ulna', 'ulna']], /in it twice/],
  ])('refuses %j', async (mirroredPairs, message) => {
    await expect(open({ mirroredPairs })).rejects.toThrow(ConfigError);
    await expect(open({ mirroredPairs })).rejects.toThrow(message);
  });
});

describe('what cannot be opened', () => {
  it('names the folder that does not exist', async () => {
    await expect(open({ root: folder.in('nowhere') })).rejects.toThrow(DatasetError);
    await expect(open({ root: folder.in('nowhere') })).rejects.toThrow(/nowhere.*does not exist/);
  });

  it('names the folder without images', async () => {
    await mkdir(folder.in('empty'));
    await expect(open({ root: folder.in('empty') })).rejects.toThrow(/no image in .*empty/);
  });

  it('asks for annotations', async () => {
    await rm(folder.in('val', 'annotations.json'));
    await expect(open()).rejects.toThrow(DatasetError);
    await expect(open()).rejects.toThrow(/no annotations for the images in .*val/);
  });

  it('says with which command the first labels are drawn', async () => {
    const label = (path: string) => expect.stringContaining(`\`packmule label ${path}\``);
    await rm(folder.in('labelled', 'annotations.json'));
    await expect(open()).rejects.toMatchObject({ fix: label(folder.in('labelled')) });
    for (const split of ['labelled', 'val', 'test']) await rm(folder.in(split), { recursive: true });
    await expect(open()).rejects.toMatchObject({ fix: label(folder.in('unlabelled')) });
    const bare = folder.in('my radiographs');
    await rename(folder.in('unlabelled'), bare);
    await expect(open({ root: bare })).rejects.toMatchObject({ fix: label(`'${bare}'`) });
  });

  it('refuses an empty label folder', async () => {
    await rm(folder.in('labelled', 'annotations.json'));
    await mkdir(folder.in('labelled', 'labels'));
    await expect(open()).rejects.toThrow(/labels/);
    await expect(open()).rejects.toSatisfy((e) => e instanceof DatasetError || e instanceof AnnotationError);
  });

  it('refuses annotations without a single structure', async () => {
    await editCoco(folder.in('test', 'annotations.json'), (file) => {
      file.annotations = [];
    });
    await expect(open()).rejects.toThrow(DatasetError);
    await expect(open()).rejects.toThrow(/test.annotations\.json annotates 2 images with no structure/);
  });

  it('asks which of two annotation files is meant', async () => {
    await rename(folder.in('val', 'annotations.json'), folder.in('val', 'a.json'));
    await write(folder.in('val', 'b.json'), '{}');
    await expect(open()).rejects.toThrow(/several annotation files: .*a\.json, .*b\.json/);
    await write(folder.in('val', 'annotations.json'), '{}');
    await expect(open()).rejects.toThrow(AnnotationError);
  });

  it('asks which of two folders is meant', async () => {
    await mkdir(folder.in('train'));
    await expect(open()).rejects.toThrow(/several folders for the split labelled/);
  });

  it('refuses a class of val that labelled does not know', async () => {
    await editCoco(folder.in('val', 'annotations.json'), (file) => {
      file.categories[1]!.name = 'ulnar';
    });
    await expect(open()).rejects.toThrow(AnnotationError);
    await expect(open()).rejects.toThrow(/"ulnar".*"ulna"/);
  });

  it('refuses a COCO file with a billion-pixel image, and run lengths that overrun', async () => {
    await editCoco(folder.in('val', 'annotations.json'), (file) => {
      file.images[0]!.width = 1e6;
      file.images[0]!.height = 1e6;
    });
    await expect(open()).rejects.toThrow(AnnotationError);
    await editCoco(folder.in('val', 'annotations.json'), (file) => {
      file.images[0]!.width = SIZE.width;
      file.images[0]!.height = SIZE.height;
      file.annotations[0]!.segmentation.counts = [10, 1e9];
    });
    await expect(open()).rejects.toThrow(AnnotationError);
    await expect(open()).rejects.toThrow(/overrun/);
  });

  it('refuses list files that name unknown images or one image twice', async () => {
    await mergeIntoOneFolder(folder.path);
    await write(folder.in('splits', 'val.txt'), 'phantom-002.png\n');
    await expect(open()).rejects.toThrow(/val\.txt lists phantom-002\.png.*Did you mean phantom-000\d\.png/);
    await write(folder.in('splits', 'val.txt'), 'phantom-0002.png\n');
    await write(folder.in('splits', 'test.txt'), 'phantom-0002.png\n');
    await expect(open()).rejects.toThrow(/phantom-0002\.png is in the lists of val and test/);
  });

  it.each([
    [{ seeed: 1 }, /seeed/],
    [{ fractions: { val: 0.6, test: 0.5 } }, /leave nothing/],
    [{ limit: 0 }, /limit/],
  ])('refuses the settings %j', async (settings, message) => {
    await expect(open(settings)).rejects.toThrow(ConfigError);
    await expect(open(settings)).rejects.toThrow(message);
  });
});

describe('the teeth', () => {
  const teeth = sharedPath('data', 'teeth');
  it.skipIf(teeth === undefined)('are found (skipped where the reference data is absent)', async () => {
    const dataset = await openDataset({ root: teeth! });
    expect(counts(dataset)).toEqual([45, 40, 80, 180]);
    expect(dataset.classes.length).toBe(32);
    expect(dataset.cases[0]!.structures!.length).toBe(32);
    expect(dataset.cases[344]!.size).toEqual({ height: 512, width: 904 });
  });
});
