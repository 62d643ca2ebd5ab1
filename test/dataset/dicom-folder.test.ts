import { copyFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkDataset } from '../../src/dataset/check.ts';
import type { DataConfigInput } from '../../src/dataset/config.ts';
import { openDataset } from '../../src/dataset/dataset.ts';
import { inspectFolder } from '../../src/dataset/inspect.ts';
import { openLabelFolder } from '../../src/dataset/label-folder.ts';
import { type Case, casesOf } from '../../src/dataset/types.ts';
import { readCase } from '../../src/dataset/view.ts';
import { readImage } from '../../src/imaging/read.ts';
import { decodeRle } from '../../src/masks/rle.ts';
import { dicomDirectory, dicomFile, greyTags, type Tags } from '../../tools/fuzz/dicom-files.ts';
import { editCoco, SIZE, usePhantomFolder, write } from './folders.ts';

const folder = usePhantomFolder();
const before = process.env.PACKMULE_HOME;
beforeEach(() => {
  process.env.PACKMULE_HOME = folder.in('home');
});
afterEach(() => {
  if (before === undefined) delete process.env.PACKMULE_HOME;
  else process.env.PACKMULE_HOME = before;
});

const open = (settings: Partial<DataConfigInput> = {}) => openDataset({ root: folder.path, ...settings });

/** Writes every PNG of a split as a DICOM file; `nameOf` and `tagsOf` by its place. */
async function convert(
  split: string,
  nameOf: (stem: string, i: number) => string,
  tagsOf: (i: number) => Tags = () => ({}),
): Promise<void> {
  const images = folder.in(split, 'images');
  for (const [i, file] of (await readdir(images)).sort().entries()) {
    const { height, width, data } = await readImage(join(images, file));
    const tags = { '00080018': `1.2.3.${split.length}.${i}`, '00100010': 'DOE^JANE', ...tagsOf(i) };
    const window = { '00281050': '127.5', '00281051': '255', '00281056': 'LINEAR_EXACT' };
    await rm(join(images, file));
    await write(
      join(images, nameOf(file.replace('.png', ''), i)),
      dicomFile(greyTags(height, width, data as Uint8Array, { ...window, ...tags })),
    );
  }
}

describe('DICOM files in the place of pictures', () => {
  it('are found whatever they are called, and are the same images', async () => {
    const pictures = await open();
    await convert('unlabelled', (_, i) => ['IM0001', '1.2.840.113619.2.5', 'scan.dcm'][i]!);
    await convert(
      'labelled',
      (stem) => `${stem}.dcm`,
      () => ({ '00280030': '0.2\\0.1' }),
    );
    await write(folder.in('unlabelled', 'images', 'README'), 'not an image');
    const dataset = await open();
    expect(casesOf(dataset, 'unlabelled')).toHaveLength(3);
    const [labelled] = casesOf(dataset, 'labelled');
    const [picture] = casesOf(pictures, 'labelled');
    expect(labelled!.structures).toEqual(picture!.structures);
    expect(labelled!.spacingMm).toEqual([0.2, 0.1]);
    const image = await readCase(labelled!);
    const { problems } = await checkDataset(dataset);
    expect([image.width, image.height, problems]).toEqual([SIZE.width, SIZE.height, []]);
  });

  it('are called by hashes under a secret that nobody else may read', async () => {
    await convert('unlabelled', (_, i) => `DOE_JANE_${i}.dcm`);
    const dataset = await open();
    const hashed = casesOf(dataset, 'unlabelled');
    for (const { id, name } of hashed)
      expect([id, name]).toEqual([name, expect.stringMatching(/^[0-9a-f]{16}$/)]);
    expect(casesOf(dataset, 'val')[0]!.name).toBe('phantom-0005.png');
    const secret = folder.in('home', 'id-secret');
    expect((await stat(secret)).mode & 0o777).toBe(0o600);
    // The name is that of the picture and not of its file.
    await copyFile(hashed[0]!.imagePath, folder.in('unlabelled', 'images', 'A.dcm'));
    await rm(hashed[0]!.imagePath);
    expect(
      casesOf(await open(), 'unlabelled')
        .map(({ id }) => id)
        .sort(),
    ).toEqual(hashed.map(({ id }) => id).sort());
    await rm(secret);
    expect(casesOf(await open(), 'unlabelled').map(({ id }) => id)).not.toContain(hashed[0]!.id);
    await writeFile(secret, 'short');
    await expect(open()).rejects.toThrow(/id-secret is not to be read/);
    const named = casesOf(await open({ ids: 'names' }), 'unlabelled');
    expect(named.map(({ name }) => name)).toEqual(['A.dcm', 'DOE_JANE_1.dcm', 'DOE_JANE_2.dcm']);
  });

  it('keep their secret in problems that are passed on, and show the file to who is there', async () => {
    await convert('unlabelled', (_, i) => `DOE_JANE_${i}.dcm`);
    await writeFile(folder.in('unlabelled', 'images', 'DOE_JANE_1.dcm'), 'damaged');
    const { problems } = await checkDataset(await open(), { skipBad: true });
    expect(problems).toHaveLength(1);
    expect(problems[0]!.message).toMatch(/DOE_JANE_1\.dcm is no image file/);
    expect(problems[0]!.publicMessage).toMatch(/^[0-9a-f]{16} is no image file/);
  });

  it('lie among reports, which are left out and counted, and among pictures cut off, which are not', async () => {
    await convert('unlabelled', (_, i) => `IM${i}`);
    const report = { '00080060': 'SR', '0040A040': 'CONTAINER' };
    await write(folder.in('unlabelled', 'images', 'SR0001'), dicomFile(report));
    await write(folder.in('labelled', 'images', 'dose.dcm'), dicomFile(report));
    const { recognised } = await inspectFolder(folder.path);
    expect(recognised).toContain(
      '2 of the files are DICOM without a picture, such as a report, and left out.',
    );
    const dataset = await open();
    expect([dataset.cases.length, (await checkDataset(dataset)).problems]).toEqual([12, []]);
    const cut = { '00080060': 'CR', '00280010': [SIZE.height], '00280011': [SIZE.width] };
    await write(folder.in('unlabelled', 'images', 'IM9'), dicomFile(cut));
    await expect(checkDataset(await open())).rejects.toThrow(
      /IM9 cannot be decoded \(its pixels are missing/,
    );
  });

  it('are needed: reports alone are no images', async () => {
    const only = folder.in('reports');
    await write(join(only, 'SR1.dcm'), dicomFile({ '0040A040': 'CONTAINER' }));
    await expect(openDataset({ root: only })).rejects.toThrow(/reports holds neither images nor annotations/);
    await expect(openLabelFolder({ root: only })).rejects.toThrow(/reports holds no image/);
  });

  it('are told of by a look at the folder', async () => {
    await convert('unlabelled', (stem) => `${stem}.dcm`);
    const { recognised, counts } = await inspectFolder(folder.path);
    expect(counts.unlabelled).toBe(3);
    expect(recognised).toContainEqual(expect.stringContaining('Results call 3 images by salted hashes'));
  });

  it('may be annotated by the names that results give them', async () => {
    await convert('labelled', (stem) => `${stem}.dcm`);
    const [first] = casesOf(await open(), 'labelled');
    await editCoco(folder.in('labelled', 'annotations.json'), (file) => {
      file.images[0]!.file_name = first!.name;
    });
    expect(casesOf(await open(), 'labelled')[0]).toEqual(first);
  });
});

describe('labels that call images by the hashes of another account', () => {
  beforeEach(async () => {
    await convert('labelled', (stem) => `${stem}.dcm`);
    const labelled = casesOf(await open(), 'labelled');
    await editCoco(folder.in('labelled', 'annotations.json'), (file) => {
      for (const [i, image] of file.images.entries()) image.file_name = labelled[i]!.name;
    });
  });
  const refusal = {
    name: 'DatasetError',
    seen: expect.stringMatching(
      /annotations\.json calls images by hashes, such as [0-9a-f]{16}, and no image/,
    ),
    fix: expect.stringContaining('id-secret from there to '),
  };

  it('are refused by whoever reads them, with the place for the secret', async () => {
    process.env.PACKMULE_HOME = folder.in('other');
    await expect(open()).rejects.toMatchObject(refusal);
    await expect(openLabelFolder({ root: folder.in('labelled') })).rejects.toMatchObject(refusal);
    await expect(open()).rejects.toThrow(folder.in('other', 'id-secret'));
    await copyFile(folder.in('home', 'id-secret'), folder.in('other', 'id-secret'));
    await checkDataset(await open());
  });

  it('are of images that are gone, where others have theirs', async () => {
    await rm(folder.in('labelled', 'images', 'phantom-0002.dcm'));
    const { problems } = await checkDataset(await open(), { skipBad: true });
    expect(problems.map(({ message }) => message)).toEqual([
      expect.stringMatching(/is annotated but does not exist \(a hash, of an image that is gone or/),
    ]);
  });
});

describe('files of several images', () => {
  it('are as many cases, each with its own frame and name', async () => {
    const data = Uint8Array.from({ length: 3 * SIZE.height * SIZE.width }, (_, i) =>
      Math.floor(i / (SIZE.height * SIZE.width)),
    );
    const tags = { '00280008': '3', '00281050': '127.5', '00281051': '255', '00281056': 'LINEAR_EXACT' };
    await write(
      folder.in('unlabelled', 'images', 'run.dcm'),
      dicomFile(greyTags(SIZE.height, SIZE.width, data, tags)),
    );
    const dataset = await open({ ids: 'names' });
    const frames = casesOf(dataset, 'unlabelled').filter(({ name }) => name.startsWith('run'));
    expect(frames.map(({ id, name, view }) => [id, name, view])).toEqual([
      ['run#1', 'run#1.dcm', { frame: 0 }],
      ['run#2', 'run#2.dcm', { frame: 1 }],
      ['run#3', 'run#3.dcm', { frame: 2 }],
    ]);
    const images = await Promise.all(frames.map((item) => readCase(item)));
    expect(images.map(({ data: [first] }) => first)).toEqual([0, 1, 2]);
    const { imageHashes } = await checkDataset(dataset);
    expect(new Set(frames.map(({ id }) => imageHashes.get(id))).size).toBe(3);
    expect(new Set(casesOf(await open(), 'unlabelled').map(({ id }) => id)).size).toBe(6);
  });
});

describe('a DICOMDIR', () => {
  it('says which files are the images, and no others are', async () => {
    await convert('unlabelled', (_, i) => `IMAGES/IM${i}`);
    await write(folder.in('unlabelled', 'images', 'other.png'), '');
    await write(folder.in('unlabelled', 'images', 'DICOMDIR'), dicomDirectory('IMAGES\\IM2', 'IMAGES\\IM0'));
    const cases = casesOf(await open({ ids: 'names' }), 'unlabelled');
    expect(cases.map(({ id, name }) => [id, name])).toEqual([
      ['IMAGES-IM2', 'IMAGES/IM2'],
      ['IMAGES-IM0', 'IMAGES/IM0'],
    ]);
    expect((await readCase(cases[0]!)).width).toBe(SIZE.width);
  });

  it('that is damaged, or leads outside of its folder, is named', async () => {
    const path = folder.in('unlabelled', 'images', 'DICOMDIR');
    await write(path, dicomDirectory('..\\SECRET'));
    await expect(open()).rejects.toThrow(/DICOMDIR cannot be decoded \(it lists the file \.\.\/SECRET\)/);
    await write(path, 'text');
    await expect(open()).rejects.toThrow(/DICOMDIR cannot be decoded/);
  });
});

describe('one side', () => {
  /** Pixels of a case and of its first mask, row by row. */
  const seen = async (item: Case) => {
    const { data } = await readCase(item);
    return { image: rows(data), mask: rows(decodeRle(item.structures![0]!.rle).data) };
  };
  const rows = (data: ArrayLike<number>) =>
    Array.from({ length: SIZE.height }, (_, y) =>
      Array.from({ length: SIZE.width }, (_value, x) => data[y * SIZE.width + x]!),
    );
  const mirrored = (lines: number[][]) => lines.map((line) => line.toReversed());

  async function expectTurned(settings: Partial<DataConfigInput>, right: readonly number[]): Promise<void> {
    const [plain, turned] = [await open({ ids: 'names' }), await open({ ids: 'names', ...settings })];
    for (const [i, item] of casesOf(plain, 'labelled').entries()) {
      const [asFiled, asTrained] = [await seen(item), await seen(casesOf(turned, 'labelled')[i]!)];
      if (right.includes(i)) {
        expect(asTrained.image).toEqual(mirrored(asFiled.image));
        expect(asTrained.mask).toEqual(mirrored(asFiled.mask));
      } else expect(asTrained).toEqual(asFiled);
    }
  }

  it('by the names of files', async () => {
    const rename = async (file: string, name: string): Promise<void> => {
      await copyFile(folder.in('labelled', 'images', file), folder.in('labelled', 'images', name));
      await rm(folder.in('labelled', 'images', file));
      await editCoco(folder.in('labelled', 'annotations.json'), (coco) => {
        coco.images.find(({ file_name }) => file_name === file)!.file_name = name;
      });
    };
    for (const i of [1, 2, 3, 4]) await rename(`phantom-000${i}.png`, `hand-${i % 2 ? 'L' : 'R'}-${i}.png`);
    await expectTurned({ laterality: { from: { pattern: '-(L|R)-' } } }, [1, 3]);
    await expectTurned({ laterality: { train: 'right', from: { pattern: '-(L|R)-' } } }, [0, 2]);
  });

  it('by a table', async () => {
    const table =
      'file;hand\r\nphantom-0001.png;left\r\n"phantom-0002";R\r\nphantom-0003.png;right\r\nphantom-0004.png;l\r\n';
    await write(folder.in('sides.csv'), table);
    const from = { csv: 'sides.csv', image: 'file', side: 'hand' };
    await expectTurned({ laterality: { from } }, [1, 2]);
    await expect(open({ laterality: { from: { csv: 'sides.csv' } } })).rejects.toThrow(
      /has the columns file, hand/,
    );
    await expect(open({ laterality: { from: { csv: 'none.csv' } } })).rejects.toThrow(
      /none\.csv cannot be read/,
    );
  });

  it('by the tags of DICOM', async () => {
    const sides = ['R', 'L', 'R', 'L'];
    await convert(
      'labelled',
      (stem) => `${stem}.dcm`,
      (i) => ({ '00200062': sides[i]! }),
    );
    await expectTurned({ laterality: { from: 'dicom' } }, [0, 2]);
  });

  it('that is not told is a problem of that image', async () => {
    await convert(
      'labelled',
      (stem) => `${stem}.dcm`,
      (i) => (i === 1 ? {} : { '00200060': 'L' }),
    );
    const settings: Partial<DataConfigInput> = {
      laterality: { from: 'dicom' },
      splits: { labelled: {} },
      ids: 'names',
    };
    const { problems } = await checkDataset(await open(settings), { skipBad: true });
    expect(problems.map(({ kind, message }) => [kind, message])).toEqual([
      ['unknown-side', expect.stringMatching(/phantom-0002\.dcm does not tell which side/)],
    ]);
  });

  it.each(['(L', 'L', '(L)(R)'])('a pattern like %s tells none', async (pattern) => {
    await expect(open({ laterality: { from: { pattern } } })).rejects.toThrow(
      /data\.laterality\.from\.pattern/,
    );
  });
});

describe('what is done to images before anything sees them', () => {
  it('boxes are black and the window is one’s own, and both change the hash', async () => {
    const plain = await open();
    const settings: Partial<DataConfigInput> = { blacken: [[0, 0, 9, 4]], window: { low: 50, high: 150 } };
    const dataset = await open(settings);
    const [from, to] = [casesOf(plain, 'val')[0]!, casesOf(dataset, 'val')[0]!];
    const [before, after] = [await readCase(from), await readCase(to)];
    const expected = Array.from(before.data, (value, i) => {
      const [x, y] = [i % SIZE.width, Math.floor(i / SIZE.width)];
      if (x <= 9 && y <= 4) return 0;
      return Math.round(255 * Math.min(1, Math.max(0, (value - 50) / 100)));
    });
    expect([...after.data]).toEqual(expected);
    const hash = async (opened: typeof plain) => (await checkDataset(opened)).imageHashes.get(from.id);
    expect(await hash(dataset)).not.toBe(await hash(plain));
  });

  it('percentiles are those of each image', async () => {
    const [item] = casesOf(await open({ window: { percentiles: [0, 100] } }), 'val');
    const { data } = await readCase(item!);
    expect([Math.min(...data), Math.max(...data)]).toEqual([0, 255]);
  });

  it.each<[Partial<DataConfigInput>, RegExp]>([
    [{ window: { low: 5, high: 5 } }, /low is below high/],
    [{ window: { percentiles: [90, 10] } }, /first percentile is below/],
    [{ blacken: [[5, 0, 4, 9]] }, /first corner is left of/],
  ])('%j is not possible', async (settings, message) => {
    await expect(open(settings)).rejects.toThrow(message);
  });
});
