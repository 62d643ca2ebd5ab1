import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { hashFile } from '../../src/base/hash.ts';
import { createRng } from '../../src/base/rng.ts';
import { writeGreyPng } from '../../src/imaging/write.ts';
import { encodeSafetensors } from '../../src/tensor/safetensors.ts';
import { drawScene } from '../foal/scenes.ts';
import { tinyFoalCheckpoint } from '../foal/tiny.ts';
import { writeTinyData } from '../pipeline/tiny.ts';
import { runCli, useSharedFolder } from './program.ts';

const inFolder = useSharedFolder();
const cli = (...args: string[]): ReturnType<typeof runCli> => runCli(inFolder(), 'foal', ...args);
const TINY = ['--size', '32', '--batch', '1', '--prompts', '1', '--device', 'cpu'];

async function writeInstances(folder: string, seeds: readonly number[]): Promise<void> {
  await mkdir(inFolder(folder, 'images'), { recursive: true });
  await mkdir(inFolder(folder, 'instances'));
  for (const i of seeds) {
    const { image, objects } = drawScene(createRng(i));
    const labels = image.data.map((_, at) => objects.findIndex((mask) => mask.data[at] === 1) + 1);
    await writeGreyPng(inFolder(folder, 'images', `${i}.png`), image);
    const { height, width } = image;
    const map = { height, width, bits: 8, data: Uint8Array.from(labels) } as const;
    await writeGreyPng(inFolder(folder, 'instances', `${i}.png`), map);
  }
}

beforeAll(async () => {
  await writeInstances('shapes', [0, 1, 2, 3, 4]);
  await writeTinyData(inFolder('classes'));
  await writeFile(inFolder('tiny.safetensors'), encodeSafetensors(tinyFoalCheckpoint().weights));
});

describe('packmule foal train', () => {
  it('trains on a folder, measures what it held out and leaves a model that segments', async () => {
    const train = ['train', '--out', 'out', '--data', 'shapes', '--no-scenes', '--steps', '2', ...TINY];
    const { code, stdout, stderr } = await cli(...train, '--json');
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const result = JSON.parse(stdout);
    expect(result).toMatchObject({ steps: 2, dice: { shapes: expect.any(Number) } });
    expect((await readdir(inFolder('out'))).sort()).toEqual(['foal.safetensors', 'log.jsonl']);
    const lines = (await readFile(inFolder('out', 'log.jsonl'), 'utf8')).trim().split('\n');
    expect(lines.map((line) => JSON.parse(line).step)).toEqual([1, 2]);

    const again = await cli(...train, '--json');
    expect(JSON.parse(again.stdout)).toEqual(result);

    const image = inFolder('shapes', 'images', '0.png');
    const segment = ['segment', image, '--model', 'out/foal.safetensors', '--box', '5,5,30,30'];
    expect(await runCli(inFolder(), ...segment)).toMatchObject({ code: 0 });
  });

  it('measures folders that it does not learn from, also such as are called the same', async () => {
    await writeInstances('others', [5, 6]);
    await writeInstances('elsewhere/shapes', [7]);
    const train = ['train', '--data', 'shapes', '--no-scenes', '--steps', '2', ...TINY, '--json'];
    const measured = ['others', 'elsewhere/shapes', 'classes'].flatMap((name) => ['--measure', name]);
    const [alone, beside] = [
      await cli(...train, '--out', 'alone'),
      await cli(...train, ...measured, '--out', 'beside'),
    ];
    expect({ code: beside.code, stderr: beside.stderr }).toMatchObject({ code: 0 });
    const { dice } = JSON.parse(beside.stdout);
    expect(Object.keys(dice)).toEqual(['shapes', 'others', inFolder('elsewhere/shapes'), 'classes']);
    for (const value of Object.values(dice)) expect(value).toBeGreaterThan(0);
    expect(dice.shapes).toBe(JSON.parse(alone.stdout).dice.shapes);
    const model = (out: string): Promise<string> => hashFile(inFolder(out, 'foal.safetensors'));
    expect(await model('beside')).toBe(await model('alone'));
  });

  it.each([
    [
      'a folder both to learn from and to measure',
      ['--data', 'shapes', '--measure', './shapes'],
      'ConfigError',
    ],
    ['a folder to measure without instances', ['--measure', '.'], 'DatasetError'],
    ['a size that the network cannot have', ['--size', '100'], 'ConfigError'],
    ['nothing to learn from', ['--no-scenes'], 'ConfigError'],
    ['a folder without instances', ['--data', '.'], 'DatasetError'],
    ['no time', ['--minutes', '0'], 'UsageError'],
    ['a seed that is no number', ['--seed', 'abc'], 'UsageError'],
  ])('refuses %s', async (_, args, name) => {
    const { code, stdout } = await cli('train', '--out', 'refused', ...args, '--json');
    expect(code).toBe(2);
    expect(JSON.parse(stdout).error.name).toBe(name);
  });
});

describe('packmule foal evaluate', () => {
  it('measures on instance masks and on class masks, beside the ellipse', async () => {
    const all = await cli('evaluate', 'tiny.safetensors', '--data', 'shapes', '--device', 'cpu', '--json');
    expect(JSON.parse(all.stdout)).toMatchObject({ model: 'foal-8-12-16-32', images: 5, objects: 10 });
    const { dice, ellipseDice } = JSON.parse(all.stdout);
    expect(dice).toBeLessThan(ellipseDice);
    // The ellipse in the box of a right triangle.
    expect(ellipseDice).toBeGreaterThan(0.6);
    expect(ellipseDice).toBeLessThan(0.8);

    const held = ['evaluate', 'tiny.safetensors', '--data', 'shapes', '--held-out', '--device', 'cpu'];
    expect((await cli(...held)).stdout).toMatch(/^2 objects of 30 px or more in 1 images\n.*\n.*ellipse/);

    const classes = ['evaluate', 'tiny.safetensors', '--data', 'classes', '--device', 'cpu', '--json'];
    expect(JSON.parse((await cli(...classes)).stdout).objects).toBeGreaterThan(0);
  });
});
