/**
 * @file Label maps as PNGs, grey or with a palette (see readStoredPng). Where there is one class, 255 is that class
 * too: masks of a single class are usually saved in black and white.
 */
import { join } from 'node:path';
import { writeFileAtomic } from '../base/files.ts';
import { encodeGreyPng } from '../imaging/write.ts';
import { flatStem } from './fit.ts';
import { labelMapReader } from './label-map.ts';
import { labelsOf } from './label-values.ts';
import { readValuePng, writeClassList } from './mask-folders.ts';
import type { ReadableFormat, WritableFormat } from './types.ts';

const reading = labelMapReader({
  id: 'label-maps',
  name: 'a folder of label-map PNGs',
  isLabelFile: (fileName) => /\.png$/i.test(fileName),

  async readLabels(path, classes) {
    const image = await readValuePng(path);
    if (classes.length !== 1) return { slices: [image] };
    return { slices: [{ ...image, data: image.data.map((value) => (value === 255 ? 1 : value)) }] };
  },
});

export const labelMapPng: ReadableFormat & WritableFormat = {
  ...reading,

  async write(path, set) {
    for (const image of set.images) {
      await writeLabelPng(join(path, `${flatStem(image.fileName)}.png`), labelsOf(image, set.classes.length));
    }
    await writeClassList(path, set.classes);
  },
};

/** A label map as a grey PNG of 8 or 16 bits. @throws RunError when the file cannot be written. */
export async function writeLabelPng(path: string, labels: ReturnType<typeof labelsOf>): Promise<void> {
  const bits = labels.data instanceof Uint16Array ? 16 : 8;
  await writeFileAtomic(path, await encodeGreyPng({ ...labels, bits }));
}
