import { copyFile, readFile, rename, rm, truncate, utimes } from 'node:fs/promises';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { DatasetError } from '../../src/base/errors.ts';
import { hashFile } from '../../src/base/hash.ts';
import { type CheckOptions, checkDataset, soundToken } from '../../src/dataset/check.ts';
import { openDataset } from '../../src/dataset/dataset.ts';
import { casesOf } from '../../src/dataset/types.ts';
import { readCase } from '../../src/dataset/view.ts';
import { encodeRle } from '../../src/masks/rle.ts';
import { editCoco, SIZE, usePhantomFolder, write } from './folders.ts';

const folder = usePhantomFolder();
const check = async (options: CheckOptions = {}) =>
  checkDataset(await openDataset({ root: folder.path }), options);
const image = (split: string, number: number) =>
  folder.in(split, 'images', `phantom-${String(number).padStart(4, '0')}.png`);

describe('a sound data set', () => {
  it('passes, with the content hash of each image', async () => {
    const seen: [number, number][] = [];
    const dataset = await openDataset({ root: folder.path });
    const checked = await checkDataset(dataset, { onProgress: (done, total) => seen.push([done, total]) });
    expect(checked.problems).toEqual([]);
    const cases = checked.dataset.cases.map(({ fileHash: _, ...item }) => item);
    expect({ ...checked.dataset, cases }).toEqual(dataset);
    expect(checked.doubts).toEqual([]);
    expect(checked.imageHashes.size).toBe(12);
    expect(checked.imageHashes.get('phantom-0001')).toMatch(/^[0-9a-f]{64}$/);
    expect(seen).toEqual(Array.from({ length: 12 }, (_, i) => [i + 1, 12]));
  });

  it('has a fingerprint that changes with masks and pixels, and not with the place', async () => {
    const { fingerprint } = await check();
    const moved = `${folder.path}-moved`;
    await rename(folder.path, moved);
    const elsewhere = await checkDataset(await openDataset({ root: moved }));
    await rename(moved, folder.path);
    expect(elsewhere.fingerprint).toBe(fingerprint);
    await editCoco(folder.in('val', 'annotations.json'), (file) => file.annotations.pop());
    const fewerMasks = (await check()).fingerprint;
    expect(fewerMasks).not.toBe(fingerprint);
    await copyFile(image('unlabelled', 10), image('unlabelled', 11));
    expect((await check()).fingerprint).not.toBe(fewerMasks);
  });

  it('is told of image by image, each by what stands for it alone', async () => {
    const tokens: string[] = [];
    await check({ onSound: (token) => tokens.push(token) });
    expect(new Set(tokens).size).toBe(12);
    await copyFile(image('unlabelled', 10), image('unlabelled', 11));
    const later: string[] = [];
    await check({ onSound: (token) => later.push(token) });
    expect(later.filter((token) => !tokens.includes(token))).toHaveLength(1);
  });

  it('is not decoded again where its images are known to be sound', async () => {
    await write(image('unlabelled', 10), 'no picture');
    const { cases } = await openDataset({ root: folder.path });
    const damaged = cases.find(({ imagePath }) => imagePath === image('unlabelled', 10))!;
    const token = soundToken(damaged, await hashFile(damaged.imagePath));
    expect((await check({ sound: new Set([token]) })).problems).toEqual([]);
    // Whatever stands for another image, or for the image as it was, does not help.
    const other = soundToken(damaged, await hashFile(image('unlabelled', 11)));
    await expect(check({ sound: new Set([other]) })).rejects.toThrow(DatasetError);
  });

  it('stops when aborted', async () => {
    await expect(check({ signal: AbortSignal.abort(new Error('stopped by hand')) })).rejects.toThrow(
      'stopped by hand',
    );
  });
});

describe('a bad case is named, or skipped', () => {
  const bad: readonly [name: string, make: () => Promise<unknown>, kind: string, file: string][] = [
    ['a truncated image', () => truncate(image('labelled', 2), 600), 'unreadable-image', 'phantom-0002.png'],
    ['an empty file', () => truncate(image('unlabelled', 10), 0), 'unreadable-image', 'phantom-0010.png'],
    ['a text file', () => write(image('test', 8), 'not a picture'), 'unreadable-image', 'phantom-0008.png'],
    ['a missing image', () => rm(image('val', 5)), 'missing-image', 'phantom-0005.png'],
    [
      'an image of another size',
      () =>
        sharp({ create: { ...SIZE, height: 50, channels: 3, background: '#777' } }).toFile(
          image('labelled', 1),
        ),
      'wrong-size',
      'phantom-0001.png',
    ],
    [
      'an image without annotation',
      () =>
        editCoco(folder.in('labelled', 'annotations.json'), (file) => {
          file.images = file.images.filter(({ id }) => id !== 3);
          file.annotations = file.annotations.filter((annotation) => annotation.image_id !== 3);
        }),
      'not-annotated',
      'phantom-0003.png',
    ],
    [
      'an empty mask',
      () =>
        editCoco(folder.in('labelled', 'annotations.json'), (file) => {
          file.annotations[0]!.segmentation.counts = [SIZE.height * SIZE.width];
        }),
      'bad-mask',
      'phantom-0001.png',
    ],
    [
      'a name that is there twice',
      () => rename(image('unlabelled', 11), folder.in('unlabelled', 'images', 'phantom-0001.png')),
      'duplicate-name',
      'phantom-0001',
    ],
    [
      'a test image among the unlabelled',
      () => copyFile(image('test', 9), folder.in('unlabelled', 'images', 'copy.png')),
      'duplicate-image',
      'copy.png',
    ],
  ];

  it.each(bad)('%s', async (_, make, kind, file) => {
    await make();
    const total = (await openDataset({ root: folder.path })).cases.length;
    const failure = await check().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(DatasetError);
    expect((failure as DatasetError).message).toContain(`1 of ${total} images have problems`);
    expect((failure as DatasetError).seen).toContain(file);
    expect((failure as DatasetError).fix).toContain('--skip-bad');
    const { dataset, problems, imageHashes } = await check({ skipBad: true });
    expect(problems.map((problem) => problem.kind)).toEqual([kind]);
    expect(dataset.cases.length).toBe(total - 1);
    expect(imageHashes.size).toBe(total - 1);
    expect(dataset.cases.map((item) => item.imagePath)).not.toContain(problems[0]!.imagePath);
  });

  it('a picture whose header claims a billion pixels is refused without decoding', async () => {
    const bytes = await readFile(image('unlabelled', 12));
    new DataView(bytes.buffer, bytes.byteOffset).setUint32(16, 40_000);
    new DataView(bytes.buffer, bytes.byteOffset).setUint32(20, 40_000);
    await write(image('unlabelled', 12), bytes);
    const { problems } = await check({ skipBad: true });
    expect(problems.map((problem) => problem.kind)).toEqual(['unreadable-image']);
  });

  it('a mask of another size than its image', async () => {
    const dataset = await openDataset({ root: folder.path });
    const rle = encodeRle({ height: 2, width: 2, data: Uint8Array.of(1, 1, 0, 0) });
    const [first, ...others] = dataset.cases;
    const changed = { ...dataset, cases: [{ ...first!, structures: [{ classIndex: 0, rle }] }, ...others] };
    await expect(checkDataset(changed)).rejects.toThrow(/the mask of radius is 2 x 2 pixels, not 40 x 48/);
  });
});

describe('an image that may be damaged', () => {
  it('is used, and said to be in doubt: libjpeg fills gaps in a scan with grey', async () => {
    const path = folder.in('unlabelled', 'images', 'gap.jpg');
    const whole = await sharp(image('unlabelled', 10)).jpeg({ quality: 95 }).toBuffer();
    const scan = whole.indexOf(Buffer.of(0xff, 0xda)) + 40;
    await write(path, Buffer.concat([whole.subarray(0, scan), whole.subarray(scan + 60)]));
    const { problems, doubts, dataset } = await check();
    expect(problems).toEqual([]);
    expect(doubts).toEqual([
      {
        message: expect.stringMatching(/gap\.jpg may be damaged: parts of its JPEG data/),
        publicMessage: expect.stringMatching(/^gap\.jpg may be damaged/),
      },
    ]);
    expect(dataset.cases.map(({ name }) => name)).toContain('gap.jpg');
  });
});

describe('an image that changes after it was checked', () => {
  it('is an error where it is read, and one that is only touched is not', async () => {
    const { dataset } = await check();
    const item = dataset.cases.find(({ imagePath }) => imagePath === image('unlabelled', 10))!;
    await utimes(item.imagePath, 0, 0);
    await expect(readCase(item)).resolves.toMatchObject(SIZE);
    await copyFile(image('unlabelled', 11), item.imagePath);
    await expect(readCase(item)).rejects.toMatchObject({
      name: 'DatasetError',
      seen: `${item.imagePath} was replaced or changed while the run was working`,
    });
  });
});

describe('many bad cases', () => {
  it('are shown together', async () => {
    await truncate(image('labelled', 2), 600);
    await rm(image('val', 5));
    await truncate(image('unlabelled', 10), 0);
    const failure = await check().catch((error: unknown) => error);
    expect((failure as DatasetError).seen).toMatch(/^3 of 12 images have problems/);
    for (const name of ['phantom-0002', 'phantom-0005', 'phantom-0010']) {
      expect((failure as DatasetError).seen).toContain(name);
    }
  });

  it('are at most twenty lines', async () => {
    for (let i = 0; i < 30; i++) await write(folder.in('unlabelled', 'images', `bad-${i}.png`), '');
    const { message } = (await check().catch((error: unknown) => error)) as DatasetError;
    expect(message.match(/^- .*is empty/gm)?.length).toBe(20);
    expect(message).toContain('and 10 more');
  });

  it('are not skipped when they are more than half of a split', async () => {
    await truncate(image('val', 5), 0);
    const one = await check({ skipBad: true });
    expect(casesOf(one.dataset, 'val').length).toBe(2);
    await truncate(image('val', 6), 0);
    await expect(check({ skipBad: true })).rejects.toThrow(DatasetError);
    await expect(check({ skipBad: true })).rejects.toThrow(/2 of 3 images of val/);
  });
});
