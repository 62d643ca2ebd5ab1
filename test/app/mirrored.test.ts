/** A right hand in a DICOM file, seen as a left one: what is reviewed and drawn comes back in the frame of the file. */
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { coco } from '../../src/annotations/coco.ts';
import { readImage } from '../../src/imaging/read.ts';
import type { Mask } from '../../src/masks/mask.ts';
import { decodeRle, type Rle } from '../../src/masks/rle.ts';
import { openMaskSource } from '../../src/pipeline/mask-source.ts';
import type { RunDirectory } from '../../src/pipeline/run-directory.ts';
import { dicomFile, greyTags } from '../../tools/fuzz/dicom-files.ts';
import { writeFinishedRun } from '../review/finished-run.ts';
import { coloursAt, dragOver, drawn, whyNoBrowser } from './chromium.ts';
import { useReviewPage } from './review-page.ts';

const SIZE = { height: 240, width: 200 };

/** The unlabelled images of the run are DICOM files of right hands, and its networks see left ones. */
async function writeMirroredRun(folder: string): Promise<RunDirectory> {
  const data = { root: join(folder, 'data'), ids: 'names', laterality: { from: 'dicom', train: 'left' } };
  const run = await writeFinishedRun(folder, { size: SIZE, classes: 3, unlabelled: 2, settings: { data } });
  const images = join(folder, 'data', 'unlabelled', 'images');
  for (const file of await readdir(images)) {
    const { height, width, data: pixels } = await readImage(join(images, file));
    const tags = {
      '00200060': 'R',
      '00281050': '127.5',
      '00281051': '255',
      '00281056': 'LINEAR_EXACT',
    };
    await writeFile(
      join(images, file.replace('.png', '.dcm')),
      dicomFile(greyTags(height, width, pixels as Uint8Array, tags)),
    );
    await rm(join(images, file));
  }
  for (const masks of ['refined', 'predicted', 'final'] as const) {
    const path = run.masks(masks, 'unlabelled');
    await writeFile(path, (await readFile(path, 'utf8')).replaceAll('.png"', '.dcm"'));
  }
  return run;
}

describe.skipIf(whyNoBrowser !== '')(`a mirrored radiograph${whyNoBrowser}`, () => {
  const review = useReviewPage(writeMirroredRun);

  it('is seen, reviewed and drawn on as a left hand, and comes back as a right one', {
    timeout: 200_000,
  }, async () => {
    const page = await review.open();
    const [name, file] = await Promise.all(
      ['.about b', '.about .file'].map(async (one) => (await page.locator(one).innerText()).trim()),
    );
    const maskIn = async (set: {
      classes: readonly string[];
      images: readonly { fileName: string; structures: readonly { classIndex: number; rle: Rle }[] }[];
    }): Promise<Mask> => {
      const { structures } = set.images.find(({ fileName }) => fileName === file)!;
      return decodeRle(structures.find(({ classIndex }) => set.classes[classIndex] === name)!.rle);
    };
    const filed = await maskIn(await coco.read(review.run().masks('refined', 'unlabelled')));
    const picture = await readImage(
      join(review.run().root, '..', '..', 'data', 'unlabelled', 'images', file!),
    );
    const places = Array.from({ length: 600 }, (_, i) => [(i % 25) * 8, Math.floor(i / 25) * 10] as const);
    const turned = ([x, y]: readonly [number, number]): number => y * SIZE.width + SIZE.width - 1 - x;

    await page.keyboard.press('h');
    await drawn(page);
    const greys = (await coloursAt(page, places)).map(([red]) => red!);
    // Enlarged greys are between those of neighbours.
    const distance = (indexOf: (place: readonly [number, number]) => number): number =>
      places.reduce((sum, place, i) => sum + Math.abs(greys[i]! - picture.data[indexOf(place)]!), 0) /
      places.length;
    expect(distance(turned)).toBeLessThan(8);
    expect(distance(([x, y]) => y * SIZE.width + x)).toBeGreaterThan(2 * distance(turned));

    await page.keyboard.press('h');
    for (const key of ['i', 'o']) await page.keyboard.press(key);
    await page.getByLabel('Fill').fill('100');
    await drawn(page);
    const coloured = (await coloursAt(page, places)).map(
      ([red, green, blue]) => red !== green || green !== blue,
    );
    expect(coloured).toEqual(places.map((place) => filed.data[turned(place)] === 1));

    await page.keyboard.press('b');
    await dragOver(page, [
      [10, 20],
      [40, 20],
    ]);
    await page.keyboard.press('a');
    await page.locator('.progress b', { hasText: /^1$/ }).waitFor();
    const after = await maskIn((await openMaskSource(review.run().root, {})).set);
    expect([after.data[turned([10, 20])], after.data[turned([40, 20])]]).toEqual([1, 1]);
    const far = places.filter(([, y]) => y > 40);
    expect(far.map((place) => after.data[turned(place)])).toEqual(
      far.map((place) => filed.data[turned(place)]),
    );
  });
});
