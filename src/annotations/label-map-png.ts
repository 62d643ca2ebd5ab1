/**
 * @file Label maps as PNGs, grey or with a palette (see readStoredPng). Where there is one class, 255 is that class
 * too: masks of a single class are usually saved in black and white.
 */
import { writeFileAtomic } from '../base/files.ts';
import { encodeGreyPng } from '../imaging/write.ts';
import { labelMapFormat } from './label-map.ts';
import type { labelsOf } from './label-values.ts';
import { readValuePng } from './mask-folders.ts';

export const labelMapPng = labelMapFormat({
  id: 'label-maps',
  name: 'a folder of label-map PNGs',
  ending: '.png',
  isLabelFile: (fileName) => /\.png$/i.test(fileName),

  async readLabels(path, classes) {
    const image = await readValuePng(path);
    if (classes.length !== 1) return image;
    return { ...image, data: image.data.map((value) => (value === 255 ? 1 : value)) };
  },

  writeLabels: writeLabelPng,
});

/** A label map as a grey PNG of 8 or 16 bits. @throws RunError when the file cannot be written. */
export async function writeLabelPng(path: string, labels: ReturnType<typeof labelsOf>): Promise<void> {
  const bits = labels.data instanceof Uint16Array ? 16 : 8;
  await writeFileAtomic(path, await encodeGreyPng({ ...labels, bits }));
}
