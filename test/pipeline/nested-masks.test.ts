/** Two series whose files have equal names: labelled by their paths, one of them mirrored for the networks. */
import { readFile, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDataset } from '../../src/dataset/dataset.ts';
import { type Case, casesOf, type Dataset } from '../../src/dataset/types.ts';
import { decodeRle, type Rle, rleFromString } from '../../src/masks/rle.ts';
import { readMaskSet, storeMasks, structuresByName, writeMaskSet } from '../../src/pipeline/mask-sets.ts';
import { runDirectory } from '../../src/pipeline/run-directory.ts';
import { dicomDirectory, dicomFile, greyTags } from '../../tools/fuzz/dicom-files.ts';
import { write } from '../dataset/folders.ts';
import { useFolder } from './folder.ts';

const inFolder = useFolder();
const before = process.env.PACKMULE_HOME;
beforeEach(async () => {
  process.env.PACKMULE_HOME = inFolder('home');
  for (const [i, [series, side]] of Object.entries({ A: 'R', B: 'L' }).entries()) {
    const tags = { '00080018': `1.2.${i}`, '00200062': side };
    await write(
      inFolder('data', series, 'IM0'),
      dicomFile(greyTags(1, 4, Uint8Array.of(1, 2, 3, 4 + i), tags)),
    );
  }
  await write(inFolder('data', 'annotations.json'), JSON.stringify(coco('A/IM0', 'B/IM0')));
});
afterEach(() => {
  if (before === undefined) delete process.env.PACKMULE_HOME;
  else process.env.PACKMULE_HOME = before;
});

/** Images of 4 x 1 px: in the first one the second pixel is bone, in the next one the third. */
const coco = (...names: string[]) => ({
  categories: [{ id: 1, name: 'bone' }],
  images: names.map((file_name, i) => ({ id: i, file_name, width: 4, height: 1 })),
  annotations: names.map((_, i) => ({
    image_id: i,
    category_id: 1,
    segmentation: { size: [1, 4], counts: [1 + i, 1, 2 - i] },
  })),
});
const SECOND = [0, 1, 0, 0];
const THIRD = [0, 0, 1, 0];

const open = (ids: 'names' | 'hashed') =>
  openDataset({
    root: inFolder('data'),
    ids,
    fractions: { val: 0, test: 0 },
    laterality: { train: 'left', from: 'dicom' },
  });
const pixels = (rle: Rle): number[] => [...decodeRle(rle).data];
const series = ({ imagePath }: Case): string => imagePath.split('/').at(-2)!;
const masksOf = (dataset: Dataset) =>
  casesOf(dataset, 'labelled').map((item) => [series(item), pixels(item.structures![0]!.rle)]);

/** Writes the masks of the cases as a stage does. */
async function writeRun(dataset: Dataset) {
  const run = runDirectory(inFolder('run'));
  const path = run.masks('selected', 'labelled');
  const masks = new Map(
    dataset.cases.map(({ id, structures }) => [
      id,
      storeMasks(structures!.map(({ classIndex, rle }) => ({ classIndex, mask: decodeRle(rle) }))),
    ]),
  );
  await writeMaskSet(path, dataset, 'labelled', (id) => masks.get(id)!);
  return { run, path };
}

describe.each([false, true])('with a DICOMDIR: %s', (listed) => {
  beforeEach(async () => {
    if (listed) await writeFile(inFolder('data', 'DICOMDIR'), dicomDirectory('A\\IM0', 'B\\IM0'));
  });

  it.each(['names', 'hashed'] as const)(
    'masks of a run are those that were written, ids: %s',
    async (ids) => {
      const dataset = await open(ids);
      expect(masksOf(dataset)).toEqual([
        ['A', THIRD],
        ['B', THIRD],
      ]);
      const { run, path } = await writeRun(dataset);
      const set = await readMaskSet(run, 'selected', 'labelled', dataset);
      const found = structuresByName(set);
      for (const { name, structures } of dataset.cases) expect(found.get(name)).toEqual(structures);
      const { images, annotations } = JSON.parse(await readFile(path, 'utf8'));
      const names = images.map(({ file_name }: { file_name: string }) => file_name);
      expect(names).toEqual(
        ids === 'names' ? ['A/IM0', 'B/IM0'] : Array(2).fill(expect.stringMatching(/^[\da-f]{16}$/)),
      );
      // The file of masks is in the frames of the image files.
      const filed = annotations.map(({ segmentation }: { segmentation: { counts: string } }) =>
        pixels(rleFromString(segmentation.counts, { height: 1, width: 4 }, 'x')),
      );
      expect(filed).toEqual([SECOND, THIRD]);
      // A data set may be labelled by it.
      await writeFile(inFolder('data', 'annotations.json'), await readFile(path));
      expect(masksOf(await open(ids))).toEqual(masksOf(dataset));
    },
  );
});

it.each([
  ['prefixes of other tools', ['export/A/IM0', 'export/B/IM0']],
  ['names in one folder', ['A-IM0', 'B-IM0.png']],
  ['absolute paths, as far as they are unique', ['A/IM0', '/disk/B-IM0']],
])('labels find their images by %s', async (_, names) => {
  await writeFile(inFolder('data', 'annotations.json'), JSON.stringify(coco(...names)));
  for (const ids of ['names', 'hashed'] as const) {
    expect(masksOf(await open(ids))).toEqual([
      ['A', THIRD],
      ['B', THIRD],
    ]);
  }
});

it('masks of an image that the data set does not have are refused where sides are turned', async () => {
  const dataset = await open('names');
  const { run } = await writeRun(dataset);
  const [mirrored, other] = dataset.cases as [Case, Case];
  const read = (...cases: Case[]) => readMaskSet(run, 'selected', 'labelled', { ...dataset, cases });
  await expect(read(mirrored)).rejects.toThrow(/holds masks of B\/IM0, which is no labelled image/);
  await expect(read({ ...mirrored, name: 'IM0' }, other)).rejects.toThrow(/holds masks of A\/IM0/);
  expect((await read(other)).images).toHaveLength(2);
});
