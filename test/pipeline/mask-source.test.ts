import { mkdir, writeFile } from 'node:fs/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { coco } from '../../src/annotations/coco.ts';
import { openMaskSource } from '../../src/pipeline/mask-source.ts';
import { runDirectory } from '../../src/pipeline/run-directory.ts';
import { useFolder } from './folder.ts';
import { writeTinyData } from './tiny.ts';

const inFolder = useFolder();

describe('the masks of a run', () => {
  beforeEach(async () => {
    await writeTinyData(inFolder('data'), { labelled: 1, val: 0, test: 0, unlabelled: 2 });
    const run = runDirectory(inFolder('run'));
    await mkdir(run.root);
    await writeFile(run.log, '');
    await writeFile(run.config, JSON.stringify({ config: { data: { root: inFolder('data') } } }));
    await coco.write(
      run.masks('refined', 'unlabelled'),
      await coco.read(inFolder('data', 'unlabelled-truth.json')),
    );
  });

  it('find their images in the data set, or in a folder that is named', async () => {
    const source = await openMaskSource(inFolder('run'), {});
    const [first] = source.set.images;
    const path = inFolder('data', 'unlabelled', 'images', first!.fileName);
    const found = await source.images();
    expect(found(first!.fileName)).toMatchObject({ path });
    expect((await source.images(inFolder('data', 'unlabelled', 'images')))(first!.fileName)).toMatchObject({
      path,
    });
    expect(() => found('gone.png')).toThrow(/no longer has the image gone\.png/);
  });

  it('come with images that are blackened as the run was told to', async () => {
    const config = { data: { root: inFolder('data'), blacken: [[0, 0, 63, 9]] } };
    await writeFile(runDirectory(inFolder('run')).config, JSON.stringify({ config }));
    const folder = inFolder('data', 'unlabelled', 'images');
    for (const path of [inFolder('run'), inFolder('run', 'refined', 'annotations.json')]) {
      const { set, viewKnown, images } = await openMaskSource(path, {});
      expect(viewKnown).toBe(true);
      for (const find of [await images(), await images(folder)]) {
        const { data } = await find(set.images[0]!.fileName).read();
        expect(data.subarray(0, 640)).toEqual(new Uint8Array(640));
        expect(data.subarray(640).some((value) => value > 0)).toBe(true);
      }
    }
  });

  it('need a folder that is named where the run does not know its data', async () => {
    await writeFile(runDirectory(inFolder('run')).config, '{');
    const source = await openMaskSource(inFolder('run'), {});
    expect(source.viewKnown).toBe(false);
    await expect(source.images()).rejects.toThrow(/Name it with --images/);
  });
});

it('of an annotation file find their images beside it', async () => {
  await writeTinyData(inFolder('data'), { labelled: 2, val: 0, test: 0, unlabelled: 0 });
  const source = await openMaskSource(inFolder('data', 'labelled', 'annotations.json'), {});
  const [first] = source.set.images;
  const found = await source.images();
  expect(found(first!.fileName)).toMatchObject({
    path: inFolder('data', 'labelled', 'images', first!.fileName),
  });
  expect(() => found('x.png')).toThrow(/has no image x\.png/);
  expect(source.viewKnown).toBe(false);
});
