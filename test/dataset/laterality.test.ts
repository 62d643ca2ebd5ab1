/** Tables of sides that are too large: named errors. What sound ones do is in dicom-folder.test.ts. */
import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { dataSchema } from '../../src/dataset/config.ts';
import { sideFinder } from '../../src/dataset/laterality.ts';
import { temporaryFolder } from '../temporary.ts';

const { laterality } = dataSchema.parse({ root: '.', laterality: { from: { csv: 'sides.csv' } } });

it('a table of 1.9 GB, and one of millions of cells', async () => {
  const folder = await temporaryFolder();
  const path = join(folder, 'sides.csv');
  await writeFile(path, `image,side\n${','.repeat(5e6)}`);
  await expect(sideFinder(laterality, folder)).rejects.toMatchObject({
    name: 'ConfigError',
    seen: `${path} has more than 5 million cells`,
  });
  await truncate(path, 1.9e9);
  await expect(sideFinder(laterality, folder)).rejects.toMatchObject({
    name: 'ConfigError',
    seen: `${path} has 1900 MB, more than 50 MB`,
  });
});
