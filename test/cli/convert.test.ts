/** `packmule convert` from end to end. */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { coco } from '../../src/annotations/coco.ts';
import { readAnnotations } from '../../src/annotations/read.ts';
import { writeGreyPng } from '../../src/imaging/write.ts';
import { decodeNifti } from '../../src/nifti/nifti.ts';
import { runDirectory } from '../../src/pipeline/run-directory.ts';
import { onePixelSet } from '../annotations/sets.ts';
import { runCli, useSharedFolder } from './program.ts';

const inFolder = useSharedFolder();
const cli = (...args: string[]): ReturnType<typeof runCli> => runCli(inFolder(), 'convert', ...args);
const overlapping = onePixelSet(['Radius', 'Ulna'], ['Radius', 'Ulna']);

beforeAll(() => coco.write(inFolder('a.json'), overlapping));

describe('packmule convert', { timeout: 300_000 }, () => {
  it('explains itself with formats and examples', async () => {
    const { code, stdout } = await cli('--help');
    expect(code).toBe(0);
    expect(stdout).toMatch(/label-maps +a folder of label-map PNGs; classes may not overlap/);
    expect(stdout).toMatch(/Examples:\n {2}\$ packmule convert/);
  });

  it('takes the format from the ending and says what it did', async () => {
    const { code, stdout } = await cli('a.json', 'b.xml');
    expect(code).toBe(0);
    expect(stdout).toBe('2 masks of 2 classes in 1 images: COCO JSON to CVAT 1.1 XML.\nWrote b.xml\n');
    expect((await readAnnotations(inFolder('b.xml'))).images).toEqual(overlapping.images);
  });

  it('refuses overlaps with the remedy, which works', async () => {
    const refused = await cli('a.json', 'maps', '--to', 'label-maps');
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/Radius and Ulna share 1 px in i\.png\.\n.*\n.*--layers/);
    expect(existsSync(inFolder('maps'))).toBe(false);
    const { stdout } = await cli('a.json', 'maps', '--to', 'label-maps', '--layers', '--json');
    expect(JSON.parse(stdout)).toEqual({
      from: 'COCO JSON',
      to: 'label-maps',
      paths: ['maps/layer-1', 'maps/layer-2'],
      images: 1,
      masks: 2,
      classes: ['Radius', 'Ulna'],
      losses: [],
    });
    expect((await readAnnotations(inFolder('maps', 'layer-2'))).classes).toEqual(['Ulna']);
  });

  it('takes images where a format wants them, and says what becomes of overlaps', async () => {
    const missing = await cli('a.json', 'nnunet', '--to', 'nnunet');
    expect(missing.code).toBe(2);
    expect(missing.stderr).toMatch(/has no image i\.png/);
    expect(existsSync(inFolder('nnunet'))).toBe(false);
    await writeGreyPng(inFolder('pictures', 'i.png'), {
      height: 2,
      width: 2,
      bits: 8,
      data: new Uint8Array(4),
    });
    const { code, stderr } = await cli('a.json', 'nnunet', '--to', 'nnunet', '--images', 'pictures');
    expect(stderr).toMatch(/Classes are therefore written as regions/);
    expect(code).toBe(0);
    expect(await readdir(inFolder('nnunet', 'imagesTr'))).toEqual(['i_0000.png']);
  });

  it('writes label maps with the spacing of images, and says where it knows none', async () => {
    const head =
      'ObjectType = Image\nNDims = 2\nElementSpacing = 0.25 0.5\nDimSize = 2 2\nElementType = MET_UCHAR\n';
    await mkdir(inFolder('detectors'));
    const bytes = Buffer.concat([Buffer.from(`${head}ElementDataFile = LOCAL\n`), Buffer.alloc(4)]);
    await writeFile(inFolder('detectors', 'i.mha'), bytes);
    await coco.write(inFolder('one.json'), onePixelSet(['Radius', 'Ulna'], ['Ulna']));
    const spacingIn = async (folder: string) =>
      decodeNifti(await readFile(inFolder(folder, 'i.nii.gz')), 'i').spacingMm;
    const { code, stderr } = await cli('one.json', 'placed', '--to', 'nifti', '--images', 'detectors');
    expect([code, stderr, await spacingIn('placed')]).toEqual([0, '', [0.25, 0.5, 1]]);
    const unplaced = await cli('one.json', 'unplaced', '--to', 'nifti');
    expect(unplaced.stderr).toMatch(/has no image i\.png.* in pixels of 1 mm.*\n?.*--images/);
    expect([unplaced.code, await spacingIn('unplaced')]).toEqual([0, [1, 1, 1]]);
    const missing = await cli('one.json', 'none', '--to', 'nifti', '--images', 'pictures-of-others');
    expect(missing.code).toBe(2);
  });

  it('names what is missing', async () => {
    expect((await cli('a.json', 'folder')).stderr).toMatch(/Nothing says in which format folder/);
    expect((await cli('a.json', 'x', '--to', 'cooc')).stderr).toMatch(/Did you mean coco/);
    expect((await cli('nothing.json', 'x.json')).stderr).toMatch(/nothing\.json does not exist/);
    expect((await cli('b.xml', 'a.json')).stderr).toMatch(/a\.json exists already/);
  });

  it('writes the refined masks of a run, with their trust as score, and tells what is lost', async () => {
    const run = runDirectory(inFolder('runs', 'x'));
    await mkdir(run.root, { recursive: true });
    await writeFile(run.log, '');
    await writeFile(run.config, '{}');
    expect((await cli('runs/x', 'run.json')).stderr).toMatch(/without refined masks/);
    const [image] = overlapping.images;
    const structures = image!.structures.map((one) => ({ ...one, score: 0.75, trust: 0.5 }));
    await coco.write(run.masks('refined', 'unlabelled'), {
      ...overlapping,
      images: [{ ...image!, structures }],
    });
    expect((await cli('runs/x', 'run.json')).code).toBe(0);
    const { annotations } = JSON.parse(await readFile(inFolder('run.json'), 'utf8'));
    expect(annotations).toMatchObject([
      { score: 0.5, trust: 0.5 },
      { score: 0.5, trust: 0.5 },
    ]);
    const { stderr } = await cli('runs/x', 'run.xml');
    expect(stderr).toContain('2 masks have a trust, which CVAT 1.1 XML has no place for.');
  });
});
