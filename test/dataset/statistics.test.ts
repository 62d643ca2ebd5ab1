import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { openDataset } from '../../src/dataset/dataset.ts';
import { inspectFolder } from '../../src/dataset/inspect.ts';
import { computeStatistics } from '../../src/dataset/statistics.ts';
import type { Dataset } from '../../src/dataset/types.ts';
import { encodeRle } from '../../src/masks/rle.ts';
import { sharedPath } from '../shared.ts';
import { temporaryFolder } from '../temporary.ts';
import { mergeIntoOneFolder, usePhantomFolder, write } from './folders.ts';

describe('computeStatistics', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await temporaryFolder();
  });

  it('agrees with a case counted by hand, 8 and 16 bits mixed', async () => {
    const raw = { width: 4, height: 2, channels: 1 } as const;
    await sharp(Uint8Array.of(0, 0, 0, 0, 255, 255, 255, 255), { raw })
      .toColourspace('b-w')
      .toFile(join(folder, 'a.png'));
    await sharp(new Uint16Array(8).fill(65535), { raw })
      .toColourspace('grey16')
      .toFile(join(folder, 'b.png'));
    const size = { height: 2, width: 4 };
    const mask = (...data: number[]) => encodeRle({ ...size, data: Uint8Array.from(data) });
    const dataset: Dataset = {
      root: folder,
      classes: ['one', 'two', 'three'],
      cases: [
        {
          id: 'a',
          name: 'a.png',
          imagePath: join(folder, 'a.png'),
          split: 'labelled',
          size,
          structures: [
            { classIndex: 0, rle: mask(1, 1, 1, 0, 1, 1, 1, 0) },
            { classIndex: 1, rle: mask(0, 0, 1, 1, 0, 0, 0, 0) },
          ],
        },
        {
          id: 'b',
          name: 'b.png',
          imagePath: join(folder, 'b.png'),
          split: 'labelled',
          size,
          structures: [{ classIndex: 0, rle: mask(0, 0, 0, 0, 0, 0, 0, 1) }],
        },
        {
          id: 'c',
          name: 'c.png',
          imagePath: join(folder, 'missing.png'),
          split: 'test',
          size,
          structures: [],
        },
      ],
    };
    const statistics = await computeStatistics(dataset);
    expect(statistics.images).toBe(2);
    expect(statistics.mean).toBeCloseTo(0.75, 10);
    expect(statistics.std).toBeCloseTo(Math.sqrt(0.1875), 10);
    expect([statistics.medianHeight, statistics.medianWidth]).toEqual([2, 4]);
    expect(statistics.classFrequency).toEqual([1, 0.5, 0]);
    // Short sides 2 (3 x 2), 1 (2 x 1) and 1 (1 x 1).
    expect(statistics.objectShortSide).toEqual({ p5: 1, p25: 1, median: 1, p75: 1.5, p95: 1.9 });
    // Eight pixels are covered, one of them twice.
    expect(statistics.overlapFraction).toBeCloseTo(1 / 8, 10);
    expect(statistics.foregroundFraction).toBeCloseTo(8 / 16, 10);
  });

  const teeth = sharedPath('data', 'teeth');
  it.skipIf(teeth === undefined)('of the teeth (skipped where the reference data is absent)', async () => {
    const statistics = await computeStatistics(await openDataset({ root: teeth! }));
    expect(statistics.images).toBe(45);
    expect([statistics.medianHeight, statistics.medianWidth]).toEqual([512, 904]);
    expect(Math.min(...statistics.classFrequency)).toBeGreaterThan(0.5);
    expect(statistics.overlapFraction).toBeGreaterThan(0.001);
    expect(statistics.overlapFraction).toBeLessThan(0.1);
  });
});

describe('inspectFolder', () => {
  const folder = usePhantomFolder();

  it('says what a folder with splits holds', async () => {
    await write(folder.in('unlabelled', 'images', 'broken.png'), 'broken');
    const found = await inspectFolder(folder.path);
    expect(found.counts).toEqual({ labelled: 4, val: 3, test: 2, unlabelled: 4 });
    expect(found.sizes).toEqual([{ height: 48, width: 40, images: 12 }]);
    expect(found.bitDepths).toEqual([{ bits: 8, images: 12 }]);
    expect(found.classes[0]).toEqual({ name: 'radius', labelledImages: 4 });
    expect(found.unreadable).toEqual([folder.in('unlabelled', 'images', 'broken.png')]);
    expect(found.recognised[0]).toBe('There is a folder per split.');
    expect(found.recognised[1]).toMatch(
      /^labelled: 4 images in labelled.images, annotated in labelled.annotations\.json\.$/,
    );
    expect(found.objectShortSide.median).toBeGreaterThan(3);
  });

  it('says how one folder was divided', async () => {
    await mergeIntoOneFolder(folder.path);
    const found = await inspectFolder(folder.path);
    expect(found.counts).toEqual({ labelled: 2, val: 1, test: 1, unlabelled: 3 });
    expect(found.recognised.join(' ')).toContain('split at random with seed 0');
    await write(folder.in('splits', 'val.txt'), 'phantom-0001\n');
    expect((await inspectFolder(folder.path)).recognised.join(' ')).toMatch(/those of splits.val\.txt/);
  });
});
