/** @file From DICOM files to masks and back to an archive: `run`, `predict --images`, `convert --to dicom-seg`. */
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { readAnnotations } from '../../src/annotations/read.ts';
import type { AnnotatedImage } from '../../src/annotations/types.ts';
import { readImage } from '../../src/imaging/read.ts';
import { decodeRle } from '../../src/masks/rle.ts';
import { dicomFile, greyTags } from '../../tools/fuzz/dicom-files.ts';
import { masksOf, readSegmentation } from '../dicom/read-segmentation.ts';
import { TINY_SETTINGS, writeTinyData } from '../pipeline/tiny.ts';
import { type Ended, startCli, useSharedFolder } from './program.ts';

const inFolder = useSharedFolder();
const cli = (...args: string[]) => startCli(inFolder(), args, { PACKMULE_HOME: inFolder('home') }).ended;
const RADIOGRAPH = '1.2.840.10008.5.1.4.1.1.1';
/** The upper rows, as if text were burned into them. */
const BLACK = 10;

const uid = (number: string, what: string): string => `1.2.826.0.1.99999.${what}.${number}`;

/** phantom-7.png becomes DOE_JANE_7.dcm, and the same file archive/P7/ST0/IM0007. */
async function intoDicom(path: string): Promise<void> {
  const number = /\d+/.exec(basename(path))![0];
  const { height, width, data } = await readImage(path);
  const bytes = dicomFile(
    greyTags(
      height,
      width,
      (data as Uint8Array).map((value) => Math.max(value, 1)),
      {
        '00080016': RADIOGRAPH,
        '00080018': uid(number, '3'),
        '00100020': `PID${number}`,
        '0020000D': uid(number, '1'),
        '0020000E': uid(number, '2'),
      },
    ),
  );
  await rm(path);
  await writeFile(join(dirname(path), `DOE_JANE_${number}.dcm`), bytes);
  const folder = inFolder('archive', `P${number}`, 'ST0');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `IM${number.padStart(4, '0')}`), bytes);
}

/** The SOP Instance UIDs of the images by the names that results give them, as `packmule ids` tells. */
const uidsByName = new Map<string, Promise<Map<string, string>>>();

async function askForIds(ids: string): Promise<Map<string, string>> {
  const { stdout } = await cli('ids', 'data', '--set', `data.ids=${ids}`, '--json');
  const { images } = JSON.parse(stdout) as { images: { name: string; path: string }[] };
  return new Map(images.map(({ name, path }) => [name, uid(/(\d+)\.dcm$/.exec(path)![1]!, '3')]));
}

const succeeds = ({ code, stderr }: Ended): void =>
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });

/** Every image of the masks that shows something has its segmentation, which says what the masks say. */
async function expectSegmentations(masks: string, folder: string, ids = 'hashed'): Promise<void> {
  const { classes, images } = await readAnnotations(masks);
  const shown = images.filter(({ structures }) => structures.length > 0);
  expect(shown.length).toBeGreaterThan(0);
  const stem = ({ fileName }: AnnotatedImage): string => fileName.replace(/\.dcm$/, '');
  expect((await readdir(folder)).sort()).toEqual(shown.map((image) => `${stem(image)}.dcm`).sort());
  if (!uidsByName.has(ids)) uidsByName.set(ids, askForIds(ids));
  const uids = await uidsByName.get(ids)!;
  for (const image of shown) {
    const instance = uids.get(image.fileName)!;
    const number = instance.split('.').at(-1)!;
    const expected = image.structures.map(({ classIndex, rle }) => [
      classes[classIndex],
      decodeRle(rle).data,
    ]);
    const read = readSegmentation(await readFile(join(folder, `${stem(image)}.dcm`)));
    expect(masksOf(read)).toEqual(Object.fromEntries(expected));
    expect(read).toMatchObject({
      patientId: `PID${number}`,
      study: uid(number, '1'),
      series: uid(number, '2'),
      images: [instance, instance],
      sopClasses: [RADIOGRAPH, RADIOGRAPH],
      frame: undefined,
    });
  }
}

async function isBlackened(path: string): Promise<boolean> {
  const { width, data } = await readImage(path);
  return data.subarray(0, BLACK * width).every((value) => value === 0) && data.some((value) => value > 0);
}

beforeAll(async () => {
  await writeTinyData(inFolder('data'), { labelled: 4, val: 1, test: 1, unlabelled: 3 });
  const files = await readdir(inFolder('data'), { recursive: true });
  for (const file of files.filter((name) => name.endsWith('.png'))) await intoDicom(inFolder('data', file));
  for (const split of ['labelled', 'val', 'test']) {
    const path = inFolder('data', split, 'annotations.json');
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replaceAll(/phantom-(\d+)\.png/g, 'DOE_JANE_$1.dcm'));
  }
  const data = { root: 'data', blacken: [[0, 0, 63, BLACK - 1]] };
  await writeFile(inFolder('hashed.yaml'), stringify({ name: 'hashed', data, ...TINY_SETTINGS }));
  succeeds(await cli('run', 'hashed.yaml'));
}, 300_000);

describe('masks of a run on DICOM files', { timeout: 300_000 }, () => {
  it('become segmentations that refer to the files, found in the data set', async () => {
    const done = await cli('convert', 'runs/hashed', 'seg', '--to', 'dicom-seg');
    succeeds(done);
    await expectSegmentations(inFolder('runs/hashed/refined/annotations.json'), inFolder('seg'));
  });

  it.each(['refined/test', 'final/annotations', 'final/val'])(
    'do so from %s.json of the run, with images below a folder and without',
    async (name) => {
      const masks = `runs/hashed/${name}.json`;
      const out = `seg-${name.replace('/', '-')}`;
      succeeds(await cli('convert', masks, out, '--to', 'dicom-seg'));
      await expectSegmentations(inFolder(masks), inFolder(out));
      succeeds(await cli('convert', masks, `${out}-2`, '--to', 'dicom-seg', '--images', 'archive'));
      await expectSegmentations(inFolder(masks), inFolder(`${out}-2`));
    },
  );

  it('find hashed names below a folder that is named', async () => {
    succeeds(await cli('convert', 'runs/hashed', 'seg-below', '--to', 'dicom-seg', '--images', 'archive'));
    await expectSegmentations(inFolder('runs/hashed/refined/annotations.json'), inFolder('seg-below'));
  });

  it('say that nobody can tell without the secret, and make none', async () => {
    const args = ['convert', 'runs/hashed', 'no', '--to', 'dicom-seg', '--images', 'archive'];
    const { code, stderr } = await startCli(inFolder(), args, { PACKMULE_HOME: inFolder('empty') }).ended;
    expect(code).toBe(2);
    expect(stderr).toMatch(/id-secret/);
    expect([existsSync(inFolder('empty')), existsSync(inFolder('no'))]).toEqual([false, false]);
  });

  it('are written for nnU-Net with images as the run saw them', async () => {
    for (const images of [[], ['--images', 'archive']]) {
      const out = `nnunet-${images.length}`;
      const done = await cli('convert', 'runs/hashed', out, '--to', 'nnunet', ...images);
      succeeds(done);
      expect(done.stderr).not.toMatch(/blacken/);
      const names = await readdir(inFolder(out, 'imagesTr'));
      expect(names).toHaveLength(3);
      for (const name of names) expect(await isBlackened(inFolder(out, 'imagesTr', name))).toBe(true);
    }
  });
});

describe('masks of predict --images', { timeout: 300_000 }, () => {
  beforeAll(async () => {
    await mkdir(inFolder('new'));
    for (const name of (await readdir(inFolder('data', 'unlabelled', 'images'))).slice(0, 2)) {
      await copyFile(inFolder('data', 'unlabelled', 'images', name), inFolder('new', name));
    }
    succeeds(await cli('predict', 'runs/hashed', '--images', 'new', '--out', 'predicted'));
  }, 300_000);

  it('become segmentations that refer to the files', async () => {
    for (const folder of ['new', 'archive']) {
      const out = `seg-of-${folder}`;
      const args = ['predicted/annotations.json', out, '--to', 'dicom-seg', '--images', folder];
      succeeds(await cli('convert', ...args));
      await expectSegmentations(inFolder('predicted/annotations.json'), inFolder(out));
    }
  });

  it('are written for nnU-Net with images as the network saw them; elsewhere that is not known, and said', async () => {
    const to = ['--to', 'nnunet', '--images', 'archive'];
    const done = await cli('convert', 'predicted/annotations.json', 'nnunet-new', ...to);
    succeeds(done);
    expect(done.stderr).not.toMatch(/burned/);
    const [first] = await readdir(inFolder('nnunet-new', 'imagesTr'));
    expect(await isBlackened(inFolder('nnunet-new', 'imagesTr', first!))).toBe(true);

    await copyFile(inFolder('predicted', 'annotations.json'), inFolder('moved.json'));
    const moved = await cli('convert', 'moved.json', 'nnunet-moved', ...to);
    succeeds(moved);
    expect(moved.stderr).toMatch(/burned-in text/);
    expect(await isBlackened(inFolder('nnunet-moved', 'imagesTr', first!))).toBe(false);
  });
});

describe('results that call images by their files', { timeout: 300_000 }, () => {
  it('find them below a folder by name, and refuse a name that two files have', async () => {
    const ids = ['--set', 'data.ids=names'];
    succeeds(await cli('run', 'hashed.yaml', '--name', 'names', ...ids));
    await mkdir(inFolder('by-name', 'a'), { recursive: true });
    const images = inFolder('data', 'unlabelled', 'images');
    const names = await readdir(images);
    for (const name of names) await copyFile(join(images, name), inFolder('by-name', 'a', name));
    const to = ['--to', 'dicom-seg', '--images', 'by-name'];
    succeeds(await cli('convert', 'runs/names', 'seg-names', ...to));
    await expectSegmentations(
      inFolder('runs/names/refined/annotations.json'),
      inFolder('seg-names'),
      'names',
    );
    await mkdir(inFolder('by-name', 'b'));
    await copyFile(join(images, names[0]!), inFolder('by-name', 'b', names[0]!));
    const { code, stderr } = await cli('convert', 'runs/names', 'seg-twice', ...to);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/several images/)]);
    expect(existsSync(inFolder('seg-twice'))).toBe(false);
  });
});
