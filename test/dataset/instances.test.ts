import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { DatasetError, ImageError } from '../../src/base/errors.ts';
import { createRng } from '../../src/base/rng.ts';
import {
  holdOut,
  readInstanceCase,
  readInstanceFolder,
  readLabelledImage,
} from '../../src/dataset/instances/folder.ts';
import { folderSource, mixSources, sceneSource } from '../../src/dataset/instances/sources.ts';
import type { InstanceImage, InstanceSource } from '../../src/dataset/instances/types.ts';
import { randomView } from '../../src/dataset/instances/warp.ts';
import { writeGreyPng } from '../../src/imaging/write.ts';
import { maskArea, maskBox } from '../../src/masks/mask.ts';
import { sharedPath } from '../shared.ts';
import { temporaryFolder } from '../temporary.ts';

const SIZE = { height: 40, width: 60 };

/** Writes an image whose objects are boxes of grey 200 on 50: object k is 8 px high and 4 k wide. */
async function writeCase(folder: string, name: string, objects: number): Promise<void> {
  const grey = new Uint8Array(SIZE.height * SIZE.width).fill(50);
  const labels = new Uint16Array(grey.length);
  for (let k = 1; k <= objects; k++) {
    for (let y = 0; y < 8; y++) {
      const from = (k * 9 + y - 5) * SIZE.width + 6;
      grey.fill(200, from, from + 4 * k);
      labels.fill(k, from, from + 4 * k);
    }
  }
  await writeGreyPng(join(folder, 'images', `${name}.png`), { ...SIZE, bits: 8, data: grey });
  await writeGreyPng(join(folder, 'instances', `${name}.png`), { ...SIZE, bits: 16, data: labels });
}

let root = '';
let folder = '';
beforeAll(async () => {
  root = await temporaryFolder();
  folder = join(root, 'good');
  for (const [name, objects] of [
    ['a10', 2],
    ['a9', 3],
    ['b', 0],
  ] as const) {
    await writeCase(folder, name, objects);
  }
});

describe('readInstanceFolder', () => {
  it('lists cases in natural order and reads their objects', async () => {
    const cases = await readInstanceFolder(folder);
    expect(cases.map(({ id }) => id)).toEqual(['a9', 'a10', 'b']);
    const { image, objects } = await readInstanceCase(cases[0]!);
    expect([image.height, image.width, image.bits]).toEqual([40, 60, 8]);
    expect(objects.map(maskArea)).toEqual([32, 64, 96]);
    expect(maskBox(objects[1]!)).toEqual([6, 13, 13, 20]);
    for (const { data } of objects)
      data.forEach((value, i) => void (value === 1 && expect(image.data[i]).toBe(200)));
    expect((await readInstanceCase(cases[2]!)).objects).toEqual([]);
  });

  it('leaves out small objects', async () => {
    const [first] = await readInstanceFolder(folder);
    expect((await readInstanceCase(first!, 64)).objects.map(maskArea)).toEqual([64, 96]);
  });

  it('names what is missing or does not fit', async () => {
    await expect(readInstanceFolder(join(root, 'nowhere'))).rejects.toThrow(DatasetError);
    await expect(readInstanceFolder(join(root, 'nowhere'))).rejects.toThrow('There is no folder');
    await expect(readInstanceFolder(root)).rejects.toThrow('has no folder instances');
    const empty = join(root, 'empty');
    await mkdir(join(empty, 'instances'), { recursive: true });
    await expect(readInstanceFolder(empty)).rejects.toThrow('holds no images');

    const lone = join(root, 'lone');
    await writeCase(lone, 'x', 1);
    await rm(join(lone, 'instances', 'x.png'));
    await expect(readInstanceFolder(lone)).rejects.toThrow(`There is no ${join(lone, 'instances', 'x.png')}`);
    await writeCase(lone, 'x', 1);
    await writeCase(lone, 'y', 1);
    await rm(join(lone, 'images', 'y.png'));
    await expect(readInstanceFolder(lone)).rejects.toThrow('There is no image called y in');

    const odd = join(root, 'odd');
    await writeCase(odd, 'z', 1);
    const data = new Uint16Array(100);
    await writeGreyPng(join(odd, 'instances', 'z.png'), { height: 10, width: 10, bits: 16, data });
    const [z] = await readInstanceFolder(odd);
    await expect(readInstanceCase(z!)).rejects.toThrow('10 x 10 pixels');
    await rm(z!.imagePath);
    await expect(readInstanceCase(z!)).rejects.toThrow(ImageError);
  });
});

describe('holdOut', () => {
  it('divides by seed, keeps order, and loses nothing', () => {
    const cases = Array.from({ length: 20 }, (_, i) => ({ id: `${i}`, imagePath: '', labelsPath: '' }));
    const { train, heldOut } = holdOut(cases, 0.25, 3);
    expect(heldOut.length).toBe(5);
    expect([...train, ...heldOut].sort((a, b) => Number(a.id) - Number(b.id))).toEqual(cases);
    expect(holdOut(cases, 0.25, 3)).toEqual({ train, heldOut });
    expect(holdOut(cases, 0.25, 4).heldOut).not.toEqual(heldOut);
    expect(heldOut.map(({ id }) => Number(id))).toEqual(
      heldOut.map(({ id }) => Number(id)).sort((a, b) => a - b),
    );
  });
});

describe('randomView', () => {
  it('moves image and objects alike', async () => {
    const labelled = await readLabelledImage((await readInstanceFolder(folder))[0]!);
    const rng = createRng(2);
    let seen = 0;
    for (let n = 0; n < 40; n++) {
      const { grey, labels } = randomView(rng, labelled, { height: 48, width: 48 });
      const inside = grey.filter((_, i) => labels[i] !== 0);
      const outside = grey.filter((_, i) => labels[i] === 0);
      if (inside.length < 20 || outside.length < 20) continue;
      seen++;
      // Two tones, whatever the recolouring; at the outline they mix.
      const middle = (values: Uint8Array): number => values.toSorted()[values.length >> 1]!;
      const [own, other] = [middle(inside), middle(outside)];
      const nearer = inside.filter((value) => Math.abs(value - own) < Math.abs(value - other)).length;
      expect(nearer / inside.length).toBeGreaterThan(0.85);
    }
    expect(seen).toBeGreaterThan(20);
  });

  it('shrinks large images and keeps the labels of small ones', () => {
    const [height, width] = [300, 400];
    const labels = new Uint16Array(height * width).fill(0);
    for (let y = 100; y < 200; y++) labels.fill(300, y * width + 100, y * width + 300);
    const grey = Uint8Array.from(labels, (label) => (label === 0 ? 20 : 220));
    const rng = createRng(4);
    const values = new Set<number>();
    for (let n = 0; n < 10; n++) {
      for (const label of randomView(rng, { height, width, grey, labels }, { height: 64, width: 64 })
        .labels) {
        values.add(label);
      }
    }
    expect([...values].sort((a, b) => a - b)).toEqual([0, 300]);
  });
});

const SQUARE = { height: 96, width: 96 };

/** What every source promises. */
async function checkSource(source: InstanceSource): Promise<InstanceImage> {
  const sample = await source.sample(createRng(9));
  expect(await source.sample(createRng(9))).toEqual(sample);
  const { image, objects } = sample;
  expect([image.height, image.width, image.bits]).toEqual([96, 96, 8]);
  expect(objects.length).toBeGreaterThan(0);
  for (const mask of objects) {
    expect([mask.height, mask.width]).toEqual([96, 96]);
    expect(maskArea(mask)).toBeGreaterThan(0);
  }
  return sample;
}

describe('sources', () => {
  it('draws scenes', async () => {
    await checkSource(sceneSource(SQUARE));
  });

  it('draws views of a folder, of images with objects only', async () => {
    const source = folderSource('boxes', await readInstanceFolder(folder), SQUARE, 20);
    const rng = createRng(1);
    await checkSource(source);
    for (let n = 0; n < 10; n++) {
      for (const mask of (await source.sample(rng)).objects)
        expect(maskArea(mask)).toBeGreaterThanOrEqual(20);
    }
  });

  it('refuses a folder that shows nothing, and one without images', async () => {
    const [, , bare] = await readInstanceFolder(folder);
    await expect(folderSource('bare', [bare!], SQUARE, 20).sample(createRng(1))).rejects.toThrow(
      'show no object',
    );
    expect(() => folderSource('none', [], SQUARE, 20)).toThrow(DatasetError);
  });

  it('mixes sources by weight', async () => {
    const fake = (name: string, grey: number): InstanceSource => ({
      name,
      sample: async () => ({
        image: { height: 1, width: 1, bits: 8, data: Uint8Array.of(grey) },
        objects: [{ height: 1, width: 1, data: Uint8Array.of(1) }],
      }),
    });
    const mixed = mixSources([
      { weight: 3, source: fake('a', 1) },
      { weight: 1, source: fake('b', 2) },
    ]);
    expect(mixed.name).toBe('a + b');
    const rng = createRng(6);
    let first = 0;
    for (let n = 0; n < 400; n++) if ((await mixed.sample(rng)).image.data[0] === 1) first++;
    expect(first / 400).toBeGreaterThan(0.68);
    expect(first / 400).toBeLessThan(0.82);
    for (const weight of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => mixSources([{ weight, source: fake('a', 1) }])).toThrow(DatasetError);
    }
    expect(() => mixSources([])).toThrow(DatasetError);
  });
});

const nuclei = sharedPath('data', 'nuclei');

describe.skipIf(nuclei === undefined)('data/nuclei (beside the repository)', () => {
  it('has 401 images with objects, and can be drawn from', async () => {
    const cases = await readInstanceFolder(nuclei!);
    expect(cases.length).toBe(401);
    const { train, heldOut } = holdOut(cases, 0.2, 1);
    expect([train.length, heldOut.length]).toEqual([321, 80]);
    const { image, objects } = await readInstanceCase(heldOut[0]!, 30);
    expect(objects.length).toBeGreaterThan(0);
    expect(objects[0]!.data.length).toBe(image.height * image.width);
    await checkSource(folderSource('nuclei', train, SQUARE, 30));
  });
});
