import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { coco } from '../../src/annotations/coco.ts';
import { readImage } from '../../src/imaging/read.ts';
import { writeGreyPng } from '../../src/imaging/write.ts';
import { encodeSafetensors, readSafetensors } from '../../src/tensor/safetensors.ts';
import { tinyFoalCheckpoint } from '../foal/tiny.ts';
import { TINY_SETTINGS, writeTinyData } from '../pipeline/tiny.ts';
import { type Fixture, fixturePath } from '../sam/fixtures.ts';
import { tinyCheckpoint, tinyImage } from '../sam/tiny-model.ts';
import { runCli, useSharedFolder } from './program.ts';

const inFolder = useSharedFolder();
const cli = (...args: string[]): ReturnType<typeof runCli> => runCli(inFolder(), ...args);

beforeAll(async () => {
  await mkdir(inFolder('sam'));
  await writeFile(inFolder('sam', 'model.safetensors'), encodeSafetensors(tinyCheckpoint().weights));
  await writeGreyPng(inFolder('scan.png'), tinyImage());
});

describe('packmule segment', () => {
  it('writes mask and overlay', async () => {
    const { code, stdout, stderr } = await cli(
      ...['segment', 'scan.png', '--model', 'sam/model.safetensors', '--box', '15,20,40,60'],
      ...['--point', '27,40,1', '--point', '2,2,0', '--output', 'out', '--json'],
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ mask: 'out/scan.mask.png', predictedIou: expect.any(Number) });
    const mask = await readImage(inFolder('out', 'scan.mask.png'));
    expect([mask.height, mask.width]).toEqual([90, 60]);
    expect([...new Set(mask.data)].every((value) => value === 0 || value === 255)).toBe(true);
    expect((await readImage(inFolder('out', 'scan.overlay.png'))).width).toBe(60);
  });

  it.each<[Fixture]>([['mobile-sam'], ['sam-hq-tiny']])('reads %s like any checkpoint', async (name) => {
    const { code, stderr } = await cli(
      ...['segment', fixturePath(name, 'image.png'), '--model', fixturePath(name, 'model.pth')],
      ...['--box', '9,12.5,37,50', '--output', name],
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const mask = await readImage(inFolder(name, 'image.mask.png'));
    const expected = await readSafetensors(fixturePath(name, 'expected.safetensors'));
    const box = expected.get('box.mask')!.data as Uint8Array;
    const equal = box.filter((value, i) => mask.data[i] === 255 * value).length;
    expect(equal / mask.data.length).toBeGreaterThanOrEqual(0.999);
  });

  it('reads a Foal', async () => {
    await writeFile(inFolder('foal.safetensors'), encodeSafetensors(tinyFoalCheckpoint().weights));
    const { code, stdout, stderr } = await cli(
      ...['segment', 'scan.png', '--model', 'foal.safetensors', '--box', '15,20,40,60', '--json'],
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ mask: 'scan.mask.png', predictedIou: expect.any(Number) });
  });

  it.each([
    ['neither box nor point', [], 'ConfigError'],
    ['a box of three numbers', ['--box', '1,2,3'], 'ConfigError'],
    ['a point that says not whether it is inside', ['--point', '1,2'], 'ConfigError'],
    ['a point outside the image', ['--point', '100,20,1'], 'RefineError'],
    ['another preprocessing', ['--point', '1,2,1', '--preprocessing', 'x'], 'ConfigError'],
  ])('refuses %s', async (_what, args, name) => {
    const { code, stdout } = await cli(
      'segment',
      'scan.png',
      '--model',
      'sam/model.safetensors',
      ...args,
      '--json',
    );
    expect(code).toBe(2);
    expect(JSON.parse(stdout).error.name).toBe(name);
  });

  it('refuses a missing model and a missing image', async () => {
    const noModel = await cli('segment', 'scan.png', '--model', 'none.pth', '--point', '1,2,1');
    expect(noModel).toMatchObject({ code: 2, stderr: expect.stringContaining('none.pth') });
    const noImage = await cli('segment', 'none.png', '--model', 'sam/model.safetensors', '--point', '1,2,1');
    expect(noImage).toMatchObject({ code: 2, stderr: expect.stringContaining('none.png') });
  });
});

describe('a run with SAM', () => {
  it('checks the checkpoint first, refines by prompts and keeps embeddings for other runs', async () => {
    await writeTinyData(inFolder('data'));
    const sam = ['--refiner', 'sam', '--model', 'sam/model.safetensors'];
    const training = Object.entries(TINY_SETTINGS.training).flatMap(([key, value]) => [
      '--set',
      `training.${key}=${JSON.stringify(value)}`,
    ]);
    const first = await cli('run', 'data', ...training, ...sam, '--set', 'threads=1', '--json');
    expect({ code: first.code, stderr: first.stderr }).toMatchObject({ code: 0 });
    expect(JSON.parse(first.stdout).stages[0]).toMatchObject({ name: 'checkModel' });

    const refined = await coco.read(inFolder('runs', 'data', 'refined', 'annotations.json'));
    const structures = refined.images.flatMap((image) => image.structures);
    expect(structures.length).toBeGreaterThan(0);
    expect(structures[0]?.provenance).toMatchObject({
      refiner: 'sam',
      prompt: { box: expect.any(Array), positive: expect.any(Array) },
    });
    const stored = await readdir(inFolder('runs', '.embeddings'), { recursive: true });
    expect(stored.filter((name) => name.endsWith('.safetensors')).length).toBeGreaterThan(0);
  });
});
