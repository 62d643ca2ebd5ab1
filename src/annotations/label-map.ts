/**
 * @file Label maps: a folder with one PNG an image, grey or with a palette (see readStoredPng), in which 0 is
 * background and k is the k-th class; where there is one class, 255 is that class too. Names come from the caller's class list or from classes.txt in the folder (one a line). A label map stands
 * for the image of the same name, whatever that one's ending. Overlaps cannot be held, so writing them is an error.
 */
import { join } from 'node:path';
import { AnnotationError } from '../base/errors.ts';
import { writeFileAtomic } from '../base/files.ts';
import type { Image } from '../imaging/image.ts';
import { encodeGreyPng } from '../imaging/write.ts';
import { decodeRle, encodeRegion } from '../masks/rle.ts';
import { createClassLookup } from './collect.ts';
import { emptyFolder, listFolder, readClassList, readValuePng, writeClassList } from './mask-folders.ts';
import type { AnnotatedImage, AnnotationFormat, Structure } from './types.ts';

export const labelMap: AnnotationFormat = {
  name: 'a folder of label-map PNGs',

  matches: async (path) => (await listFolder(path)).pngs.length > 0,

  async read(path, options = {}) {
    const { pngs } = await listFolder(path);
    if (pngs.length === 0) throw emptyFolder(path, 'A label-map folder has one PNG for every image');
    const declared = options.classes ?? (await readClassList(path));
    if (declared === undefined) {
      throw new AnnotationError({
        seen: `${path} holds label maps without names for their values`,
        need: 'The classes of label maps are listed in the configuration or in classes.txt beside them',
        fix: 'Write classes.txt: one class name a line, the first for grey value 1',
      });
    }
    const { classes } = createClassLookup(declared, undefined);
    const images: AnnotatedImage[] = [];
    for (const name of pngs) {
      const file = join(path, name);
      const image = withoutWhite(await readValuePng(file), classes);
      const structures = structuresOf(image, classes, file);
      images.push({ fileName: name, width: image.width, height: image.height, structures });
    }
    return { classes, images };
  },

  async write(path, set) {
    const bits = set.classes.length > 255 ? 16 : 8;
    for (const image of set.images) {
      const map = toLabelMap(image, bits);
      const name = `${image.fileName.replace(/\.[^.]*$/, '')}.png`;
      await writeFileAtomic(join(path, name), await encodeGreyPng(map));
    }
    await writeClassList(path, set.classes);
  },
};

/** Masks of a single class are usually saved in black and white. */
function withoutWhite(image: Image, classes: readonly string[]): Image {
  if (classes.length !== 1) return image;
  return { ...image, data: image.data.map((value) => (value === 255 ? 1 : value)) };
}

/** One structure for every value that occurs: first the box of each value, then its mask inside that box. */
function structuresOf(image: Image, classes: readonly string[], path: string): Structure[] {
  const { width, height, data } = image;
  const boxes = new Map<number, [x0: number, y0: number, x1: number, y1: number]>();
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const value = data[i]!;
      if (value === 0) continue;
      const box = boxes.get(value);
      if (box === undefined) {
        if (value > classes.length) throw unknownValue(value, classes, `${path} at (${x}, ${y})`);
        boxes.set(value, [x, y, x, y]);
        continue;
      }
      if (x < box[0]) box[0] = x;
      if (x > box[2]) box[2] = x;
      box[3] = y;
    }
  }
  return [...boxes]
    .sort(([a], [b]) => a - b)
    .map(([value, [x0, y0, x1, y1]]) => {
      const size = { width: x1 - x0 + 1, height: y1 - y0 + 1 };
      const region = new Uint8Array(size.width * size.height);
      for (let y = 0, at = 0; y < size.height; y++) {
        for (let x = 0, i = (y0 + y) * width + x0; x < size.width; x++, i++, at++) {
          if (data[i] === value) region[at] = 1;
        }
      }
      return { classIndex: value - 1, rle: encodeRegion({ ...size, data: region }, x0, y0, image) };
    });
}

function unknownValue(value: number, classes: readonly string[], where: string): AnnotationError {
  return new AnnotationError({
    seen: `${where} has the value ${value}, but the class list ends at ${classes.length}`,
    need: 'The value 0 is background and k is the k-th class',
    fix: 'Complete the class list, set pixels to be ignored to 0, or check that the file is a label map and not a picture',
  });
}

function toLabelMap(image: AnnotatedImage, bits: 8 | 16): Image {
  const { width, height, fileName } = image;
  const data = bits === 16 ? new Uint16Array(width * height) : new Uint8Array(width * height);
  for (const { classIndex, rle } of image.structures) {
    const mask = decodeRle(rle).data;
    for (let i = 0; i < mask.length; i++) {
      if (mask[i] === 0) continue;
      if (data[i] !== 0) {
        throw new AnnotationError({
          seen: `Structures of ${fileName} overlap`,
          need: 'A label map holds one class a pixel',
          fix: 'Write COCO JSON or per-class PNGs, which keep overlaps',
        });
      }
      data[i] = classIndex + 1;
    }
  }
  return { width, height, bits, data };
}
